"""A whole phantom study: volumes as a scanner stores them, true masks, true numbers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import VolumeGeometry
from imaging.phantom.drawing import Drawing, anatomy, draw, fixed_stencils, label_names
from imaging.phantom.noise import correlated_noise
from imaging.phantom.shapes import Grid
from imaging.phantom.spec import PhantomSpec, Scan
from imaging.phantom.truth import Truth, true_numbers
from imaging.phases.phase import Phase
from imaging.volume import Acquisition, AcquisitionHeader, Volume

#: Smallest and largest HU that 12 unsigned bits hold with an intercept of -1024; the smallest is padding.
PADDING_HU, LARGEST_HU = -1024, 3071
#: Noise around the body, relative to the noise inside.
_NOISE_IN_AIR = 0.35
#: Middle of the reconstructed image and lowest slice, in the patient. [mm]
_CENTER_LEFT_MM, _CENTER_POSTERIOR_MM, _CENTER_SUPERIOR_MM = -1.3, 10.6, 0.0
#: Sequence of the MR phantom by DICOM keyword, in the words of the written headers.
MR_SEQUENCE = (
    ("ScanningSequence", "GR"),
    ("SequenceVariant", "SP\\OSP"),
    ("ScanOptions", "FS"),
    ("MRAcquisitionType", "3D"),
    ("SequenceName", "*fl3d1"),
    ("RepetitionTime", "4.1"),
    ("EchoTime", "1.9"),
    ("FlipAngle", "10.0"),
    ("MagneticFieldStrength", "1.5"),
    ("PixelBandwidth", "390"),
    ("ImageType", "NORM"),
)
#: The unenhanced scan and the start of the injection.
_UNENHANCED_AT = datetime(2025, 6, 20, 9, 12, 5)
INJECTION_AT = datetime(2025, 6, 20, 9, 16, 40)


@dataclass(frozen=True, eq=False)
class Phantom:
    """A synthetic study and everything that is true of it.

    Attributes
    ----------
    spec : PhantomSpec
    acquisitions : tuple of Acquisition
        One per scan, as the loader would give them back.
    labels : acquisition key -> (slices, rows, columns) array of uint8
        Place in ``label_names`` of what truly lies at each voxel center.
    label_names : tuple of str
    grid : Grid
        Voxel centers of every acquisition.
    truth : Truth
    """

    spec: PhantomSpec
    acquisitions: tuple[Acquisition, ...]
    labels: Mapping[str, NDArray[np.uint8]]
    label_names: tuple[str, ...]
    grid: Grid
    truth: Truth

    def mask(self, key: str, *names: str) -> NDArray[np.bool_]:
        """Voxels (slices, rows, columns) of one acquisition whose center lies in any of the named parts."""
        wanted = np.zeros(len(self.label_names), dtype=bool)
        wanted[[self.label_names.index(name) for name in names]] = True
        return np.asarray(wanted[self.labels[key]])

    def lesion_mask(self, key: str, lesion_id: str) -> NDArray[np.bool_]:
        """The whole of a lesion, with capsule and necrosis."""
        layers = (lesion_id, f"{lesion_id}_capsule", f"{lesion_id}_necrosis")
        return self.mask(key, *(name for name in layers if name in self.label_names))

    def acquisition(self, phase: Phase) -> Acquisition:
        """The acquisition that truly shows ``phase``."""
        for scan, acquisition in zip(self.spec.scans, self.acquisitions, strict=True):
            if scan.phase == phase:
                return acquisition
        raise KeyError(phase)

    def phases(self) -> dict[str, Phase]:
        """True phase by acquisition key."""
        return {a.key: s.phase for a, s in zip(self.acquisitions, self.spec.scans, strict=True)}


def make_phantom(spec: PhantomSpec | None = None) -> Phantom:
    """Draw the study that ``spec`` describes; equal specs give equal voxels.

    Examples
    --------
    >>> phantom = make_phantom(PhantomSpec().small())
    >>> [a.header.series_description for a in phantom.acquisitions][1]
    'LIVER ART 35s 5.0'
    """
    spec = spec or PhantomSpec()
    parts = anatomy(spec)
    geometry = _geometry(spec)
    grid = _grid(geometry)
    fixed = fixed_stencils(parts, grid, spec.spacing_mm[2])
    random = np.random.default_rng(spec.seed)
    acquisitions: list[Acquisition] = []
    labels: dict[str, NDArray[np.uint8]] = {}
    for number, scan in enumerate(spec.scans):
        drawing = draw(parts, grid, spec, scan, fixed)
        header = _header(spec, scan, number)
        volume = _stored(drawing, geometry, spec, random)
        acquisitions.append(Acquisition(header.series_uid, header, volume))
        drawing.labels.setflags(write=False)
        labels[header.series_uid] = drawing.labels
    truth = true_numbers(spec, geometry)
    return Phantom(spec, tuple(acquisitions), labels, label_names(parts), grid, truth)


def _geometry(spec: PhantomSpec) -> VolumeGeometry:
    slices, rows, columns = spec.shape
    between, row, column = spec.spacing_mm
    left = _CENTER_LEFT_MM - column * (columns - 1) / 2
    posterior = _CENTER_POSTERIOR_MM - row * (rows - 1) / 2
    superior = _CENTER_SUPERIOR_MM - between * (slices - 1) / 2
    matrix = [[0, 0, column, left], [0, row, 0, posterior], [between, 0, 0, superior], [0, 0, 0, 1]]
    return VolumeGeometry(spec.shape, np.array(matrix, dtype=np.float64))


def _grid(geometry: VolumeGeometry) -> Grid:
    matrix = geometry.index_to_patient_mm
    slices, rows, columns = (np.arange(n, dtype=np.float64) for n in geometry.shape)
    return Grid(
        (matrix[0, 3] + matrix[0, 2] * columns)[None, None, :],
        (matrix[1, 3] + matrix[1, 1] * rows)[None, :, None],
        (matrix[2, 3] + matrix[2, 0] * slices)[:, None, None],
    )


def _stored(
    drawing: Drawing, geometry: VolumeGeometry, spec: PhantomSpec, random: np.random.Generator
) -> Volume:
    noise = correlated_noise(spec.shape, spec.spacing_mm[2], spec.noise_sd, spec.noise_grain_mm, random)
    noise[drawing.labels == 0] *= _NOISE_IN_AIR
    noisy = np.rint(drawing.image + noise)
    if spec.modality == "MR":
        voxels = np.clip(np.abs(noisy), 0, 4095).astype(np.int16)
        voxels.setflags(write=False)
        return Volume(voxels, geometry, "MR")
    voxels = np.clip(noisy, PADDING_HU + 1, LARGEST_HU).astype(np.int16)
    valid = np.broadcast_to(_inside_field(spec), spec.shape)
    voxels[~valid] = PADDING_HU
    voxels.setflags(write=False)
    return Volume(voxels, geometry, "HU", valid)


def _inside_field(spec: PhantomSpec) -> NDArray[np.bool_]:
    """The circle that the scanner reconstructs, touching the sides of the image."""
    _, rows, columns = spec.shape
    row, column = np.arange(rows) - (rows - 1) / 2, np.arange(columns) - (columns - 1) / 2
    return np.asarray((row[:, None] / rows) ** 2 + (column[None, :] / columns) ** 2 <= 0.25)


def uid(spec: PhantomSpec, what: str) -> str:
    """A UID that depends on the spec and on what it names, nothing else."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, f'veinvasion phantom {spec!r} {what}').int}"


def acquired_at(scan: Scan) -> datetime:
    """Clock time of a scan."""
    return _UNENHANCED_AT if scan.time_s is None else INJECTION_AT + timedelta(seconds=scan.time_s)


def _header(spec: PhantomSpec, scan: Scan, number: int) -> AcquisitionHeader:
    is_ct = spec.modality == "CT"
    contrast = scan.time_s is not None
    return AcquisitionHeader(
        series_uid=uid(spec, f"series {number}"),
        study_uid=uid(spec, "study"),
        frame_of_reference_uid=uid(spec, "frame of reference"),
        modality=spec.modality,
        series_number=number + 2,
        series_description=scan.description,
        study_description="LIVER DYNAMIC CT" if is_ct else "LIVER DYNAMIC MR GADOXETATE",
        protocol_name="Liver 4 phase" if is_ct else "t1_vibe_fs_tra_bh",
        image_type=("ORIGINAL", "PRIMARY", "AXIAL") if is_ct else ("ORIGINAL", "PRIMARY", "M", "NORM"),
        acquisition_number=number + 1,
        study_date=f"{_UNENHANCED_AT:%Y%m%d}",
        acquisition_datetime=acquired_at(scan),
        contrast_agent=(("IOHEXOL 350" if is_ct else "GADOXETATE DISODIUM") if contrast else None),
        contrast_ingredient=(("IODINE" if is_ct else "GADOLINIUM") if contrast else None),
        contrast_start_datetime=None,
        contrast_start_time_s=_seconds(INJECTION_AT) if contrast else None,
        kvp=120.0 if is_ct else None,
        convolution_kernel="B30f" if is_ct else None,
        slice_thickness_mm=spec.thickness_mm,
        spacing_between_slices_mm=None if is_ct else spec.spacing_mm[0],
        scanner="veinvasion PHANTOM",
        mr_sequence=() if is_ct else MR_SEQUENCE,
        sop_instance_uids=tuple(uid(spec, f"image {number}.{i}") for i in range(spec.shape[0])),
    )


def _seconds(at: datetime) -> float:
    return at.hour * 3600.0 + at.minute * 60.0 + at.second
