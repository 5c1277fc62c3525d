"""Whether the signal of two MR images may be compared at all.

MR has no absolute unit: gain, coils and rescaling may change from series to series. A percent change
between two images means something only where one scale is proven: equal sequence, equal scaling in
the headers, and either one series (one pre-scan for all its phases) or a control region, such as
paraspinal muscle, that stays the same within 10 %.

References
----------
.. [1] Chenevert TL et al. Errors in quantitative image analysis due to platform-dependent image
   scaling. Transl Oncol 2014;7:65-71 (PMC3998685).
"""

from __future__ import annotations

from imaging.findings.finding import Reason
from imaging.findings.policy import MINIMUM_AREA_MM2, MINIMUM_VOXELS, EnhancementPolicy
from imaging.findings.printed_numbers import shown, side
from imaging.volume import AcquisitionHeader

#: Muscle hardly enhances in the arterial phase; more than this is a change of scale.
CONTROL_MAXIMUM_CHANGE = 0.10
#: Attributes without which nobody knows whether two images have one weighting.
WEIGHTING = ("RepetitionTime", "EchoTime", "FlipAngle")
#: Philips stores display values: without its private (2005,100E) they cannot be brought to one scale. Where
#: de-identification took the maker's name, it may have taken that as well.
PHILIPS_SCALE = "ScaleSlope"


def scaling_doubts(
    before: AcquisitionHeader,
    after: AcquisitionHeader,
    policy: EnhancementPolicy,
    control: tuple[float | None, float | None] = (None, None),
) -> tuple[Reason, ...]:
    """Why one scale is not proven; empty where it is.

    Parameters
    ----------
    before, after : AcquisitionHeader
        Of the two images.
    policy : EnhancementPolicy
        ``mr_proof`` says whether equal headers of two series are enough.
    control : (float or None, float or None)
        Mean of the control region in each image. [MR units]

    Returns
    -------
    tuple of Reason
    """
    doubts = list(_header_doubts(before, after))
    first, second = control
    if first is not None and second is not None:
        doubts += _control_doubts(first, second)
    elif before.series_uid != after.series_uid and policy.mr_proof == "control":
        doubts.append(
            Reason(
                "MR_SCALING_NOT_PROVEN",
                "two MR series may differ in gain: outline paraspinal muscle (role muscle, at least "
                f"{MINIMUM_AREA_MM2:g} mm2 and {MINIMUM_VOXELS} voxels) in both as a control",
            )
        )
    return tuple(doubts)


def sequence_differs(before: AcquisitionHeader, after: AcquisitionHeader) -> tuple[Reason, ...]:
    """That two recorded MR sequences differ: another weighting changes even the ratio of lesion to liver."""
    first, second = dict(before.mr_sequence), dict(after.mr_sequence)
    changed = sorted(name for name in set(first) | set(second) if first.get(name) != second.get(name))
    if not first or not second or not changed:
        return ()
    text = ", ".join(f"{name} {first.get(name)} and {second.get(name)}" for name in changed)
    return (Reason("MR_SEQUENCE_DIFFERS", text),)


def zero_moved(header: AcquisitionHeader, lowest: float) -> tuple[Reason, ...]:
    """Why zero of an MR image is not that of its signal: no ratio within it, or to it, means anything then.

    A magnitude is never negative, a subtraction is. An intercept moves the zero as well, but for Philips,
    whose displayed values stay in proportion to the signal whatever it is.

    Parameters
    ----------
    header : AcquisitionHeader
        Of the image.
    lowest : float
        Lowest value of what was measured on it. [MR units]
    """
    scaling = dict(header.mr_scaling)
    intercept = scaling.get("RescaleIntercept", 0.0)
    found = []
    if intercept != 0 and PHILIPS_SCALE not in scaling:
        found.append(f"its rescale intercept is {intercept:g}")
    if lowest < 0:
        found.append(f"it has values down to {lowest:g}, as a subtraction has and no magnitude")
    number = header.series_uid if header.series_number is None else header.series_number
    return tuple(Reason("MR_ZERO_MOVED", f"series {number} allows no ratio: {why}") for why in found)


def _header_doubts(before: AcquisitionHeader, after: AcquisitionHeader) -> list[Reason]:
    doubts = []
    if before.scanner != after.scanner:
        doubts.append(Reason("MR_SCALING_DIFFERS", f"scanners {before.scanner} and {after.scanner}"))
    if dict(before.mr_scaling) != dict(after.mr_scaling):
        text = f"scaling {dict(before.mr_scaling)} and {dict(after.mr_scaling)}"
        doubts.append(Reason("MR_SCALING_DIFFERS", text))
    missing = sorted({*_not_described(before), *_not_described(after)})
    if missing:
        text = f"the headers do not describe the sequence: {', '.join(missing)}"
        doubts.append(Reason("MR_SCALING_NOT_PROVEN", text))
    doubts += sequence_differs(before, after)
    if PHILIPS_SCALE not in dict(before.mr_scaling):
        doubts += _philips_doubts((before.scanner or "").lower())
    return doubts


def _not_described(header: AcquisitionHeader) -> list[str]:
    """What makes an MR weighting and is not recorded; enhanced objects have effective echo times."""
    known = {name.removeprefix("Effective") for name, _ in header.mr_sequence}
    return [name for name in WEIGHTING if name not in known]


def _philips_doubts(maker: str) -> list[Reason]:
    absent = "Philips scale slope (2005,100E) is absent, removed or varies"
    if not maker:
        return [Reason("MR_SCALING_NOT_PROVEN", f"the scanner's maker is not recorded, and the {absent}")]
    return [Reason("MR_SCALING_NOT_PROVEN", absent)] if "philips" in maker else []


def _control_doubts(first: float, second: float) -> list[Reason]:
    went = f"the control region went from {first:.1f} to {second:.1f}"
    if first <= 0:
        return [Reason("MR_CONTROL_CHANGED", f"{went}: a signal at or below 0 proves no common scale")]
    percent, allowed = 100 * abs(second - first) / first, 100 * CONTROL_MAXIMUM_CHANGE
    if side(percent, allowed) <= 0:
        return []
    text = f"{went}, by {shown(percent, allowed)} % and more than {allowed:g} %"
    return [Reason("MR_CONTROL_CHANGED", f"{text}: the scale changed between the phases")]
