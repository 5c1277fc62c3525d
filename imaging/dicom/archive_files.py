"""What to open: the files of a folder, one file, or the members of a zip.

A zip's member names are only ever shown, never used as a path: members are unpacked under numbers into
a private folder that vanishes afterwards.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from imaging.dicom.failures import refusal

#: Members of a zip; a dynamic study of many phases has some thousand images.
MAX_MEMBERS = 200_000
#: Unpacked size of a zip. [bytes]
MAX_UNPACKED_BYTES = 32 << 30
#: Unpacked to packed size: CT compresses about 3 to 1, an all-air slice about 500 to 1.
MAX_RATIO = 200
#: Small archives may have any ratio. [bytes]
RATIO_FROM_BYTES = 64 << 20


@contextmanager
def opened(path: Path, *, links: bool = True) -> Iterator[dict[str, Path]]:
    """Files under a path by the name to show, in order of name; a zip is unpacked meanwhile.

    Parameters
    ----------
    path : Path
        Folder, file or zip.
    links : bool
        Follow symbolic links to files inside a folder; without, they are left out.

    Raises
    ------
    DicomError
        ``UNREADABLE`` or ``UNSAFE_ARCHIVE``.
    """
    if path.is_dir():
        found = files_below(path)
        yield {p.relative_to(path).as_posix(): p for p in found if links or not p.is_symlink()}
    elif not path.is_file():
        raise refusal("UNREADABLE", path.name)
    elif _is_zip(path):
        with tempfile.TemporaryDirectory(prefix="veinvasion-") as folder:
            yield _unpacked(path, Path(folder))
    else:
        yield {path.name: path}


def files_below(folder: Path) -> list[Path]:
    """Files at any depth in order of path, and folders that may not be looked into: reading one then fails.

    To pass such a folder over would be to lose a phase without a word.
    """
    return sorted(p for p in folder.rglob("*") if p.is_file() or _is_closed(p))


def _is_closed(path: Path) -> bool:
    return path.is_dir() and not os.access(path, os.R_OK | os.X_OK)


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(132)
    return start[:4] in (b"PK\x03\x04", b"PK\x05\x06") and start[128:132] != b"DICM"


def _unpacked(path: Path, folder: Path) -> dict[str, Path]:
    files: dict[str, Path] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            _check_members(archive.infolist(), path.stat().st_size)
            for number, member in enumerate(sorted(members, key=lambda m: m.filename)):
                target = folder / f"{number:06d}"
                _unpack(archive, member, target)
                files[member.filename] = target
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise refusal("UNSAFE_ARCHIVE", f"{path.name} cannot be unpacked ({type(error).__name__})") from error
    return files


def _check_members(members: list[zipfile.ZipInfo], packed_bytes: int) -> None:
    if len(members) > MAX_MEMBERS:
        raise refusal("UNSAFE_ARCHIVE", f"{len(members)} members", expected=f"at most {MAX_MEMBERS}")
    total = sum(m.file_size for m in members)
    if total > MAX_UNPACKED_BYTES:
        raise refusal("UNSAFE_ARCHIVE", f"{total} bytes unpacked", expected=f"at most {MAX_UNPACKED_BYTES}")
    if total > RATIO_FROM_BYTES and total > MAX_RATIO * packed_bytes:
        raise refusal("UNSAFE_ARCHIVE", f"unpacks to {total / packed_bytes:.0f} times its size")
    names = [m.filename for m in members]
    if len(set(names)) != len(names):
        raise refusal("UNSAFE_ARCHIVE", "two members share one name")
    for number, member in enumerate(members):
        name = PurePosixPath(member.filename.replace("\\", "/"))
        escapes = name.is_absolute() or ".." in name.parts or ":" in member.filename.partition("/")[0]
        kind = stat.S_IFMT(member.external_attr >> 16)
        if escapes or kind not in (0, stat.S_IFREG, stat.S_IFDIR) or member.flag_bits & 1:
            what = "an escaping name" if escapes else "encryption" if member.flag_bits & 1 else "a link"
            raise refusal("UNSAFE_ARCHIVE", f"member {number + 1} has {what}")


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    """Write one member; ``zipfile`` gives no more than it declared and then compares the checksum."""
    with archive.open(member) as source, target.open("xb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
