"""napari reader: a folder of DICOM images as layers in their place in the patient.

For a look, without panels. ``veinvasion view`` or "Read a liver study" opens the reading desk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

LayerData = tuple[Any, dict[str, Any], str]
_DICOM_ENDINGS = (".dcm", ".zip")


def get_reader(path: str | Sequence[str]) -> Callable[[Any], list[LayerData]] | None:
    """The reading function for a folder, a zip or a DICOM file; None for anything else."""
    first = Path(path if isinstance(path, str) else path[0])
    if first.is_dir() and (first.name.endswith(".zarr") or not _holds_dicom(first)):
        return None
    if first.is_file() and first.suffix.lower() not in _DICOM_ENDINGS:
        return None
    return read_layers


def _holds_dicom(folder: Path) -> bool:
    from pydicom.misc import is_dicom

    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return any(is_dicom(p) for _, p in zip(range(20), files, strict=False))


def read_layers(path: str | Sequence[str]) -> list[LayerData]:
    """One image layer for each acquisition that shares the frame of most.

    Raises
    ------
    DicomError
        If nothing usable is there.
    """
    from napari.utils.notifications import show_warning

    from imaging.dicom.study_files import load_study
    from imaging.phases.decision import name_phases
    from viewer.layers import layer_metadata, placement, shown_together
    from viewer.session import default_keys, title_of
    from viewer.windows import PRESETS, limits
    from workup.reading import Reading

    study = load_study(path if isinstance(path, str) else path[0])
    reading = Reading(study, decisions=name_phases(study))
    together = shown_together(study, default_keys(reading))
    windows = limits(PRESETS["liver"], [study[key] for key in together.keys])
    layers: list[LayerData] = []
    for key in together.keys:
        acquisition = study[key]
        place = placement(acquisition.volume.geometry, together.frame)
        settings = {
            "name": title_of(reading, key),
            "scale": place.scale,
            "translate": place.translate,
            "units": ("mm",) * 3,
            "contrast_limits": windows[key],
            "metadata": layer_metadata(acquisition),
        }
        layers.append((acquisition.volume.voxels, settings, "image"))
    for key, why in together.left_out.items():
        show_warning(f"Series {study[key].header.series_number or '?'} is not shown: {why}")
    return layers
