"""Any file that holds regions or measurements, recognized by its content and taken over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError

from imaging.errors import ImagingError
from imaging.regions.label_map_files import NIFTI_ENDINGS
from imaging.regions.named_acquisitions import acquisition_named
from imaging.regions.region_files import REGIONS_FILE, write_regions
from imaging.regions.seg_files import SEG_CLASSES, read_seg_regions
from imaging.volume import Study
from workup.case.reading_codec import ReadingFile, reading_document
from workup.errors import ExchangeError, WorkupError
from workup.exchange.imported import Imported
from workup.exchange.label_files import NRRD_ENDINGS, read_labels
from workup.exchange.rtstruct_files import read_rtstruct
from workup.exchange.sr_lines import lines_of
from workup.exchange.sr_measurements import groups_of

READING_FILE = "reading.json"
_RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"
_SR_CLASSES = "1.2.840.10008.5.1.4.1.1.88."


def import_file(
    path: str | Path,
    study: Study,
    *,
    roles: Mapping[str, str] | None = None,
    label_list: str | Path | None = None,
    series: str | None = None,
    resample: bool = False,
    verified: bool = False,
) -> Imported:
    """Regions and lines of one file, on the acquisitions of a study.

    Parameters
    ----------
    path
        DICOM SEG, RTSTRUCT or SR; ``.seg.nrrd``, ``.nrrd``, ``.nii``, ``.nii.gz``.
    study
        The images.
    roles
        Role by segment, structure, label or measurement name: ``ROLE[:VESSEL[:LEVEL]]`` or ``skip``.
    label_list
        ITK-SNAP label description or JSON sidecar of a label map.
    series
        Series number, series UID or acquisition key, where the file does not tell.
    resample
        Whether masks of another grid may be carried over by the nearest neighbor.
    verified
        Whether a reader looked at these outlines on this series and accepts them.

    Raises
    ------
    ExchangeError
        ``NO_FILE``, ``UNKNOWN_FORMAT``, ``UNREADABLE``, and those of the reader for its kind.
    imaging.errors.RegionError
        Those of the reader for its kind.
    """
    source = Path(path)
    if not source.is_file():
        raise ExchangeError("NO_FILE", f"there is no file {source.name}", expected="a file to import")
    key = acquisition_named(study, series).key if series is not None else None
    try:
        return _read(source, study, roles, Path(label_list) if label_list else None, key, resample, verified)
    except (ImagingError, WorkupError):
        raise
    except Exception as error:  # damaged bytes raise anything in pydicom, nibabel and ITK
        raise ExchangeError(
            "UNREADABLE",
            f"{source.name} is damaged or breaks its format ({type(error).__name__})",
            expected="a whole file",
            advice="Export it again from the program that wrote it.",
        ) from error


def _read(
    source: Path,
    study: Study,
    roles: Mapping[str, str] | None,
    label_list: Path | None,
    key: str | None,
    resample: bool,
    verified: bool,
) -> Imported:
    name = source.name.lower()
    if name.endswith((*NIFTI_ENDINGS, *NRRD_ENDINGS)):
        return read_labels(
            source,
            study,
            roles=roles,
            label_list=label_list,
            acquisition_key=key,
            resample=resample,
            verified=verified,
        )
    kind = _sop_class(source)
    if kind in SEG_CLASSES:
        regions = read_seg_regions(
            source, study, roles=roles, acquisition_key=key, resample=resample, verified=verified
        )
        return Imported("DICOM SEG", regions)
    if kind == _RTSTRUCT:
        return read_rtstruct(source, study, roles=roles, acquisition_key=key, verified=verified)
    if kind.startswith(_SR_CLASSES):
        groups = groups_of(pydicom.dcmread(source))
        return lines_of(groups, study, roles, study[key] if key else None)
    raise ExchangeError(
        "UNKNOWN_FORMAT",
        f"{source.name} holds neither regions nor measurements that are known here",
        expected="DICOM SEG, RTSTRUCT or SR, .seg.nrrd, .nrrd, .nii or .nii.gz",
    )


def _sop_class(path: Path) -> str:
    try:
        header = pydicom.dcmread(path, specific_tags=["SOPClassUID"], stop_before_pixels=True)
    except (InvalidDicomError, OSError, EOFError, ValueError):
        return ""
    return str(header.get("SOPClassUID", ""))


def write_import(imported: Imported, study: Study, folder: str | Path) -> list[Path]:
    """Write ``regions.json`` with its label maps, and ``reading.json`` if there are lines.

    Raises
    ------
    ExchangeError
        ``ALREADY_THERE`` if the folder holds regions or a reading: they are never overwritten.
    """
    target = Path(folder)
    for name in (REGIONS_FILE, READING_FILE):
        if (target / name).exists():
            raise ExchangeError(
                "ALREADY_THERE", f"{name} is there already", expected="a folder without regions or a reading"
            )
    target.mkdir(parents=True, exist_ok=True)
    written = [write_regions(target, imported.regions, study)]
    if imported.lines:
        reading = ReadingFile(lines=tuple(x.line for x in imported.lines))
        path = target / READING_FILE
        with path.open("x", encoding="utf-8") as stream:
            json.dump(reading_document(reading), stream, indent=1, ensure_ascii=False, allow_nan=False)
        written.append(path)
    return written
