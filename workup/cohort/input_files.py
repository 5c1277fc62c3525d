"""The inputs of one case: brought to this machine, sized and hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from workup.cohort.item import CohortItem
from workup.errors import CaseError

_CHUNK = 1 << 20
_PARTS = ("path", "regions", "record", "reading")


def is_remote(path: str | None) -> bool:
    """Whether a path is a URL for fsspec."""
    return path is not None and "://" in path


@contextmanager
def local_inputs(item: CohortItem) -> Iterator[CohortItem]:
    """The same item with every part on this machine; what was fetched is removed afterwards.

    Raises
    ------
    CaseError
        ``INPUT_ABSENT`` if there is nothing where a part should be; ``EXTRA_MISSING`` without fsspec.
    """
    for part in _PARTS:
        place = getattr(item, part)
        if place is not None and not is_remote(place) and not Path(place).exists():
            raise _absent(part)
    if not any(is_remote(getattr(item, part)) for part in _PARTS):
        yield item
        return
    with TemporaryDirectory(prefix="veinvasion-") as folder:
        here = {
            part: _fetch(value, Path(folder) / part) if is_remote(value := getattr(item, part)) else value
            for part in _PARTS
        }
        yield replace(item, **here)


def _fetch(url: str, target: Path) -> str:
    scheme = url.split("://", maxsplit=1)[0]
    try:
        import fsspec

        system, place = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise CaseError(
            "EXTRA_MISSING",
            f"{scheme}:// needs a package that is not installed",
            expected="the extra `cohort`, and the package that fsspec names for this scheme",
        ) from error
    except ValueError as error:
        raise CaseError("INPUT_ABSENT", f"{scheme}:// is no scheme of fsspec", expected="a URL") from error
    target.mkdir()
    if not system.exists(place):
        raise _absent(target.name)
    if system.isdir(place):
        system.get(place.rstrip("/") + "/", str(target / "data") + "/", recursive=True)
        return str(target / "data")
    name = place.rsplit("/", 1)[-1]
    system.get_file(place, str(target / name))
    return str(target / name)


def _absent(part: str) -> CaseError:
    return CaseError(
        "INPUT_ABSENT",
        f"there is nothing at the {part} of this case",
        expected="a folder, file or URL that this worker can read",
    )


def input_files(item: CohortItem) -> list[Path]:
    """Every local file of an item, in a fixed order."""
    files: list[Path] = []
    for part in _PARTS:
        value = getattr(item, part)
        if value is None or is_remote(value):
            continue
        place = Path(value)
        files += sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]
    return files


def input_megabytes(item: CohortItem) -> float:
    """Size of the inputs on disk. [MB]"""
    return sum(p.stat().st_size for p in input_files(item)) / 1e6


def quick_key(item: CohortItem, settings: str) -> str:
    """Key from names, sizes and modification times; '' where a part is remote or not there."""
    if any(is_remote(getattr(item, part)) for part in _PARTS):
        return ""
    digest = hashlib.sha256(settings.encode())
    for path in input_files(item):
        try:
            status = path.stat()
        except FileNotFoundError:
            return ""
        digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def content_key(item: CohortItem, settings: str) -> str:
    """Key from the bytes themselves and their order; where they lie does not matter."""
    digest = hashlib.sha256(settings.encode())
    for path in input_files(item):
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
        digest.update(b"\0")
    return digest.hexdigest()
