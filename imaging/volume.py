"""A volume, the acquisition it belongs to, and a study of several acquisitions.

These are the types that leave the DICOM border: past it nobody sees a ``pydicom.Dataset``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from imaging.geometry import VolumeGeometry

Unit = Literal["HU", "MR"]


@dataclass(frozen=True, slots=True)
class Caution:
    """Something the loader accepted but every report must repeat.

    Attributes
    ----------
    code : str
        Stable upper-case word, such as ``LOSSY_COMPRESSION``.
    message : str
        One sentence with the numbers.
    """

    code: str
    message: str


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels on a regular grid.

    Attributes
    ----------
    voxels : (slices, rows, columns) array, int16 or float32
        CT in Hounsfield units, MR in stored units with the rescale applied. Read-only.
    geometry : VolumeGeometry
    unit : "HU" or "MR"
        "MR" is arbitrary: values of two series compare only where scaling is provably equal.
    valid : (slices, rows, columns) array of bool, or None
        False where a voxel is padding or outside the reconstruction; None: all are valid.
    resampled : bool
        True if the voxels were interpolated; no diameter is measured then.
    """

    voxels: NDArray[np.int16] | NDArray[np.float32]
    geometry: VolumeGeometry
    unit: Unit = "HU"
    valid: NDArray[np.bool_] | None = None
    resampled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionHeader:
    """What the DICOM headers say of one acquisition; names are DICOM keywords in snake case.

    Missing attributes are None (or an empty tuple): nothing is made up. Times without a date stay
    apart from date and time, since a time alone cannot be ordered across midnight.
    """

    series_uid: str
    study_uid: str = ""
    frame_of_reference_uid: str | None = None
    modality: str = ""
    series_number: int | None = None
    series_description: str | None = None
    study_description: str | None = None
    protocol_name: str | None = None
    image_type: tuple[str, ...] = ()
    acquisition: str | None = None  # what tells this acquisition apart inside its series
    acquisition_number: int | None = None
    study_date: str | None = None  # DA as recorded
    acquisition_datetime: datetime | None = None  # date and time, offset applied where given
    acquisition_time_s: float | None = None  # seconds since midnight where only TM is recorded
    series_time_s: float | None = None
    content_time_s: float | None = None
    trigger_time_s: float | None = None
    acquisition_duration_s: float | None = None
    temporal_position: int | None = None
    contrast_agent: str | None = None
    contrast_ingredient: str | None = None
    contrast_phase_code: str | None = None  # ContrastBolusAgentPhase of enhanced objects
    contrast_start_datetime: datetime | None = None
    contrast_start_time_s: float | None = None
    kvp: float | None = None
    convolution_kernel: str | None = None
    slice_thickness_mm: float | None = None
    spacing_between_slices_mm: float | None = None
    scanner: str | None = None  # manufacturer and model
    mr_scaling: tuple[tuple[str, float], ...] = ()  # RescaleSlope, RescaleIntercept, ScaleSlope, RWVM
    mr_sequence: tuple[
        tuple[str, str], ...
    ] = ()  # ScanningSequence, RepetitionTime, EchoTime, FlipAngle, ...
    patient_id_hash: str | None = None  # salted by nothing: only to notice two patients in one folder
    sop_instance_uids: tuple[str, ...] = ()  # one per slice in volume order (one in all for multi-frame)
    frame_numbers: tuple[int, ...] = ()  # one per slice for multi-frame, else empty


@dataclass(frozen=True, eq=False)
class Acquisition:
    """One pass over the patient: its header, its volume, and what must be said of it.

    ``key`` names the acquisition within its study: the SeriesInstanceUID, followed by ``#`` and
    the acquisition where one series holds several.
    """

    key: str
    header: AcquisitionHeader
    volume: Volume
    cautions: tuple[Caution, ...] = ()

    @property
    def effective_slice_mm(self) -> float | None:
        """Larger of SliceThickness and center-to-center spacing; None without a thickness. [mm]"""
        if self.header.slice_thickness_mm is None:
            return None
        return max(self.header.slice_thickness_mm, self.volume.geometry.spacing_mm[0])


@dataclass(frozen=True, slots=True)
class Refused:
    """A series that was not loaded, and why."""

    code: str
    message: str
    files: tuple[str, ...]  # names relative to the folder that was opened
    series_uid: str | None = None
    series_number: int | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Files set aside on purpose: localizers, screen saves, reports, what is not DICOM."""

    reason: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Study:
    """Every acquisition of one folder that loaded right, and everything that did not."""

    acquisitions: tuple[Acquisition, ...]
    refused: tuple[Refused, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    source: str = ""
    file_hashes: Mapping[str, str] = field(default_factory=dict)  # SOPInstanceUID -> sha256 of the file

    def __iter__(self) -> Iterator[Acquisition]:
        return iter(self.acquisitions)

    def __getitem__(self, key: str) -> Acquisition:
        """The acquisition with this key."""
        for acquisition in self.acquisitions:
            if acquisition.key == key:
                return acquisition
        raise KeyError(key)

    def refusals(self, names: Iterable[object]) -> str:
        """Why series of these UIDs, keys or numbers were not loaded, to end a sentence; else empty."""
        wanted = {str(name) for name in names if name}
        told = [
            f"series {refused.series_number or '?'} was refused: {refused.code}: {refused.message}"
            for refused in self.refused
            if {refused.series_uid, str(refused.series_number)} & wanted
        ]
        return "".join(f"; {each}" for each in told)
