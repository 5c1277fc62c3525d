"""Long and short axis of one lesion in a 512 x 512 study against its peers, over three sizes.

    python benchmarks/diameters.py [--rounds 7]

All ways run in turn, round after round, on one thread, each for at least 20 ms a round; medians of CPU
time, which other work on the machine disturbs least. pyradiomics takes part where it is installed. Label
lookup in the whole volume is timed beside it, and the growth with the boundary is shown at the end.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import SimpleITK as sitk  # noqa: N813  (the name its users know)
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.distance import pdist
from skimage.measure import regionprops

from imaging.findings.diameters import measure_mask
from imaging.findings.label_masks import label_masks
from imaging.findings.slice_axes import longest_slice
from imaging.geometry import VolumeGeometry
from imaging.regions.region import RegionMask

PIXEL_MM = 0.78
SIZES = (30, 100, 200)
Mask = NDArray[np.bool_]


def lesion(across: int) -> Mask:
    """A bumpy ellipsoid ``across`` pixels wide, as a reader would outline it."""
    n = across + 8
    index = np.indices((n, n, n)).astype(np.float32) - n / 2 + np.float32(0.3)
    angle = np.arctan2(index[1], index[2])
    bumps = 1 + 0.04 * np.sin(5 * angle) + 0.03 * np.sin(11 * angle)
    away = np.sqrt((1.1 * index[0]) ** 2 + (1.15 * index[1]) ** 2 + index[2] ** 2)
    return away <= across / 2 * bumps / 1.07


def boundary_pdist(box: Mask) -> float:
    """Largest distance of boundary pixel centers, slice by slice: long axis only."""
    longest = 0.0
    for pixels in box:
        points = np.argwhere(pixels & ~ndimage.binary_erosion(pixels)) * PIXEL_MM
        if len(points) > 1:
            longest = max(longest, float(pdist(points).max()))
    return longest


def simpleitk_feret(box: Mask) -> float:
    """Feret diameter of each slice: long axis only."""
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.ComputeFeretDiameterOn()
    longest = 0.0
    for pixels in box:
        image = sitk.GetImageFromArray(pixels.astype(np.uint8))
        image.SetSpacing((PIXEL_MM, PIXEL_MM))
        shape.Execute(image)
        if shape.GetLabels():
            longest = max(longest, shape.GetFeretDiameter(1))
    return longest


def scikit_image_feret(box: Mask) -> float:
    """``feret_diameter_max`` of each slice: long axis only."""
    found = [
        region.feret_diameter_max * PIXEL_MM for pixels in box for region in regionprops(pixels.astype(int))
    ]
    return max(found)


def pyradiomics_diameter() -> Callable[[Mask], float] | None:
    """``Maximum2DDiameterSlice`` on the cropped lesion, if pyradiomics is installed."""
    try:
        from radiomics import logger, shape
    except ImportError:
        return None
    logger.setLevel("ERROR")

    def measured(box: Mask) -> float:
        image = sitk.GetImageFromArray(np.pad(box, 1).astype(np.uint8))
        image.SetSpacing((PIXEL_MM, PIXEL_MM, PIXEL_MM))
        return float(shape.RadiomicsShape(image, image).getMaximum2DDiameterSliceFeatureValue())

    return measured


def long_axis_alone(mask: RegionMask) -> float:
    """What the peers give, from ours: the longest distance of pixel centers within a slice."""
    counts = np.count_nonzero(mask.voxels, axis=(1, 2))
    return longest_slice(mask.voxels, counts > 0, "center", np.diag([PIXEL_MM, PIXEL_MM])).length


def boundary_pixels(box: Mask) -> int:
    """Pixels of all slices that touch one outside."""
    return sum(int((pixels & ~ndimage.binary_erosion(pixels)).sum()) for pixels in box)


def spent_ms(way: Callable[[], object], at_least_ms: float = 20.0) -> float:
    """CPU time of one call, as the mean of so many that they take a while: the clock has 1 ms ticks."""
    calls, started = 0, time.process_time()
    while (spent := 1000 * (time.process_time() - started)) < at_least_ms:
        way()
        calls += 1
    return spent / calls


def timed(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of each way, all in turn within each round."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            spent[name].append(spent_ms(way))
    return {name: statistics.median(values) for name, values in spent.items()}


def geometry(shape: tuple[int, ...]) -> VolumeGeometry:
    axes = [[0, 0, PIXEL_MM, 0], [0, PIXEL_MM, 0, 0], [PIXEL_MM, 0, 0, 0], [0, 0, 0, 1]]
    return VolumeGeometry((shape[0], shape[1], shape[2]), np.array(axes))


def show_growth(growth: list[tuple[int, dict[str, float]]]) -> None:
    """Exponent of the time over boundary pixels between neighboring sizes; 1 is in proportion."""
    print("\ngrowth with boundary pixels: exponent from each size to the next")
    for (few, before), (many, after) in pairwise(growth):
        for name in before:
            exponent = math.log(after[name] / before[name]) / math.log(many / few)
            print(f"  {few:7d} -> {many:7d}  {name:34s} {exponent:5.2f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    radiomics = pyradiomics_diameter()
    if radiomics is None:
        print("pyradiomics is not installed")
    growth: list[tuple[int, dict[str, float]]] = []
    for across in SIZES:
        mask = RegionMask.from_full(lesion(across), geometry(lesion(across).shape))
        box = mask.voxels
        ways: dict[str, Callable[[], object]] = {
            "boundary pdist": lambda box=box: boundary_pdist(box),
            "ours, center, long axis only": lambda mask=mask: long_axis_alone(mask),
            "ours, center, both axes": lambda mask=mask: measure_mask(mask, estimator="center"),
            "ours, g0.7, interval, both axes": lambda mask=mask: measure_mask(mask),
            "SimpleITK Feret": lambda box=box: simpleitk_feret(box),
            "scikit-image Feret": lambda box=box: scikit_image_feret(box),
        }
        if radiomics is not None:
            ways["pyradiomics"] = lambda box=box: radiomics(box)
        found = timed(ways, rounds if across < 200 else max(3, rounds // 2))
        growth.append((boundary_pixels(box), found))
        exact = measure_mask(mask, estimator="center").long_axis_mm
        print(f"\n{across} pixels across, long axis {exact:.3f} mm (pdist {boundary_pdist(box):.3f})")
        for name, ms in found.items():
            print(f"  {name:34s} {ms:9.2f} ms  {ms / found['boundary pdist']:7.3f} x pdist")
    show_growth(growth)
    volume = np.zeros((200, 512, 512), np.uint8)
    volume[60:90, 200:230, 200:230] = lesion(22)
    found = timed(
        {
            "ours: rows that hold labels": lambda: label_masks(volume, geometry(volume.shape)),
            "scipy find_objects": lambda: ndimage.find_objects(volume),
        },
        rounds,
    )
    print("\none label of 30 pixels in 200 x 512 x 512")
    for name, ms in found.items():
        print(f"  {name:34s} {ms:9.2f} ms")


if __name__ == "__main__":
    main()
