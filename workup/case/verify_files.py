"""Find every byte of a case folder that is not what was written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workup.case.autosave_codec import decode_autosave
from workup.case.journal_files import VERSION_ACTS, check_head
from workup.case.log import LogEntry, parse_log
from workup.case.source_files import image_files
from workup.case.state_codec import decode_state
from workup.case.strict_json import parse
from workup.errors import CaseError


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it was written.

    Attributes
    ----------
    code : str
        ``LOG_DAMAGED``, ``TORN_LOG_LINE``, ``CHANGED``, ``MISSING``, ``UNEXPECTED``, ``NOT_LOGGED``,
        ``UNREADABLE``, ``LEFTOVER``, ``IMAGE_CHANGED``, ``IMAGE_MISSING``.
    path : str
        Relative to the case folder; an image is named by its SOPInstanceUID.
    """

    code: str
    path: str
    message: str


def verify_case(folder: str | Path, images: str | Path | None = None) -> list[Problem]:
    """Compare every byte of a case folder, and of its images, with what was written.

    Nothing is changed. Works on a damaged folder too.

    Parameters
    ----------
    folder
        The case folder.
    images
        Where the images lie, if not where the case says.
    """
    root = Path(folder)
    if not (root / "log.jsonl").is_file():
        return [Problem("MISSING", "log.jsonl", "this is no case folder")]
    entries, problems = _verify_log(root)
    expected = dict(_expected_files(entries))
    problems += list(_verify_files(root, expected))
    problems += list(_verify_meaning(root, entries))
    if not any(p.path == "source.json" for p in problems):  # else it tells nothing of the images
        problems += list(_verify_images(root, Path(images) if images else None))
    return problems


def _verify_log(root: Path) -> tuple[tuple[LogEntry, ...], list[Problem]]:
    parsed = parse_log((root / "log.jsonl").read_bytes())
    problems = []
    try:
        acknowledged = check_head(parsed.entries, _bytes(root / "head.json"))
    except CaseError as error:
        return parsed.entries, [Problem("LOG_DAMAGED", "log.jsonl", str(error))]
    if parsed.rest:
        line = len(parsed.entries) + 1
        message = f"line {line} breaks off; no acknowledged line is missing"
        problems.append(Problem("TORN_LOG_LINE", "log.jsonl", message))
    elif acknowledged < len(parsed.entries):
        problems.append(Problem("TORN_LOG_LINE", "head.json", "the head is behind the log; open the case"))
    return parsed.entries, problems


def _expected_files(entries: Sequence[LogEntry]) -> Iterator[tuple[str, str]]:
    yield "lock", hashlib.sha256(b"").hexdigest()
    for entry in entries:
        data = entry.data
        if entry.what == "created":
            yield "source.json", data["source_sha256"]
        elif entry.what in VERSION_ACTS:
            for name, digest in data["files"].items():
                yield f"versions/{data['version']:06d}/{name}", digest
        elif entry.what == "signed":
            for name, digest in data["files"].items():
                yield f"signed/{data['folder']:06d}/{name}", digest
        elif entry.what == "torn_log_line":
            yield data["file"], data["sha256"]


def _verify_files(root: Path, expected: Mapping[str, str]) -> Iterator[Problem]:
    for name, digest in expected.items():
        path = root / name
        if not path.is_file():
            yield Problem("MISSING", name, "the log tells of this file")
        elif _digest(path) != digest:
            yield Problem("CHANGED", name, "its bytes are not what was written")
    for path in sorted(p for p in root.rglob("*") if not p.is_dir()):
        name = path.relative_to(root).as_posix()
        if name not in expected:
            yield from _verify_other(root, path, name)


def _verify_other(root: Path, path: Path, name: str) -> Iterator[Problem]:
    room = name.split("/", maxsplit=1)[0]
    if name in ("log.jsonl", "head.json") or room == "images":
        return  # compared elsewhere
    if any(part.startswith(".tmp-") for part in name.split("/")):
        yield Problem("LEFTOVER", name, "left by a crash; opening the case clears it")
    elif room == "autosave":
        if decode_autosave(path.read_bytes()) is None:
            yield Problem("CHANGED", name, "the autosave does not match its own hash")
    elif room in ("versions", "signed") and not (root / name).is_symlink():
        yield Problem("NOT_LOGGED", name, "the log does not tell of this file")
    else:
        yield Problem("UNEXPECTED", name, "no part of a case")


def _verify_meaning(root: Path, entries: Sequence[LogEntry]) -> Iterator[Problem]:
    """Whether each version still reads; a hash alone would not find a fault of the writer."""
    for entry in entries:
        if entry.what in VERSION_ACTS:
            folder = f"versions/{entry.data['version']:06d}"
            try:
                meta = parse(_bytes(root / folder / "meta.json"))
                decode_state(meta["state"], _bytes(root / folder / "masks.bin"))
            except (CaseError, KeyError, TypeError) as error:
                yield Problem("UNREADABLE", folder, str(error))


def _verify_images(root: Path, named: Path | None) -> Iterator[Problem]:
    try:
        source = parse(_bytes(root / "source.json"))
    except CaseError:
        return  # told by the hash
    place = source["images"]
    if place["copied"] and named is None:
        yield from _verify_copies(root / "images", place["files"])
        return
    folder = named or (root / place["folder"] if place["folder"] else None)
    if folder is None or not folder.is_dir():
        yield Problem("IMAGE_MISSING", "images", "the images are not where the case says; give --dicom")
        return
    present = {facts.sop_instance_uid: facts.sha256 for _, facts in image_files(folder)}
    for uid, digest in _recorded_files(source).items():
        if uid not in present:
            yield Problem("IMAGE_MISSING", uid, "no file with this SOPInstanceUID")
        elif present[uid] != digest:
            yield Problem("IMAGE_CHANGED", uid, "the file's bytes are not those that were read on")


def _verify_copies(folder: Path, files: Mapping[str, str]) -> Iterator[Problem]:
    present = {p.name: p for p in sorted(folder.iterdir())} if folder.is_dir() else {}
    for name, digest in files.items():
        if name not in present:
            yield Problem("IMAGE_MISSING", f"images/{name}", "the copy is gone")
        elif _digest(present[name]) != digest:
            yield Problem("IMAGE_CHANGED", f"images/{name}", "its bytes are not what was copied")
    for name in present.keys() - files.keys():
        yield Problem("UNEXPECTED", f"images/{name}", "no part of a case")


def _recorded_files(source: Mapping[str, Any]) -> dict[str, str]:
    slices = (s for a in source["acquisitions"] for s in a["slices"])
    return {s["sop_instance_uid"]: s["file_sha256"] for s in slices if s["file_sha256"]}


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
