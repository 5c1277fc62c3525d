"""Registration around a lesion against SimpleITK on the whole volume, each way in a process of its own.

    python benchmarks/registration.py [--slices 100] [--pixels 256] [--rounds 1]

The moving phase is a portal venous phantom bent by a known smooth field: it breathes by 4 mm, less near the
spine, and moves by up to 5.5 mm more beside the tumor. The error left is the distance between where a way
takes points of the liver within 40 mm of the tumor and where they truly went. Time is that of the way
alone; peak memory is the process's, with both volumes and all libraries in it. Growth is shown over three
sizes of box.
"""

from __future__ import annotations

import argparse
import math
import pickle
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813  (the name its users know)
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from imaging.findings.alignment import align
from imaging.findings.deformation import deform
from imaging.phantom.phantom import make_phantom
from imaging.phantom.spec import PORTAL_VENOUS, UNENHANCED, PhantomSpec
from imaging.volume import Acquisition, Volume

Points = NDArray[np.float64]
PointMap = Callable[[Points], Points]

TUMOR_MM = (-101.0, 0.0, 10.0)
#: Liver so far from the tumor counts, along each axis. [mm]
NEAR_MM = 40.0
#: Field of view and height of the study, whatever its matrix. [mm]
ACROSS_MM, ALONG_MM = 384.0, 250.0
#: Half sides of the box over which growth is shown. [mm]
BOXES_MM = (30.0, 45.0, 60.0)


def bend(positions: Points) -> Points:
    """Where in the unbent image a position of the bent one comes from. [mm]"""
    aside = np.add(TUMOR_MM, (25.0, -10.0, -15.0))
    far = np.linalg.norm(positions - aside, axis=-1, keepdims=True)
    breathing = np.exp(-((np.maximum(positions[..., 1:2], 0) / 90) ** 2)) * np.array((0.3, -1.2, 3.4))
    local = 5.5 * np.exp(-((far / 40) ** 2)) * np.array((0.25, -0.35, 0.9))
    return np.asarray(positions + breathing + local)


def unbend(positions: Points) -> Points:
    """Where in the bent image a position of the unbent one went: the inverse of ``bend``. [mm]"""
    went = positions.copy()
    for _ in range(30):
        went -= bend(went) - positions
    return went


def bent(volume: Volume) -> Volume:
    """The volume seen through ``bend``, slice by slice, as whole numbers."""
    grid = volume.geometry
    out = np.empty(grid.shape, dtype=np.int16)
    for k in range(grid.shape[0]):
        at = np.moveaxis(np.indices(grid.shape[1:]), 0, -1)
        index = np.concatenate([np.full((*grid.shape[1:], 1), k), at], axis=-1)
        source = grid.index(bend(grid.patient_mm(index)))
        low = max(0, int(source[..., 0].min()) - 1)
        part = volume.voxels[low : int(source[..., 0].max()) + 3].astype(np.float32)
        place = np.moveaxis(source - (low, 0, 0), -1, 0)
        out[k] = np.rint(map_coordinates(part, place, order=1, mode="nearest"))
    return replace(volume, voxels=out)


def write_study(folder: Path, slices: int, pixels: int) -> None:
    """Both phases and the liver's points near the tumor, for the other processes to read."""
    scans = tuple(replace(s, breathing_mm=(0.0, 0.0, 0.0)) for s in (UNENHANCED, PORTAL_VENOUS))
    spacing = (ALONG_MM / slices, ACROSS_MM / pixels, ACROSS_MM / pixels)
    phantom = make_phantom(
        replace(PhantomSpec(), shape=(slices, pixels, pixels), spacing_mm=spacing, scans=scans)
    )
    fixed, moving = phantom.acquisitions
    liver = fixed.volume.geometry.patient_mm(np.argwhere(phantom.mask(fixed.key, "liver")))
    near = (np.abs(liver - np.array(TUMOR_MM)) <= NEAR_MM).all(axis=1)
    points = liver[near][:: max(1, int(near.sum()) // 5000)]
    moving = replace(moving, volume=bent(moving.volume))
    (folder / "study.pickle").write_bytes(pickle.dumps((fixed, moving, points), protocol=5))


def image(volume: Volume) -> sitk.Image:
    found = sitk.GetImageFromArray(volume.voxels.astype(np.float32))
    found.SetSpacing(volume.geometry.spacing_mm[::-1])
    found.SetOrigin(volume.geometry.patient_mm([0, 0, 0]).tolist())
    return found


def whole_volume(fixed: Acquisition, moving: Acquisition, spline: bool) -> PointMap:
    """As the SimpleITK notebooks do it: mutual information, levels, 5 % of the samples."""
    images = image(fixed.volume), image(moving.volume)
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(50)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(0.05, 7)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsGradientDescent(1.0, 100, 1e-6, 10)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([2, 1, 0])
    start = sitk.CenteredTransformInitializer(
        *images, sitk.Euler3DTransform(), sitk.CenteredTransformInitializerFilter.GEOMETRY
    )
    method.SetInitialTransform(start, inPlace=False)
    done = method.Execute(*images)
    if spline:
        size_mm = np.array(images[0].GetSize()) * images[0].GetSpacing()
        mesh = np.maximum(1, np.rint(size_mm / 50)).astype(int).tolist()  # control points 50 mm apart
        bending = sitk.BSplineTransformInitializer(images[0], mesh, order=3)
        method.SetMovingInitialTransform(done)
        method.SetInitialTransform(bending, inPlace=True)
        method.SetShrinkFactorsPerLevel([4, 2])
        method.SetSmoothingSigmasPerLevel([2, 1])
        method.SetOptimizerAsLBFGSB(numberOfIterations=20)
        method.Execute(*images)
        done = sitk.CompositeTransform([done, bending])
    return lambda points: np.array([done.TransformPoint(p) for p in points.tolist()])


def ours(kind: str) -> Callable[[Acquisition, Acquisition], PointMap]:
    def shift(fixed: Acquisition, moving: Acquisition) -> PointMap:
        found = align(fixed, moving, TUMOR_MM, kind=kind)  # type: ignore[arg-type]
        print(f"residual {found.residual_mm:.2f}", file=sys.stderr)
        return found.to_moving

    return shift


def spline_box(fixed: Acquisition, moving: Acquisition) -> PointMap:
    found = deform(fixed, moving, TUMOR_MM)
    print(f"residual {found.residual_mm:.2f}", file=sys.stderr)

    def through(points: Points) -> Points:
        index = found.shown.geometry.index(points)
        parts = [map_coordinates(found.displacement_mm[..., c], index.T, order=1) for c in range(3)]
        return found.alignment.to_moving(points + np.stack(parts, axis=-1))

    return through


def sized(half_mm: float) -> Callable[[Acquisition, Acquisition], PointMap]:
    return lambda fixed, moving: align(fixed, moving, TUMOR_MM, half_size_mm=half_mm).to_moving


WAYS: dict[str, Callable[[Acquisition, Acquisition], PointMap]] = {
    "SimpleITK rigid, whole volume": lambda f, m: whole_volume(f, m, spline=False),
    "SimpleITK rigid + B-spline, whole volume": lambda f, m: whole_volume(f, m, spline=True),
    "ours, translation in the box": ours("translation"),
    "ours, rigid in the box": ours("rigid"),
    "ours, translation + B-spline in the box": spline_box,
    **{f"box of {2 * half:.0f} mm": sized(half) for half in BOXES_MM},
}


def run(folder: Path, way: str) -> None:
    """In the process of its own: seconds, error and peak memory on one line."""
    fixed, moving, points = pickle.loads((folder / "study.pickle").read_bytes())
    started, spent = time.perf_counter(), time.process_time()
    through = WAYS[way](fixed, moving)
    seconds, cpu = time.perf_counter() - started, time.process_time() - spent
    away = np.linalg.norm(through(points) - unbend(points), axis=1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000  # Linux counts in kilobytes
    print(seconds, cpu, away.mean(), np.quantile(away, 0.95), peak)


def measured(folder: Path, way: str, rounds: int) -> list[float]:
    found = []
    for _ in range(rounds):
        call = [sys.executable, __file__, "--folder", str(folder), "--way", way]
        done = subprocess.run(call, check=False, capture_output=True, text=True)
        if done.returncode:
            print(f"  {way:42s} {done.stderr.strip().splitlines()[-1]}")
            return []
        found.append([float(x) for x in done.stdout.split()])
        residual = [line for line in done.stderr.splitlines() if line.startswith("residual")]
    print(f"  {way:42s}", *[f"{statistics.median(x):8.2f}" for x in zip(*found, strict=True)], *residual[-1:])
    return [statistics.median(x) for x in zip(*found, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=100)
    parser.add_argument("--pixels", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--way")
    arguments = parser.parse_args()
    if arguments.way:
        run(arguments.folder, arguments.way)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.folder or Path(name)
        if not (folder / "study.pickle").exists():
            write = "from registration import *; write_study(Path(sys.argv[1]), *map(int, sys.argv[2:]))"
            study = [str(folder), str(arguments.slices), str(arguments.pixels)]
            subprocess.run([sys.executable, "-c", write, *study], check=True, cwd=Path(__file__).parent)
        points = pickle.loads((folder / "study.pickle").read_bytes())[2]
        moved = np.linalg.norm(unbend(points) - points, axis=1)
        print(f"{arguments.slices} x {arguments.pixels} x {arguments.pixels}, moved by {moved.mean():.1f} mm")
        print(f"  {'way':42s}   wall s    CPU s  mean mm  95 % mm  peak MB")
        found = {way: measured(folder, way, arguments.rounds) for way in WAYS}
    boxes = [half for half in BOXES_MM if found[f"box of {2 * half:.0f} mm"]]
    for few, many in pairwise(boxes):
        one, other = (found[f"box of {2 * half:.0f} mm"][1] for half in (few, many))
        exponent = math.log(other / one) / (3 * math.log(many / few))
        print(f"  {2 * few:.0f} -> {2 * many:.0f} mm: CPU time grows as volume ** {exponent:.2f}")


if __name__ == "__main__":
    main()
