"""Phantom studies on disk: DICOM as scanners write it, and whole plain cases.

The DICOM files are classic single-frame CT or MR images: one folder per series, instances numbered
from the head down, stored values unsigned in 12 bits, names and dates that cannot be taken for a
patient's. Equal phantoms give equal bytes (with ``compression="jpeg2000"``, on the same OpenJPEG).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import nibabel
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    MRImageStorage,
)

from imaging.geometry import LPS_TO_RAS, VolumeGeometry
from imaging.phantom import Phantom, PhantomSpec, make_phantom
from imaging.phantom.patient import PATIENT_ID, record
from imaging.phantom.phantom import INJECTION_AT
from imaging.phantom.reader import drawn_labels, drawn_regions, reading
from imaging.volume import Acquisition

Compression = Literal["none", "jpeg2000"]

#: Stored value = HU + 1024, as unsigned 12-bit images are written.
_INTERCEPT_HU = -1024
_SOFTWARE_UID = "2.25.290423810567224184120967031463127340102"


def write_case(
    phantom: Phantom | PhantomSpec, folder: str | Path, *, compression: Compression = "none"
) -> Phantom:
    """Write a complete plain case: images, regions, reading, patient record and the truth.

    Parameters
    ----------
    phantom
        A made phantom, or the spec to make one of.
    folder
        Made if absent; must not hold an earlier case of another spec.
    compression
        "none" or "jpeg2000" (lossless).

    Returns
    -------
    Phantom
        What was written.
    """
    made = phantom if isinstance(phantom, Phantom) else make_phantom(phantom)
    folder = Path(folder)
    write_study(made, folder / "dicom", compression=compression)
    write_regions(made, folder)
    write_json(folder / "reading.json", reading(made))
    write_json(folder / "record.json", record())
    write_json(folder / "expected.json", expected(made))
    return made


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Strict JSON with a line end; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")


def write_regions(phantom: Phantom, folder: Path) -> None:
    """``regions.json`` and one label map per phase, each on its acquisition's own grid."""
    (folder / "regions").mkdir(parents=True, exist_ok=True)
    masks = []
    for acquisition, scan in zip(phantom.acquisitions, phantom.spec.scans, strict=True):
        name = f"regions/{scan.phase.value}.nii.gz"
        write_label_map(drawn_labels(phantom, acquisition.key), acquisition.volume.geometry, folder / name)
        masks.append({"file": name, "series_uid": acquisition.key, "provenance": "drawn", "verified": True})
    regions = [region.entry() for region in drawn_regions(phantom)]
    write_json(folder / "regions.json", {"schema_version": "1.0", "regions": regions, "masks": masks})


def write_label_map(labels: NDArray[np.uint8], geometry: VolumeGeometry, path: Path) -> None:
    """Labels (slices, rows, columns) as NIfTI: columns first, RAS, scanner coordinates."""
    column_row_slice = geometry.index_to_patient_mm[:, [2, 1, 0, 3]]
    image = nibabel.Nifti1Image(labels.transpose(2, 1, 0), LPS_TO_RAS @ column_row_slice, dtype=np.uint8)
    image.header.set_xyzt_units("mm")
    image.set_sform(image.affine, code="scanner")
    image.set_qform(image.affine, code="scanner")
    nibabel.save(image, path)


def expected(phantom: Phantom) -> dict[str, Any]:
    """Everything true of the study, as ``expected.json``."""
    truth, spec = phantom.truth, phantom.spec
    lesions = {
        name: {
            "long_axis_mm": lesion.long_axis_mm,
            "short_axis_mm": lesion.short_axis_mm,
            "on_slices_mm": {
                phase: [round(axis, 3) for axis in axes] for phase, axes in lesion.on_slices_mm.items()
            },
        }
        for name, lesion in truth.lesions.items()
    }
    return {
        "schema_version": "1.0",
        "seed": spec.seed,
        "unit": "HU" if spec.modality == "CT" else "arbitrary",
        "phases": {key: phase.value for key, phase in phantom.phases().items()},
        "noise_sd": spec.noise_sd,
        "tissue": {
            name: {phase: round(value, 3) for phase, value in row.items()} for name, row in truth.hu.items()
        },
        "region_tissue": region_tissues(phantom),
        "lesions": lesions,
        "verdicts": dict(truth.verdicts),
    }


def region_tissues(phantom: Phantom) -> dict[str, str]:
    """Tissue of which each pure region consists; tumor and spleen (striped at first) are mixtures."""
    pure = {name: name for name in ("liver", "aorta", "portal_vein", "muscle")}
    if phantom.spec.thrombus == "none":
        return pure
    return {"defect1": f"{phantom.spec.thrombus}_thrombus", **pure}


def write_study(phantom: Phantom, folder: str | Path, *, compression: Compression = "none") -> None:
    """Write one folder per series, as the archive of a hospital exports them."""
    for number, acquisition in enumerate(phantom.acquisitions):
        series = Path(folder) / f"S{acquisition.header.series_number:03d}"
        series.mkdir(parents=True, exist_ok=True)
        for index in range(acquisition.volume.geometry.shape[0]):
            image = _image(phantom, number, index)
            if compression == "jpeg2000":
                image.compress(JPEG2000Lossless, generate_instance_uid=False)
            image.save_as(series / f"IM{image.InstanceNumber:04d}.dcm", enforce_file_format=True)


def _image(phantom: Phantom, number: int, index: int) -> FileDataset:
    acquisition = phantom.acquisitions[number]
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage if phantom.spec.modality == "CT" else MRImageStorage
    meta.MediaStorageSOPInstanceUID = acquisition.header.sop_instance_uids[index]
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = _SOFTWARE_UID
    meta.ImplementationVersionName = "VEINVASION"
    image = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    image.SOPClassUID = meta.MediaStorageSOPClassUID
    image.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    _describe_patient(image)
    _describe_series(image, acquisition, phantom)
    _describe_position(image, acquisition, index)
    if phantom.spec.modality == "CT":
        _describe_ct(image, acquisition)
    else:
        _describe_mr(image, acquisition, phantom.spec)
    _set_pixels(image, acquisition, index)
    return image


def _describe_patient(image: Dataset) -> None:
    image.SpecificCharacterSet = "ISO_IR 100"
    image.PatientName = "Phantom^Liver"
    image.PatientID = PATIENT_ID
    image.PatientBirthDate = "19581102"
    image.PatientSex = "F"
    image.PatientComments = "Synthetic images computed by veinvasion; not a patient"
    image.ReferringPhysicianName = ""
    image.AccessionNumber = "PHANTOM0001"


def _describe_series(image: Dataset, acquisition: Acquisition, phantom: Phantom) -> None:
    header = acquisition.header
    at = header.acquisition_datetime or INJECTION_AT
    first = phantom.acquisitions[0].header.acquisition_datetime or INJECTION_AT
    image.StudyInstanceUID, image.SeriesInstanceUID = header.study_uid, header.series_uid
    image.FrameOfReferenceUID, image.PositionReferenceIndicator = header.frame_of_reference_uid, ""
    image.StudyID, image.StudyDescription = "1", header.study_description
    image.StudyDate, image.StudyTime = _date(first), _time(first - timedelta(minutes=2))
    image.SeriesNumber, image.SeriesDescription = header.series_number, header.series_description
    image.SeriesDate, image.SeriesTime = _date(at), _time(at)
    image.AcquisitionDate, image.AcquisitionTime = _date(at), _time(at)
    image.ContentDate, image.ContentTime = _date(at), _time(at + timedelta(seconds=48))
    image.AcquisitionNumber = header.acquisition_number
    image.Modality, image.ProtocolName = header.modality, header.protocol_name
    image.BodyPartExamined, image.PatientPosition = "LIVER", "HFS"
    image.Manufacturer, image.ManufacturerModelName = "veinvasion", "PHANTOM"
    image.SoftwareVersions, image.StationName = "1", "PHANTOM"
    image.ImageType = list(header.image_type)
    if header.contrast_agent:
        image.ContrastBolusAgent = header.contrast_agent
        image.ContrastBolusIngredient = header.contrast_ingredient
        image.ContrastBolusRoute = "IV"
        image.ContrastBolusStartTime = _time(INJECTION_AT)


def _describe_position(image: Dataset, acquisition: Acquisition, index: int) -> None:
    geometry = acquisition.volume.geometry
    slices, rows, columns = geometry.shape
    _, row_mm, column_mm = geometry.spacing_mm
    image.InstanceNumber = slices - index
    image.ImagePositionPatient = [round(float(x), 4) for x in geometry.patient_mm([index, 0, 0])]
    image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    image.SliceLocation = image.ImagePositionPatient[2]
    image.SliceThickness = acquisition.header.slice_thickness_mm
    image.Rows, image.Columns = rows, columns
    image.PixelSpacing = [round(row_mm, 6), round(column_mm, 6)]


def _describe_ct(image: Dataset, acquisition: Acquisition) -> None:
    image.KVP, image.ConvolutionKernel = acquisition.header.kvp, acquisition.header.convolution_kernel
    image.XRayTubeCurrent, image.ExposureTime, image.GantryDetectorTilt = 210, 500, 0
    image.DataCollectionDiameter, image.ReconstructionDiameter = 500, image.Columns * image.PixelSpacing[1]
    image.RescaleIntercept, image.RescaleSlope, image.RescaleType = _INTERCEPT_HU, 1, "HU"
    image.PixelPaddingValue = 0
    image.WindowCenter, image.WindowWidth = 60, 350


def _describe_mr(image: Dataset, acquisition: Acquisition, spec: PhantomSpec) -> None:
    for keyword, value in acquisition.header.mr_sequence:
        if keyword != "ImageType":  # written whole already
            setattr(image, keyword, value.split("\\"))
    image.EchoTrainLength = 1
    image.SpacingBetweenSlices = spec.spacing_mm[0]
    image.WindowCenter, image.WindowWidth = 350, 700


def _set_pixels(image: Dataset, acquisition: Acquisition, index: int) -> None:
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 12, 11, 0
    offset = -_INTERCEPT_HU if acquisition.volume.unit == "HU" else 0
    stored = acquisition.volume.voxels[index].astype(np.int32) + offset
    image.PixelData = stored.astype("<u2").tobytes()


def _date(at: datetime) -> str:
    return f"{at:%Y%m%d}"


def _time(at: datetime) -> str:
    return f"{at:%H%M%S}.{at.microsecond:06d}"
