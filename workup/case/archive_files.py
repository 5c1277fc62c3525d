"""A case folder in one file and back: a plain zip, checked before it is written and before it is trusted."""

from __future__ import annotations

import contextlib
import os
import shutil
import zipfile
from pathlib import Path, PurePosixPath

from workup.case.disk_files import Disk, told
from workup.case.verify_files import Problem, verify_case
from workup.errors import CaseError

#: No case is larger than this; guards against a bomb. [bytes]
MAX_BYTES = 64 * 2**30
#: Compression of masks and JSON never reaches this ratio; a bomb does.
MAX_RATIO = 1000
MAX_FILES = 1_000_000

#: Problems of images that lie elsewhere do not spoil the case folder.
_ABOUT_IMAGES = ("IMAGE_MISSING", "IMAGE_CHANGED")


def export_case(folder: Path, archive: Path) -> int:
    """Write a verified case folder into a new zip file; the number of files in it.

    Raises
    ------
    CaseError
        ``CASE_DAMAGED``, ``TARGET_EXISTS``, ``DISK_FULL``, ``READ_ONLY``.
    """
    check_sound(folder)
    if archive.exists():
        raise CaseError("TARGET_EXISTS", f"{archive.name!r} is there already", expected="a new file")
    paths = [p for p in sorted(folder.rglob("*")) if p.is_file()]
    told(lambda: _zip(folder, paths, archive), "exporting the case")
    return len(paths)


def _zip(folder: Path, paths: list[Path], archive: Path) -> None:
    temporary = archive.with_name(f".tmp-{archive.name}-{os.getpid()}")
    try:
        with zipfile.ZipFile(temporary, "x", zipfile.ZIP_DEFLATED) as packed:
            for path in paths:
                packed.write(path, path.relative_to(folder).as_posix())
        Disk().sync_file(temporary)
        Disk().rename(temporary, archive)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    Disk().sync_folder(archive.absolute().parent)


def restore_case(archive: Path, folder: Path) -> int:
    """Unpack an exported case into a new folder, which appears only if every byte verifies.

    Raises
    ------
    CaseError
        ``BAD_ARCHIVE`` if it is no export or reaches outside its folder, ``CASE_DAMAGED``,
        ``CASE_EXISTS``.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CaseError("CASE_EXISTS", f"{folder.name!r} is not empty", expected="a new or empty folder")
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.absolute().parent / f".tmp-{folder.name}-{os.getpid()}"
    try:
        with zipfile.ZipFile(archive) as packed:
            count = told(lambda: _unzip(packed, temporary), "restoring the case")
        check_sound(temporary)
        told(lambda: Disk().rename(temporary, folder.absolute()), "restoring the case")
    except (zipfile.BadZipFile, FileNotFoundError, RuntimeError, NotImplementedError) as error:
        raise CaseError("BAD_ARCHIVE", f"{archive.name!r} is no exported case") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return count


def _unzip(packed: zipfile.ZipFile, target: Path) -> int:
    members = packed.infolist()
    total = sum(m.file_size for m in members)
    packed_size = sum(m.compress_size for m in members) + 1
    if len(members) > MAX_FILES or total > MAX_BYTES or total > MAX_RATIO * packed_size:
        raise CaseError("BAD_ARCHIVE", f"{len(members)} files that unpack to {total} bytes")
    for member in members:
        _check_member(member)
    target.mkdir(mode=0o700)
    for room in ("versions", "autosave", "signed"):
        (target / room).mkdir(mode=0o700)
    for member in members:
        path = target / member.filename
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        Disk().write_synced(path, packed.read(member))
    return len(members)


def _check_member(member: zipfile.ZipInfo) -> None:
    path = PurePosixPath(member.filename)
    link = (member.external_attr >> 16) & 0o170000 == 0o120000
    windows = "\\" in member.filename or ":" in member.filename
    if path.is_absolute() or ".." in path.parts or link or windows or member.is_dir() or not path.parts:
        raise CaseError("BAD_ARCHIVE", "the archive names a file outside its folder, or a link")


def check_sound(folder: Path) -> None:
    """Refuse a damaged case.

    Raises
    ------
    CaseError
        ``CASE_DAMAGED``.
    """
    problems: list[Problem] = [p for p in verify_case(folder) if p.code not in _ABOUT_IMAGES]
    if problems:
        raise CaseError(
            "CASE_DAMAGED",
            f"{len(problems)} problems, the first: {problems[0].path}: {problems[0].message}",
            advice="Nothing was written; `veinvasion case verify` lists them",
            details={"problems": [[p.code, p.path] for p in problems[:50]]},
        )
