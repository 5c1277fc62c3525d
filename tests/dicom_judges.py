"""Independent judges of DICOM objects: dciodvfy (dicom3tools) and dcmqi, run as programs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

_WHERE = f"{Path(sys.executable).parent}:/usr/bin:/usr/local/bin"
DCIODVFY = shutil.which("dciodvfy", path=_WHERE)
SEGMENTS = shutil.which("segimage2itkimage", path=_WHERE)
REPORT = shutil.which("tid1500reader", path=_WHERE)

needs_dciodvfy = pytest.mark.skipif(DCIODVFY is None, reason="dciodvfy (dicom3tools) is not installed")
needs_dcmqi = pytest.mark.skipif(SEGMENTS is None or REPORT is None, reason="dcmqi is not installed")


def dciodvfy_errors(path: Path) -> list[str]:
    """What dciodvfy calls an error; its exit code is no verdict."""
    done = subprocess.run([DCIODVFY, str(path)], capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).splitlines()
    assert said, "dciodvfy names the object it checked"
    return [line for line in said if line.startswith("Error")]


def dcmqi_voxels(path: Path, folder: Path) -> dict[int, set[tuple[float, float, float]]]:
    """Voxels of each segment as dcmqi reads them: patient positions in hundredths of a millimeter."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [SEGMENTS, "--inputDICOM", str(path), "--outputDirectory", str(folder), "-t", "nrrd"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    found = {}
    for file in folder.glob("*.nrrd"):
        image = SimpleITK.ReadImage(str(file))
        labels = SimpleITK.GetArrayFromImage(image)
        turn = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
        for label in np.unique(labels[labels > 0]):
            z, y, x = np.nonzero(labels == label)
            places = np.stack([x, y, z], axis=1) @ turn.T + np.array(image.GetOrigin())
            found[int(label)] = rounded(places)
    return found


def rounded(places_mm: np.ndarray) -> set[tuple[float, float, float]]:
    """Positions as a set that small differences of writing do not change."""
    return {tuple(p) for p in (np.round(places_mm, 2) + 0.0).tolist()}


def dcmqi_report(path: Path, folder: Path) -> dict:
    """A TID 1500 report as dcmqi reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "report.json"
    command = [REPORT, "--inputDICOM", str(path), "--outputMetadata", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    return json.loads(target.read_text())
