"""Make a case folder: all of it under a temporary name, then one rename."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imaging.volume import Study
from workup.case.case_files import has_log
from workup.case.disk_files import Disk, told
from workup.case.log import head_of, next_entry, sha256
from workup.case.reads import ReadPlan, check_plan
from workup.case.software_files import software_lock
from workup.case.source import FileFacts, source_document
from workup.case.source_files import image_files
from workup.case.strict_json import canonical
from workup.errors import CaseError

#: Rooms of a new case folder.
ROOMS = ("versions", "autosave", "signed")


def check_is_no_case_folder(place: Path) -> None:
    """Refuse to begin a case from another case folder, whose log, plan and signatures would be left behind.

    Raises
    ------
    CaseError
        ``IS_CASE_FOLDER``.
    """
    if has_log(place):
        raise CaseError(
            "IS_CASE_FOLDER",
            f"{place.name!r} is a case folder",
            expected="a folder of DICOM files, or a plain case",
            advice="`case export` and `case restore` copy a case folder whole; else name its images",
        )


def write_new_case(
    folder: Path,
    study: Study,
    case_id: str,
    author: str,
    *,
    images: Path | None,
    copy_images: bool,
    plan: ReadPlan,
    disk: Disk,
) -> None:
    """Write a new case folder; it appears whole or not at all.

    Raises
    ------
    CaseError
        ``CASE_EXISTS`` if the folder holds something, ``BAD_READ_PLAN``, ``NO_IMAGES`` if images are to
        be copied from nowhere, ``DISK_FULL``, ``READ_ONLY``.
    """
    check_plan(plan)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CaseError("CASE_EXISTS", f"{folder.name!r} is not empty", expected="a new or empty folder")
    if copy_images and (images is None or not images.is_dir()):
        raise CaseError("NO_IMAGES", "there is no folder to copy the images from")
    found = list(image_files(images)) if images is not None and images.is_dir() else []
    place, copies = _images(folder, images, copy_images, found, study)
    facts = {f.sop_instance_uid: f for _, f in found}
    source = canonical(source_document(study, case_id, facts, place, software_lock()))
    data = {
        "case_id": case_id,
        "source_sha256": sha256(source),
        "readers": list(plan.readers),
        "adjudicator": plan.adjudicator,
    }
    entry = next_entry((), when=disk.now(), who=author, what="created", data=data)
    files = {"lock": b"", "source.json": source, "log.jsonl": entry.line()}
    files["head.json"] = head_of((entry,)).encode()
    told(lambda: _write(folder, files, copies, disk), "making the case")


def _images(
    folder: Path,
    images: Path | None,
    copy_images: bool,
    found: list[tuple[Path, FileFacts]],
    study: Study,
) -> tuple[dict[str, Any], dict[str, Path]]:
    if not copy_images:
        return {"folder": _relative(images, folder), "copied": False, "files": {}}, {}
    used = {uid for a in study.acquisitions for uid in a.header.sop_instance_uids}
    kept = [(path, facts) for path, facts in found if facts.sop_instance_uid in used]
    copies = {f"{i:06d}.dcm": path for i, (path, _) in enumerate(kept, start=1)}
    digests = {f"{i:06d}.dcm": facts.sha256 for i, (_, facts) in enumerate(kept, start=1)}
    return {"folder": "images", "copied": True, "files": digests}, copies


def _relative(images: Path | None, folder: Path) -> str:
    if images is None:
        return ""
    try:
        return Path(os.path.relpath(images.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return images.resolve().as_posix()


def _write(folder: Path, files: Mapping[str, bytes], copies: Mapping[str, Path], disk: Disk) -> None:
    parent = folder.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    temporary = parent / f".tmp-{folder.name}-{os.getpid()}"
    try:
        disk.make_folder(temporary)
        for name, data in files.items():
            disk.write_synced(temporary / name, data)
        for room in (*ROOMS, *(["images"] if copies else [])):
            disk.make_folder(temporary / room)
        for name, path in copies.items():
            disk.write_synced(temporary / "images" / name, path.read_bytes())
        if copies:
            disk.sync_folder(temporary / "images")
        disk.sync_folder(temporary)
        disk.rename(temporary, parent / folder.name)
    except OSError:
        with contextlib.suppress(OSError):
            disk.remove(temporary)
        raise
    disk.sync_folder(parent)
