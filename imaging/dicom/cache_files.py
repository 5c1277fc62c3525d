"""Open a study again without reading its DICOM: volumes as plain arrays, mapped into memory.

An entry is made by one rename of a finished folder and is never changed. Its key covers the name, size
and time of change of every file and this loader's version; a file that was touched makes another key.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.dicom.study_files import Progress, load_study
from imaging.geometry import VolumeGeometry
from imaging.volume import Acquisition, AcquisitionHeader, Caution, Refused, Skipped, Study, Volume

#: Entries of another version of the loader are not used.
LOADER_VERSION = 1
_MOMENTS = ("acquisition_datetime", "contrast_start_datetime")


def load_cached(
    path: str | os.PathLike[str],
    cache: str | os.PathLike[str],
    *,
    resample: bool = False,
    progress: Progress | None = None,
) -> Study:
    """``load_study``, from the cache where nothing changed since; else loaded and kept.

    Parameters
    ----------
    path : path
        A folder, file or zip.
    cache : path
        Folder of the entries; made where absent. It holds images: keep it as safe as they are.
    resample : bool
        As for ``load_study``.
    progress : callable, optional
        As for ``load_study``.
    """
    source, folder = Path(path), Path(cache)
    entry = folder / source_key(source, resample)
    if (entry / "study.json").is_file():
        return _read(entry, str(path))
    study = load_study(source, resample=resample, progress=progress)
    _keep(study, entry)
    return study


def source_key(source: Path, resample: bool) -> str:
    """Name of a cache entry: a hash of every file's name, size and time of change."""
    digest = hashlib.sha256(f"{LOADER_VERSION} {resample} {source.resolve()}".encode())
    for folder, names, files in (
        os.walk(source) if source.is_dir() else [(str(source.parent), [], [source.name])]
    ):
        names.sort()
        for name in sorted(files):
            path = os.path.join(folder, name)  # noqa: PTH118 - thousands of files, Path is ten times slower
            found = os.stat(path)  # noqa: PTH116
            digest.update(
                f"{path}\0{found.st_size} {found.st_mtime_ns} {found.st_ino}\n".encode(
                    errors="surrogateescape"
                )
            )
    return digest.hexdigest()[:32]


def _keep(study: Study, entry: Path) -> None:
    """Write an entry beside its place and move it there whole."""
    entry.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = Path(tempfile.mkdtemp(prefix=".new-", dir=entry.parent))
    try:
        document = {
            "acquisitions": [_written(a, made, n) for n, a in enumerate(study)],
            "refused": [asdict(r) for r in study.refused],
            "skipped": [asdict(s) for s in study.skipped],
        }
        (made / "study.json").write_text(json.dumps(document, allow_nan=False))
        made.rename(entry)
    except OSError:
        # Somebody else kept the same study meanwhile, or the disk is full: the study is loaded anyway.
        shutil.rmtree(made, ignore_errors=True)


def _written(acquisition: Acquisition, folder: Path, number: int) -> dict[str, Any]:
    volume = acquisition.volume
    np.save(folder / f"{number}.voxels.npy", volume.voxels, allow_pickle=False)
    if volume.valid is not None:
        np.save(folder / f"{number}.valid.npy", volume.valid, allow_pickle=False)
    header = {
        k: v.isoformat() if isinstance(v, datetime) else v for k, v in asdict(acquisition.header).items()
    }
    return {
        "key": acquisition.key,
        "header": header,
        "cautions": [asdict(c) for c in acquisition.cautions],
        "index_to_patient_mm": volume.geometry.index_to_patient_mm.tolist(),
        "unit": volume.unit,
        "valid": volume.valid is not None,
        "resampled": volume.resampled,
    }


def _read(entry: Path, source: str) -> Study:
    document = json.loads((entry / "study.json").read_text())
    return Study(
        tuple(_acquisition(entry, n, a) for n, a in enumerate(document["acquisitions"])),
        tuple(Refused(**{**r, "files": tuple(r["files"])}) for r in document["refused"]),
        tuple(Skipped(s["reason"], s["count"], tuple(s["examples"])) for s in document["skipped"]),
        source,
    )


def _acquisition(entry: Path, number: int, kept: Mapping[str, Any]) -> Acquisition:
    voxels = _mapped(entry / f"{number}.voxels.npy")
    valid = _mapped(entry / f"{number}.valid.npy") if kept["valid"] else None
    geometry = VolumeGeometry(voxels.shape, np.array(kept["index_to_patient_mm"]))
    volume = Volume(voxels, geometry, kept["unit"], valid, kept["resampled"])
    cautions = tuple(Caution(**c) for c in kept["cautions"])
    return Acquisition(kept["key"], _header(kept["header"]), volume, cautions)


def _mapped(path: Path) -> NDArray[Any]:
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _header(kept: Mapping[str, Any]) -> AcquisitionHeader:
    values = {f.name: _tuples(kept[f.name]) for f in fields(AcquisitionHeader) if f.name in kept}
    for name in _MOMENTS:
        values[name] = datetime.fromisoformat(kept[name]) if kept[name] else None
    return AcquisitionHeader(**values)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value
