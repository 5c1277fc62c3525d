"""The DICOM images that an export refers to, read again from where they lie."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from imaging.volume import Acquisition
from workup.errors import ExchangeError

#: Attributes that every image has, if only empty (type 2), and that objects made from it repeat. Scanners and
#: de-identification leave some out.
_TYPE_2 = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)


def read_source_images(folder: str | Path, acquisitions: Iterable[Acquisition]) -> dict[str, list[Dataset]]:
    """Headers of every acquisition's images, keyed by acquisition and in slice order.

    Text is decoded and marked as UTF-8, since highdicom copies the character set's name but not its
    escape sequences: a Korean patient's header would come out broken.

    Raises
    ------
    ExchangeError
        ``SOURCE_MISSING`` if an image that was assessed is no longer in the folder.
    """
    wanted = list(acquisitions)
    found = _headers(Path(folder), {uid for a in wanted for uid in a.header.sop_instance_uids})
    images: dict[str, list[Dataset]] = {}
    for acquisition in wanted:
        missing = [uid for uid in acquisition.header.sop_instance_uids if uid not in found]
        if missing:
            raise ExchangeError(
                "SOURCE_MISSING",
                f"{len(missing)} of {len(acquisition.header.sop_instance_uids)} images of series "
                f"{acquisition.header.series_number} are not in the folder",
                expected="the images that were assessed",
            )
        images[acquisition.key] = [found[uid] for uid in acquisition.header.sop_instance_uids]
    return images


def _headers(folder: Path, wanted: set[str]) -> dict[str, Dataset]:
    found: dict[str, Dataset] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            uid = pydicom.dcmread(path, specific_tags=["SOPInstanceUID"], stop_before_pixels=True)
        except (InvalidDicomError, OSError, EOFError):
            continue
        name = str(uid.get("SOPInstanceUID", ""))
        if name in wanted and name not in found:
            found[name] = prepared(pydicom.dcmread(path, stop_before_pixels=True))
    return found


def prepared(image: Dataset) -> Dataset:
    """The same header with its text decoded and named UTF-8, and empty what it must have but lacks."""
    image.decode()
    image.SpecificCharacterSet = "ISO_IR 192"
    for keyword in _TYPE_2:
        if keyword not in image:
            setattr(image, keyword, "")
    return image
