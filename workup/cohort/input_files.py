"""The inputs of one case: brought to this machine, sized and hashed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from imaging.regions.label_map_files import NIFTI_ENDINGS
from workup.case.case_files import image_place, is_store, read_json
from workup.case.reader_files import CaseReader
from workup.case.source_files import image_folder
from workup.cohort.item import CohortItem
from workup.errors import CaseError

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


def input_files(item: CohortItem) -> dict[str, Path]:
    """Every local file that an item is assessed from, by its part and its name within it, in a fixed order.

    A case may name images that lie outside of its folder, and a label map has its sidecar beside it: they
    decide as much as what lies inside.
    """
    files: dict[str, Path] = {}
    for part in _PARTS:
        value = getattr(item, part)
        if value is not None and not is_remote(value):
            files |= _files_at(part, Path(value))
    if not is_remote(item.path):
        files |= _images_elsewhere(Path(item.path))
    if item.regions is not None and not is_remote(item.regions):
        files |= _beside_regions(Path(item.regions))
    return files


def _files_at(part: str, place: Path) -> dict[str, Path]:
    if not place.is_dir():
        return {f"{part}/{place.name}": place}
    files = sorted(p for p in place.rglob("*") if p.is_file())
    return {f"{part}/{p.relative_to(place).as_posix()}": p for p in files}


def _images_elsewhere(folder: Path) -> dict[str, Path]:
    """Image files of a case that do not lie in its folder: named by it, or behind a symbolic link."""
    try:
        if is_store(folder):
            images = image_folder(folder, CaseReader(folder).source())
        else:
            images = image_place(folder)
    except (CaseError, OSError, AttributeError, KeyError, TypeError, ValueError):
        return {}  # a damaged case is refused from what its own files say
    if images.resolve().is_relative_to(folder.resolve()) or not images.exists():
        return {}
    return _files_at("images", images)


def _beside_regions(path: Path) -> dict[str, Path]:
    """The sidecar of a label map, or the label maps of a ``regions.json`` that was named by itself."""
    stem = next((path.name.removesuffix(end) for end in NIFTI_ENDINGS if path.name.endswith(end)), None)
    if stem is not None:
        names = [f"{stem}.json"]
    elif path.name.endswith(".json"):
        try:
            names = [str(mask["file"]) for mask in read_json(path)["masks"]]
        except (CaseError, OSError, KeyError, TypeError):
            return {}  # a seed file, or one that is refused from what it says itself
    else:
        return {}
    found = {f"regions/beside/{name}": path.parent / name for name in names}
    return {name: place for name, place in sorted(found.items()) if place.is_file()}


def input_megabytes(item: CohortItem) -> float:
    """Size of the inputs on disk. [MB]"""
    return sum(p.stat().st_size for p in input_files(item).values()) / 1e6


def quick_key(item: CohortItem, settings: str) -> str:
    """Key from names, sizes and modification times; '' where a part is remote or not there."""
    if any(is_remote(getattr(item, part)) for part in _PARTS):
        return ""
    digest = hashlib.sha256(settings.encode())
    for name, path in input_files(item).items():
        try:
            status = path.stat()
        except FileNotFoundError:
            return ""
        digest.update(os.fsencode(f"{name}\0{path}\0{status.st_size}\0{status.st_mtime_ns}\n"))
    return digest.hexdigest()


def content_key(item: CohortItem, settings: str) -> str:
    """Key from the bytes and what each file is called; where the parts lie does not matter.

    Names count: a record that was renamed away is no record any more.
    """
    digest = hashlib.sha256(settings.encode())
    for name, path in input_files(item).items():
        with path.open("rb") as stream:
            of_file = hashlib.file_digest(stream, "sha256").hexdigest()
        digest.update(os.fsencode(f"{name}\0{of_file}\n"))
    return digest.hexdigest()
