"""Whether the values of two acquisitions may be compared at all.

Washout and enhancement subtract one acquisition from another. Iodine reads higher at 80 kV than at
120 kV, a sharp kernel changes noise and edges, a thick slice averages a small vein away: subtracted
values then mean nothing, however right each is by itself.

References
----------
Low tube voltage raises the attenuation of iodine: Korean J Radiol 2012;13(2):152.
Dependence of MR values on scanner scaling: Chenevert et al., Transl Oncol 2014 (PMC3998685).
"""

from __future__ import annotations

from imaging.dicom.failures import caution
from imaging.volume import Acquisition, AcquisitionHeader, Caution

#: Reconstructed thicknesses that differ by more than this do not compare. [fraction of the thinner]
THICKNESS_TOLERANCE = 0.20
#: Nominal tube voltages are whole steps of 10 or 20 kV; anything beyond rounding is another one. [kV]
KVP_TOLERANCE_KV = 1.0
#: Relative difference of MR scale factors that is more than the rounding of a decimal string.
SCALE_TOLERANCE = 1e-4


def differences(one: AcquisitionHeader, other: AcquisitionHeader) -> tuple[str, ...]:
    """Reasons why the values of two acquisitions do not compare; empty if none is known.

    What is not recorded on both sides is no reason here; ``not_recorded`` lists it.

    Examples
    --------
    >>> arterial = AcquisitionHeader(series_uid="1.2", modality="CT", kvp=100.0)
    >>> portal = AcquisitionHeader(series_uid="1.3", modality="CT", kvp=120.0)
    >>> differences(arterial, portal)
    ('tube voltage 100 kV against 120 kV',)
    """
    if one.modality != other.modality:
        return (f"modality {one.modality} against {other.modality}",)
    found = []
    if one.kvp is not None and other.kvp is not None and abs(one.kvp - other.kvp) > KVP_TOLERANCE_KV:
        found.append(f"tube voltage {one.kvp:g} kV against {other.kvp:g} kV")
    if _differ(one.convolution_kernel, other.convolution_kernel):
        found.append(f"kernel {one.convolution_kernel} against {other.convolution_kernel}")
    thin, thick = sorted((one.slice_thickness_mm or 0.0, other.slice_thickness_mm or 0.0))
    if thin > 0 and thick > thin * (1 + THICKNESS_TOLERANCE):
        found.append(f"slice thickness {one.slice_thickness_mm:g} mm against {other.slice_thickness_mm:g} mm")
    if _differ(one.scanner, other.scanner):
        found.append(f"scanner {one.scanner} against {other.scanner}")
    return tuple(found)


def mr_scaling_differences(one: AcquisitionHeader, other: AcquisitionHeader) -> tuple[str, ...]:
    """Reasons why the stored scales of two MR acquisitions differ; empty if none is known.

    Examples
    --------
    >>> early = AcquisitionHeader(series_uid="1.2", modality="MR", mr_scaling=(("RescaleSlope", 2.0),))
    >>> late = AcquisitionHeader(series_uid="1.3", modality="MR", mr_scaling=(("RescaleSlope", 2.5),))
    >>> mr_scaling_differences(early, late)
    ('RescaleSlope 2 against 2.5',)
    """
    ours, theirs = dict(one.mr_scaling), dict(other.mr_scaling)
    found = []
    for name in sorted(ours.keys() | theirs.keys()):
        a, b = ours.get(name), theirs.get(name)
        if a is None or b is None:
            found.append(f"{name} recorded on one side only")
        elif abs(a - b) > SCALE_TOLERANCE * max(abs(a), abs(b)):
            found.append(f"{name} {a:g} against {b:g}")
    return tuple(found)


def not_comparable_reasons(one: Acquisition, other: Acquisition) -> tuple[Caution, ...]:
    """Everything known that forbids subtracting one acquisition from another, with its code.

    Empty means that nothing recorded speaks against it.
    """
    found = [caution("PHASES_NOT_COMPARABLE", said) for said in differences(one.header, other.header)]
    if one.header.modality == other.header.modality == "MR":
        scales = mr_scaling_differences(one.header, other.header)
        found += [caution("MR_SCALING_DIFFERS", said) for said in scales]
    return tuple(found)


def not_recorded(one: AcquisitionHeader, other: AcquisitionHeader) -> tuple[str, ...]:
    """Attributes whose comparison is unknown because at least one side does not record them."""
    wanted = {"slice thickness": "slice_thickness_mm", "scanner": "scanner"}
    if one.modality == "CT":
        wanted |= {"tube voltage": "kvp", "kernel": "convolution_kernel"}
    return tuple(n for n, a in wanted.items() if None in (getattr(one, a), getattr(other, a)))


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.strip().casefold() != other.strip().casefold()
