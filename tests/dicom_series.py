"""Synthetic DICOM series whose true value is known at every point of the patient.

The value is a linear field of the patient position plus ``PASS_STEP`` for each later pass, so that a
slice in the wrong place, a flipped axis, a wrong rescale and a slice of another pass all show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_CT, ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.4.1"

#: Change of value per mm toward left, posterior, superior.
FIELD = np.array([1.75, -2.25, 6.5])
#: Later passes are brighter by this.
PASS_STEP = 200
ROWS, COLUMNS, SLICES = 12, 16, 8
SPACING_MM, STEP_MM = (0.75, 1.25), 2.5
FIRST_MM = np.array([-9.0, -5.0, -40.0])
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
#: Largest deviation from the truth that is none: decimal strings of six places, whole numbers.
TOLERANCE = 0.56


def truth(positions_mm: np.ndarray, pass_number: int = 0) -> np.ndarray:
    """Value at patient positions (..., 3)."""
    return np.round(positions_mm @ FIELD) + PASS_STEP * pass_number


def slice_positions(first_mm: np.ndarray, orientation: Sequence[float]) -> np.ndarray:
    """Patient positions (ROWS, COLUMNS, 3) of the voxels of a slice."""
    along_row, along_column = np.array(orientation[:3]), np.array(orientation[3:])
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    offset = columns[..., None] * SPACING_MM[1] * along_row + rows[..., None] * SPACING_MM[0] * along_column
    return first_mm + offset


def text_of(numbers: Sequence[float]) -> list[str]:
    """Decimal strings, as a scanner writes them."""
    return [f"{n:.6f}".rstrip("0").rstrip(".") or "0" for n in numbers]


def image(
    position_mm: np.ndarray,
    number: int,
    *,
    modality: str = "CT",
    orientation: Sequence[float] = AXIAL,
    pass_number: int = 0,
    series_uid: str = "1.2.826.0.1.3680043.8.498.1",
    intercept: float | None = -1024.0,
    slope: float | None = 1.0,
    signed: bool = False,
    stored_bits: int = 16,
) -> FileDataset:
    """One classic image at a place, with the true values there."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CT if modality == "CT" else MR
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.SOPClassUID = meta.MediaStorageSOPClassUID
    ds.SOPInstanceUID = generate_uid(entropy_srcs=[series_uid, str(number), str(pass_number)])
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.StudyDate, ds.SeriesDate, ds.AcquisitionDate, ds.ContentDate = ["20240307"] * 4
    ds.StudyTime = ds.SeriesTime = "101500"
    ds.AcquisitionTime = ds.ContentTime = f"1016{number:02d}.5"
    ds.Modality = modality
    ds.Manufacturer, ds.ManufacturerModelName = "Veinvasion", "Phantom"
    ds.SeriesDescription = "Liver"
    ds.PatientName, ds.PatientID = "Phantom^Liver", "PHANTOM"
    ds.SliceThickness = "2.5"
    if modality == "CT":
        ds.KVP, ds.ConvolutionKernel = "120", "B30f"
    else:
        ds.EchoTime, ds.RepetitionTime, ds.FlipAngle = "1.2", "3.8", "12"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.9", series_uid
    ds.SeriesNumber, ds.AcquisitionNumber, ds.InstanceNumber = "3", "1", str(number)
    ds.ImagePositionPatient, ds.ImageOrientationPatient = text_of(position_mm), text_of(orientation)
    ds.FrameOfReferenceUID = "1.2.826.0.1.3680043.8.498.8"
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns, ds.PixelSpacing = ROWS, COLUMNS, text_of(SPACING_MM)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = (
        16,
        stored_bits,
        stored_bits - 1,
        int(signed),
    )
    if slope is not None:
        ds.RescaleSlope = text_of([slope])[0]
    if intercept is not None:
        ds.RescaleIntercept = text_of([intercept])[0]
    values = truth(slice_positions(position_mm, orientation), pass_number) + (0 if modality == "CT" else 1000)
    set_stored(ds, np.round((values - (intercept or 0)) / (slope or 1)))
    return ds


def set_stored(ds: Dataset, stored: np.ndarray) -> None:
    """Give an image its stored values."""
    kind = "i" if ds.PixelRepresentation else "u"
    dtype = np.dtype(f"<{kind}{ds.BitsAllocated // 8}")
    raw = stored.astype(np.int64)
    if ds.PixelRepresentation and ds.BitsStored < ds.BitsAllocated:
        raw = raw & ((1 << ds.BitsStored) - 1)
        dtype = np.dtype(f"<u{ds.BitsAllocated // 8}")
    ds.PixelData = raw.astype(dtype).tobytes()
    ds["PixelData"].VR = "OW"


def stored_of(ds: Dataset) -> np.ndarray:
    """Stored values of a plain image."""
    kind = "i" if ds.PixelRepresentation else "u"
    return (
        np.frombuffer(ds.PixelData, f"<{kind}{ds.BitsAllocated // 8}")
        .reshape(ds.Rows, ds.Columns)
        .astype(int)
    )


def normal_of(orientation: Sequence[float]) -> np.ndarray:
    """Cross product of row and column direction."""
    return np.cross(orientation[:3], orientation[3:])


def series(
    slices: int = SLICES,
    *,
    orientation: Sequence[float] = AXIAL,
    step_mm: float = STEP_MM,
    places: Sequence[float] | None = None,
    first_number: int = 1,
    shear: Sequence[float] = (0.0, 0.0, 0.0),
    first_mm: np.ndarray = FIRST_MM,
    **options,
) -> list[FileDataset]:
    """A classic series, slices in order of position along the normal."""
    along = [i * step_mm for i in range(slices)] if places is None else places
    normal = normal_of(orientation)
    positions = [first_mm + a * (normal + np.array(shear)) for a in along]
    return [image(p, first_number + i, orientation=orientation, **options) for i, p in enumerate(positions)]


def passes(count: int, mark: Callable[[FileDataset, int], None], **options) -> list[FileDataset]:
    """Several passes in one series; ``mark`` writes what tells a pass apart."""
    slices = options.get("slices", SLICES)
    images = []
    for number in range(count):
        for ds in series(pass_number=number, first_number=1 + number * slices, **options):
            ds.AcquisitionTime = ds.ContentTime = "101600"
            mark(ds, number)
            images.append(ds)
    return images


def write(
    images: Sequence[Dataset], folder: Path, *, implicit: bool = False, little: bool = True, name=None
) -> None:
    """Write images under unordered names."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, ds in enumerate(images):
        file_name = f"IM{(index * 7919) % 1009:04d}.dcm" if name is None else name(index)
        ds.save_as(folder / file_name, implicit_vr=implicit, little_endian=little, enforce_file_format=True)


def enhanced(
    images: Sequence[FileDataset], order: Sequence[int] | None = None, *, stacks: Sequence[str] | None = None
) -> FileDataset:
    """One enhanced multi-frame object of classic images, its frames in any order."""
    order = list(range(len(images))) if order is None else list(order)
    first = images[0]
    modality = first.Modality
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = ENHANCED_CT if modality == "CT" else ENHANCED_MR
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    for keyword in (
        "SpecificCharacterSet", "ImageType", "StudyDate", "Modality", "Manufacturer",
        "ManufacturerModelName", "SeriesDescription", "PatientName", "PatientID",
        "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber", "FrameOfReferenceUID",
        "SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated",
        "BitsStored", "HighBit", "PixelRepresentation",
    ):  # fmt: skip
        setattr(ds, keyword, getattr(first, keyword))
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, generate_uid(entropy_srcs=["enhanced"])
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.InstanceNumber, ds.NumberOfFrames = "1", len(images)
    shared = Dataset()
    measures = _item(PixelSpacing=first.PixelSpacing, SliceThickness=first.SliceThickness)
    shared.PixelMeasuresSequence = Items([measures])
    shared.PlaneOrientationSequence = Items([_item(ImageOrientationPatient=first.ImageOrientationPatient)])
    ds.SharedFunctionalGroupsSequence = Items([shared])
    ds.PerFrameFunctionalGroupsSequence = Items(
        [_frame(images[i], stacks[i] if stacks else "1", n + 1) for n, i in enumerate(order)]
    )
    ds.PixelData = b"".join(images[i].PixelData for i in order)
    ds["PixelData"].VR = "OW"
    return ds


def _frame(source: Dataset, stack: str, number: int) -> Dataset:
    item = Dataset()
    content = _item(
        StackID=stack, InStackPositionNumber=number, FrameAcquisitionNumber=int(source.AcquisitionNumber)
    )
    if "TemporalPositionIdentifier" in source:
        content.TemporalPositionIndex = int(source.TemporalPositionIdentifier)
    item.FrameContentSequence = Items([content])
    item.PlanePositionSequence = Items([_item(ImagePositionPatient=source.ImagePositionPatient)])
    if source.ImageOrientationPatient != "":
        item.PlaneOrientationSequence = Items([_item(ImageOrientationPatient=source.ImageOrientationPatient)])
    if "RescaleSlope" in source:
        kind = "HU" if source.Modality == "CT" else "US"
        item.PixelValueTransformationSequence = Items(
            [
                _item(
                    RescaleSlope=source.RescaleSlope,
                    RescaleIntercept=source.RescaleIntercept,
                    RescaleType=kind,
                )
            ]
        )
    return item


def _item(**values) -> Dataset:
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def error_of(
    voxels: np.ndarray, positions_mm: np.ndarray, valid: np.ndarray | None = None, *, mr: bool = False
) -> float:
    """Largest deviation of a volume from the truth, at the pass it is closest to."""
    values = voxels.astype(float) - (1000 if mr else 0)
    good = np.ones(values.shape, bool) if valid is None else valid
    errors = []
    for pass_number in range(6):
        wrong = np.abs(values - positions_mm @ FIELD - PASS_STEP * pass_number)
        errors.append(float(wrong[good].max()))
    return min(errors)
