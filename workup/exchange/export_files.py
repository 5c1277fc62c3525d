"""An assessment in the formats of other systems, written to a new folder and read back before it counts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import highdicom as hd
import pydicom
from pydicom.dataset import Dataset

from imaging.regions.region import Region
from imaging.regions.seg_files import read_seg_regions
from imaging.volume import Acquisition
from workup.assessment import Assessment
from workup.case.reads import SignedRead
from workup.errors import ExchangeError
from workup.exchange.encapsulated_pdf import encapsulated_pdf
from workup.exchange.fhir import bundle
from workup.exchange.reported_examination import reported_examination
from workup.exchange.sdtm_files import write_sdtm
from workup.exchange.seg_files import tracked_as, write_segmentations
from workup.exchange.source_image_files import read_source_images
from workup.exchange.sr_files import structured_report, write_structured_report
from workup.exchange.sr_measurements import numbers_of
from workup.replaced_files import new_file
from workup.report.assessment_report import assessment_report
from workup.report.report_files import pdf as report_pdf

FORMATS = ("seg", "sr", "pdf", "sdtm", "fhir")
#: ``sdtm`` writes all of these.
SDTM_FORMATS = {"sdtm-csv": "csv", "sdtm-json": "json", "sdtm-xpt": "xpt"}


def export_cases(
    assessments: Sequence[Assessment],
    folder: str | Path,
    formats: Sequence[str] = FORMATS,
    *,
    version: str,
    language: str = "en",
    replaces: Sequence[Path] = (),
    signatures: Sequence[SignedRead | None] = (),
) -> list[Path]:
    """Export one or many cases; SDTM tables hold all of them, the rest goes into a folder a case.

    Parameters
    ----------
    assessments
        What was decided.
    folder
        Made if it is not there; nothing in it is ever overwritten.
    formats
        Any of ``seg sr pdf sdtm sdtm-csv sdtm-json sdtm-xpt fhir``. An SR refers to its SEGs, which are
        written along with it.
    version, language
        Of the software; of the PDF (``en`` or ``ko``).
    replaces
        Earlier SR objects that the new one supersedes (one case only).
    signatures
        For each assessment the signed read that it repeats, or None; only a signed SR is verified.

    Raises
    ------
    ExchangeError
        ``UNKNOWN_FORMAT``, ``SAME_SUBJECT``, ``NOTHING_TO_EXPORT`` (all before anything is written),
        ``SEVERAL_EXAMINATIONS``, ``ALREADY_THERE``, ``SOURCE_MISSING``, ``READ_BACK`` if
        what was written does not read back equal.
    """
    _check(assessments, formats, replaces)
    names = [a.case.case_id for a in assessments]
    target = Path(folder)
    written: list[Path] = []
    signed = signatures or [None] * len(names)
    try:
        for number, (assessment, name, read) in enumerate(
            zip(assessments, names, signed, strict=True), start=1
        ):
            own = target if len(names) == 1 else target / f"{number:03d}_{_safe(name)}"
            own.mkdir(parents=True, exist_ok=True)
            written += _export_dicom(assessment, own, formats, version, language, replaces, read)
            if "fhir" in formats:
                written.append(_write_json(own / "fhir_bundle.json", bundle(assessment, version=version)))
        tables = [kind for name, kind in SDTM_FORMATS.items() if {name, "sdtm"} & set(formats)]
        if tables:
            written += write_sdtm(assessments, target / "sdtm", tables, version=version)
    except FileExistsError as error:
        raise ExchangeError(
            "ALREADY_THERE",
            f"{Path(str(error.filename)).name} is there already",
            expected="a folder without an earlier export",
            advice="Exports are never overwritten; name another folder.",
        ) from error
    return written


def _check(assessments: Sequence[Assessment], formats: Sequence[str], replaces: Sequence[Path]) -> None:
    """Refuse what cannot be exported, before anything is written."""
    known = (*FORMATS, *SDTM_FORMATS)
    for name in formats:
        if name not in known:
            raise ExchangeError("UNKNOWN_FORMAT", f"export format {name!r}", expected=", ".join(known))
    if replaces and len(assessments) != 1:
        raise ExchangeError("REPLACES", "an SR can only replace those of one case", expected="one case")
    _check_names([a.case.case_id for a in assessments])
    for assessment in assessments:
        if set(formats) - {"seg", "pdf"}:
            reported_examination(assessment)
        if {"seg", "sr"} & set(formats):
            _check_content(assessment)


def _check_names(names: Sequence[str]) -> None:
    """Two cases of one name would be one subject in every table."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ExchangeError(
            "SAME_SUBJECT",
            f"{len(twice)} case ids occur twice: {', '.join(twice)}",
            expected="one case a subject and visit",
            advice="Rename the folders, or make case folders with --case-id.",
        )


def _check_content(assessment: Assessment) -> None:
    """A SEG holds segments, and a TID 1500 report measurement groups: both come from outlines."""
    if not any(region.masks for region in assessment.case.regions):
        raise ExchangeError(
            "NOTHING_TO_EXPORT",
            f"case {assessment.case.case_id!r} holds no outline for a SEG or an SR",
            expected="at least one region",
            advice="Without regions --format pdf, sdtm and fhir still serve.",
        )


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in name)[:40] or "case"


def _write_json(path: Path, document: Mapping[str, object]) -> Path:
    with new_file(path) as stream:
        stream.write(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False).encode())
    return path


def _export_dicom(
    assessment: Assessment,
    folder: Path,
    formats: Sequence[str],
    version: str,
    language: str,
    replaces: Sequence[Path],
    read: SignedRead | None,
) -> list[Path]:
    case, written = assessment.case, []
    if not {"seg", "sr", "pdf"} & set(formats):
        return []
    images = _images(assessment)
    segmentations: dict[str, hd.seg.Segmentation] = {}
    if {"seg", "sr"} & set(formats):
        made = write_segmentations(
            tracked_as(case),
            case.regions,
            case.study.acquisitions,
            images,
            folder,
            reader=case.reader,
            version=version,
            signed=read is not None,
        )
        for key, (path, _) in made.items():
            _check_segmentation(path, case.study[key], case.regions, assessment)
        segmentations = {key: seg for key, (_, seg) in made.items()}
        written += [path for path, _ in made.values()]
    if "sr" in formats:
        report = structured_report(
            assessment,
            images,
            segmentations,
            version=version,
            signed=read is not None,
            signed_at=datetime.fromisoformat(read.when) if read else None,
            supersedes=_earlier(replaces, images),
        )
        path = write_structured_report(report, folder / "sr.dcm")
        _check_report(path, report)
        written.append(path)
    if "pdf" in formats:
        written.append(_write_pdf(assessment, images, folder / "report_pdf.dcm", version, language))
    return written


def _images(assessment: Assessment) -> dict[str, list[Dataset]]:
    study = assessment.case.study
    if not Path(study.source).is_dir():
        raise ExchangeError(
            "SOURCE_MISSING",
            "the images were not read from a folder",
            expected="a folder of DICOM files",
            advice="DICOM exports repeat headers of the images: unpack archives first.",
        )
    return read_source_images(study.source, study.acquisitions)


def _earlier(paths: Sequence[Path], images: Mapping[str, Sequence[Dataset]]) -> list[Dataset]:
    """Earlier reports; one of another study cannot be superseded."""
    studies = {str(image.StudyInstanceUID) for own in images.values() for image in own}
    earlier = []
    for path in paths:
        report = pydicom.dcmread(path)
        if report.get("Modality") != "SR" or str(report.StudyInstanceUID) not in studies:
            raise ExchangeError(
                "REPLACES", f"{path.name} is no SR of this study", expected="the report that is superseded"
            )
        earlier.append(report)
    return earlier


def _write_pdf(
    assessment: Assessment,
    images: Mapping[str, Sequence[Dataset]],
    path: Path,
    version: str,
    language: str,
) -> Path:
    report = assessment_report(assessment, language=language, footer=f"veinvasion {version}")
    image = next(iter(images.values()))[0]
    made = datetime.now().astimezone()
    document = encapsulated_pdf(report_pdf(report), image, title=report.title, version=version, made=made)
    with new_file(path) as stream:
        document.save_as(stream, enforce_file_format=True)
    return path


# ---------------------------------------------------------------- read back


def _check_segmentation(
    path: Path, acquisition: Acquisition, regions: Sequence[Region], assessment: Assessment
) -> None:
    """Every region reads back to the voxel, with its role."""
    back = {
        r.id: r
        for r in read_seg_regions(path, assessment.case.study, acquisition_key=acquisition.key, verified=True)
    }
    wrong = [
        r.id
        for r in regions
        if acquisition.key in r.masks and not _same(r, back.get(r.id[:64]), acquisition.key)
    ]
    if wrong:
        raise ExchangeError(
            "READ_BACK", f"{path.name} does not read back as region {wrong[0]}", expected="equal voxels"
        )


def _same(region: Region, back: Region | None, key: str) -> bool:
    if back is None or (region.role, region.vessel, region.level) != (back.role, back.vessel, back.level):
        return False
    return bool((region.masks[key].full() == back.masks[key].full()).all())


def _check_report(path: Path, report: Dataset) -> None:
    if numbers_of(pydicom.dcmread(path)) != numbers_of(report):
        raise ExchangeError("READ_BACK", f"{path.name} does not read back", expected="equal numbers")
