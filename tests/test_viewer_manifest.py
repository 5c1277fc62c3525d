"""The napari plugin: manifest, reader, writer, sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("napari")

import nibabel
from npe2 import PluginManifest

from imaging.errors import RegionError
from viewer.reader_files import get_reader, read_layers
from viewer.writer_files import write_labels

ROOT = Path(__file__).parent.parent


def test_the_manifest_is_valid_and_every_command_exists():
    manifest = PluginManifest.from_file(ROOT / "viewer" / "napari.yaml")
    manifest.validate_imports()

    assert manifest.name == "veinvasion"
    assert len(manifest.contributions.commands) == 5


def test_a_dicom_folder_is_read_and_other_things_are_left_to_others(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    assert get_reader(str(tmp_path)) is None
    assert get_reader(str(tmp_path / "notes.txt")) is None
    assert get_reader([str(ROOT / "sample_dicom" / "dicom")]) is read_layers


def test_the_sample_opens_as_four_phases_in_their_place_and_outlines_are_written_there(tmp_path):
    layers = read_layers(str(ROOT / "sample_dicom" / "dicom"))
    names = [settings["name"].split("  ")[0] for _, settings, _ in layers]
    assert names == ["Unenhanced", "Late arterial", "Portal venous", "Delayed"]
    assert all(settings["units"] == ("mm",) * 3 for _, settings, _ in layers)

    voxels, settings, _ = layers[1]
    outline = np.zeros(voxels.shape, np.uint8)
    outline[3, 40, 50] = 2
    (written,) = write_labels(str(tmp_path / "outline.nii.gz"), outline, settings)
    image = nibabel.load(written)
    right, front, top = (image.affine @ (3, 40, 50, 1))[:3]
    matrix = np.array(settings["metadata"]["index_to_patient_mm"])
    assert np.allclose((matrix @ (3, 40, 50, 1))[:3], (-right, -front, top))
    assert int(np.asarray(image.dataobj)[3, 40, 50]) == 2


def test_a_layer_that_knows_no_place_is_not_written(tmp_path):
    with pytest.raises(RegionError, match="does not know its place"):
        write_labels(str(tmp_path / "x.nii.gz"), np.zeros((2, 2, 2)), {})
