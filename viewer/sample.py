"""Sample data: a synthetic liver CT in four phases, with tumor growing into the portal vein."""

from __future__ import annotations

from pathlib import Path

from viewer.reader_files import LayerData, read_layers

#: Beside the packages in a source checkout; it is not part of an installed wheel.
SAMPLE_FOLDER = Path(__file__).parent.parent / "sample_dicom" / "dicom"


def liver_with_tumor_in_vein() -> list[LayerData]:
    """Layers of the shipped sample, or of the same phantom made afresh (about ten seconds)."""
    if SAMPLE_FOLDER.is_dir():
        return read_layers(str(SAMPLE_FOLDER))
    return _made_afresh()


def _made_afresh() -> list[LayerData]:
    import tempfile

    from imaging.phantom import PhantomSpec
    from imaging.phantom_files import write_case

    with tempfile.TemporaryDirectory(prefix="veinvasion-") as folder:
        write_case(PhantomSpec(), folder)
        return read_layers(str(Path(folder) / "dicom"))
