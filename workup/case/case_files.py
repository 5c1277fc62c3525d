"""Folders that hold a case, read into a ``Case``.

Two forms are understood. A *plain case* is a folder that a script or a trial office lays out::

    dicom/         the images, as exported (or images named by "dicom" in case.json)
    regions.json   regions and their label maps
    reading.json   what the reader said (optional)
    record.json    the patient record, schema 1.0 (optional; .yaml is read as well)

A *case folder* is the append-only store of ``workup.case.store_files``; it is recognized by its log.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from imaging.dicom.study_files import load_study
from imaging.regions.region import Region, RegionRole
from imaging.regions.region_files import read_regions
from imaging.volume import Study
from workup.case.case import Case
from workup.case.reading_codec import ReadingFile, parse_reading
from workup.case.state import CaseState
from workup.errors import CaseError

Progress = Callable[[int, int], None]


def is_store(folder: Path) -> bool:
    """Whether the folder is an append-only case folder."""
    return has_log(folder) and (folder / "source.json").is_file()


def has_log(folder: Path) -> bool:
    """Whether the folder holds a case's log: a case folder, sound or damaged; not if it cannot be told."""
    return os.path.isfile(folder / "log.jsonl")  # noqa: PTH113 - Path.is_file raises in a closed folder


def read_case(
    path: str | Path,
    *,
    dicom: str | Path | None = None,
    regions: str | Path | None = None,
    record: str | Path | None = None,
    reading: str | Path | None = None,
    version: int | None = None,
    who: str | None = None,
    progress: Progress | None = None,
) -> Case:
    """The case held by a folder; parts named apart outrank those of a plain case.

    Parameters
    ----------
    path
        A plain case, a case folder, or just a folder of DICOM files.
    dicom, regions, record, reading
        Where these parts lie if not in the folder itself.
    version
        Of a case folder; by default the one that answers for it (``standing``).
    who
        The reader of a case folder whose own newest version is wanted.
    progress
        Called with (files done, files in all) while images load.

    Raises
    ------
    CaseError
        ``NO_CASE`` if there is nothing at the path, ``BAD_READING`` or ``BAD_JSON`` naming the place,
        ``PART_NOT_TAKEN`` if a part is named apart for a case folder, which keeps its own,
        ``CASE_IN_ARCHIVE`` if a zip file holds more than images,
        ``READS_DISAGREE`` if two signed reads of it differ and no signed read holds what was decided.
    imaging.errors.ImagingError
        If no image is usable or a region does not fit.
    """
    folder = Path(path)
    if not folder.exists():
        raise CaseError(
            "NO_CASE", f"nothing at {folder.name!r}", expected="a case or a folder of DICOM files"
        )
    _check_no_case_inside(folder)
    if is_store(folder):
        _check_no_parts({"regions": regions, "record": record, "reading": reading})
        return _store_case(folder, version, who, dicom, progress)
    if who is not None:
        raise CaseError(
            "NO_CASE_FOLDER", "a reader named for a case of one reading", expected="a case folder"
        )
    study = load_study(Path(dicom) if dicom else image_place(folder), progress=progress)
    region_path = Path(regions) if regions else _present(folder, "regions.json")
    said = read_reading(Path(reading) if reading else _present(folder, "reading.json"))
    record_path = Path(record) if record else _present(folder, "record.json", "record.yaml", "record.yml")
    held = read_regions(region_path, study) if region_path else ()
    check_names(said, study, held)
    return Case(
        study=study,
        regions=held,
        phase_labels=said.phase_labels,
        lines=said.lines,
        defects=said.defects,
        lesions=said.lesions,
        reader=said.reader,
        record=read_record(record_path) if record_path else None,
        case_id=folder.resolve().name,
        complete=said.complete,
        comparable_override=said.comparable_override,
    )


def _store_case(
    folder: Path, version: int | None, who: str | None, images: str | Path | None, progress: Progress | None
) -> Case:
    """The case of a case folder in the version that is asked for, or that answers for it."""
    from workup.case.standing import standing
    from workup.case.store_files import CaseStore, read_store_case

    if version is None:
        answering = standing(CaseStore.open(folder).history(), who).version
        version = answering.number if answering else None
    case = read_store_case(folder, version=version, who=who, images=images, progress=progress)
    check_names(case, case.study, case.regions)
    return case


def read_json(path: Path) -> Any:
    """A JSON document with numbers kept exact (``Decimal``) and duplicate keys refused."""
    try:
        return json.loads(
            path.read_text(encoding="utf-8-sig"),
            parse_float=Decimal,
            object_pairs_hook=_unique_keys,
            parse_constant=_refuse_constant,
        )
    except (ValueError, UnicodeDecodeError) as error:
        raise CaseError("BAD_JSON", f"{path.name}: {error}", expected="one JSON document") from error
    except OSError as error:
        raise CaseError(
            "FILE_UNREADABLE", f"{path.name}: {error.strerror}", expected="a JSON file"
        ) from error


def read_json_object(path: Path) -> dict[str, Any]:
    """As ``read_json``, and an object: names with values."""
    document = read_json(path)
    if not isinstance(document, dict):
        raise CaseError(
            "BAD_JSON",
            f"{path.name} holds a {type(document).__name__}",
            expected='a JSON object: {"name": value}',
        )
    return document


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            msg = f"the key {key!r} stands twice in one object"
            raise ValueError(msg)
    return dict(pairs)


def _refuse_constant(word: str) -> None:
    msg = f"{word} is not JSON"
    raise ValueError(msg)


def _present(folder: Path, *names: str) -> Path | None:
    if not folder.is_dir():
        return None
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _check_no_parts(parts: Mapping[str, str | Path | None]) -> None:
    given = [name for name, part in parts.items() if part is not None]
    if given:
        raise CaseError(
            "PART_NOT_TAKEN",
            f"{', '.join(given)} given apart for a case folder",
            expected="the parts that its versions hold",
            advice="Save them into the case first: veinvasion case read CASE --who NAME",
        )


_PARTS = ("log.jsonl", "regions.json", "reading.json", "record.json")


def _check_no_case_inside(path: Path) -> None:
    """A zip file is read for its images alone: what was drawn and recorded must not be left out unsaid."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        held = {name.rpartition("/")[2] for name in archive.namelist()}.intersection(_PARTS)
    if held:
        raise CaseError(
            "CASE_IN_ARCHIVE",
            f"{path.name} holds a case ({', '.join(sorted(held))})",
            expected="a folder, or a zip file of images alone",
            advice="Unpack it; what `veinvasion case export` wrote, with `veinvasion case restore`",
        )


def image_place(folder: Path) -> Path:
    """Where the images of a plain case lie."""
    pointer = _present(folder, "case.json")
    if pointer:
        named = read_json_object(pointer).get("dicom")
        if named:
            return (folder / str(named)).resolve()
    return folder / "dicom" if (folder / "dicom").is_dir() else folder


def read_reading(path: Path | None) -> ReadingFile:
    """What a ``reading.json`` holds; nothing was said without one."""
    if path is None:
        return ReadingFile()
    document = read_json(path)
    if not isinstance(document, Mapping):
        raise CaseError("BAD_READING", f"{path.name} holds {type(document).__name__}", expected="an object")
    return parse_reading(document)


def read_record(path: Path) -> Mapping[str, Any]:
    """The patient record as it stands in its file."""
    from workup.record.record_files import read_record_file

    return read_record_file(path).raw


def check_names(said: ReadingFile | CaseState | Case, study: Study, regions: Sequence[Region]) -> None:
    """Refuse what a reader said of an acquisition or a region that the case does not hold.

    A statement without its outline says less than it seems to: with ``complete`` it would even read as
    "no filling defect".

    Raises
    ------
    CaseError
        ``BAD_READING``.
    """
    keys = [a.key for a in study.acquisitions]
    ids = [r.id for r in regions]
    defects = [r.id for r in regions if r.role is RegionRole.FILLING_DEFECT]
    standing = [
        key for key, s in said.lesions.items() if s.present is None
    ]  # one that is gone has no outline
    named = (
        ("phase_labels", said.phase_labels, keys, "acquisition"),
        ("a line", [line.acquisition_key for line in said.lines], keys, "acquisition"),
        ("a line", [line.region_id for line in said.lines], ids, "region"),
        ("defects", said.defects, defects, "filling defect"),
        ("lesions", standing, ids, "region"),
    )
    for where, names, known, what in named:
        for name in names:
            if name not in known:
                raise CaseError(
                    "BAD_READING",
                    f"{where} names the {what} {name!r}, which this case does not hold",
                    expected=f"one of {', '.join(known) or 'none: no ' + what + ' is outlined'}",
                    advice="veinvasion phases prints the acquisition keys." if what == "acquisition" else "",
                    details={"named": name, "known": known},
                )
