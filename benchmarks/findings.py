"""Maps and region statistics against their peers, their growth, and suggestions, on synthetic studies.

    python benchmarks/findings.py [--rounds 5] [--slices 200]

All ways run in turn, round after round; medians of wall time. "limit" reads the same int16 volumes and
writes the same float32 maps in blocks, with a cast and no arithmetic. pyradiomics takes part in the region
statistics where it can be imported; it is no dependency, and where it is absent the output says so.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import SimpleITK as sitk  # noqa: N813  (the name its users know)

from imaging.findings.maps import BLOCK_ROWS, enhancement_map, washout_map
from imaging.geometry import VolumeGeometry
from imaging.phantom.phantom import make_phantom
from imaging.phantom.spec import DELAYED, LATE_ARTERIAL, PORTAL_VENOUS, UNENHANCED, PhantomSpec
from imaging.regions.growing import grow_from_click
from imaging.regions.statistics import label_statistics, rows_with_labels
from imaging.regions.suggestions import suggest_aorta, suggest_reference_liver
from imaging.volume import Volume

#: Where the phantom's tumor lies. [mm]
TUMOR_MM = (-101.0, 0.0, 10.0)

Ways = dict[str, Callable[[], object]]


def timed(ways: Ways, rounds: int, clock: Callable[[], float] = time.perf_counter) -> dict[str, float]:
    """Median milliseconds of each way, run in turn."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = clock()
            way()
            found[name].append(1000 * (clock() - start))
    return {name: statistics.median(times) for name, times in found.items()}


def show(title: str, times: dict[str, float], against: str) -> None:
    print(f"\n{title}")
    for name, ms in times.items():
        print(f"  {name:45s} {ms:10.1f} ms   {ms / times[against]:8.2f} x {against}")


def phases(slices: int) -> list[Volume]:
    random = np.random.default_rng(0)
    grid = VolumeGeometry((slices, 512, 512), np.diag([2.5, 0.8, 0.8, 1.0])[[2, 1, 0, 3]])
    valid = np.ones(grid.shape, dtype=bool)
    valid[:, :40, :40] = False
    return [
        Volume(random.integers(-100, 300, grid.shape, dtype=np.int16), grid, "HU", valid) for _ in range(4)
    ]


def limit(volumes: list[Volume]) -> None:
    """The memory traffic of the enhancement map and two washout maps."""
    _, arterial, portal, delayed = (v.voxels.reshape(-1, 512) for v in volumes)
    unenhanced = volumes[0].voxels.reshape(-1, 512)
    for a, b in ((arterial, unenhanced), (arterial, portal), (arterial, delayed)):
        out = np.empty(a.shape, dtype=np.float32)
        spare = np.empty((BLOCK_ROWS, 512), dtype=np.float32)
        for start in range(0, len(a), BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            np.copyto(out[rows], a[rows])
            np.copyto(spare[: len(b[rows])], b[rows])


def ours(volumes: list[Volume]) -> None:
    u, a, p, d = volumes
    enhancement_map(u, a)
    washout_map(a, p)
    washout_map(a, d)


def naive(volumes: list[Volume], kind: type[np.floating]) -> None:
    u, a, p, d = (v.voxels.astype(kind) for v in volumes)
    for one, other in ((a, u), (a, p), (a, d)):
        found = one - other
        found[~volumes[0].valid] = np.nan


def simpleitk_maps(images: list[sitk.Image], valid: sitk.Image) -> None:
    u, a, p, d = images
    for one, other in ((a, u), (a, p), (a, d)):
        difference = sitk.Cast(one, sitk.sitkFloat32) - sitk.Cast(other, sitk.sitkFloat32)
        sitk.Mask(difference, valid, outsideValue=float("nan"))


def maps(rounds: int, slices: int) -> None:
    volumes = phases(slices)
    images = [sitk.GetImageFromArray(v.voxels) for v in volumes]
    valid = sitk.GetImageFromArray(volumes[0].valid.astype(np.uint8))
    ways: Ways = {
        "limit": lambda: limit(volumes),
        "ours": lambda: ours(volumes),
        "numpy float32": lambda: naive(volumes, np.float32),
        "numpy float64": lambda: naive(volumes, np.float64),
        "SimpleITK": lambda: simpleitk_maps(images, valid),
    }
    show(f"Three maps of 4 x {slices} x 512 x 512 int16", timed(ways, rounds), "limit")


def region_labels(slices: int) -> np.ndarray:
    """Ten regions of 8 to 30 mm."""
    labels = np.zeros((slices, 512, 512), dtype=np.uint8)
    random = np.random.default_rng(1)
    for label in range(1, 11):
        z, y, x = random.integers(15, slices - 15), *random.integers(100, 400, 2)
        r = int(random.integers(5, 19))
        s = max(2, r // 3)
        index = np.indices((2 * s + 1, 2 * r + 1, 2 * r + 1)) - np.array([s, r, r])[:, None, None, None]
        ball = (index[0] / s) ** 2 + (index[1] / r) ** 2 + (index[2] / r) ** 2 <= 1
        labels[z - s : z + s + 1, y - r : y + r + 1, x - r : x + r + 1][ball] = label
    return labels


def simpleitk_statistics(labels: sitk.Image, images: list[sitk.Image]) -> None:
    for image in images:
        found = sitk.LabelStatisticsImageFilter()
        found.Execute(image, labels)


def radiomics_ways(labels: sitk.Image, images: list[sitk.Image]) -> Ways:
    """Mean and variance of each region by pyradiomics; nothing where it cannot be imported."""
    try:
        from radiomics.firstorder import RadiomicsFirstOrder
    except ImportError:
        print("\npyradiomics is not installed and takes no part")
        return {}

    def measure() -> None:
        for label in range(1, 11):
            for image in images:
                features = RadiomicsFirstOrder(image, labels, label=label)
                features.enableFeatureByName("Mean")
                features.enableFeatureByName("Variance")
                features.execute()

    return {"pyradiomics first order": measure}


def masks(labels: np.ndarray, volumes: list[Volume]) -> None:
    for label in range(1, 11):
        inside = labels == label
        for v in volumes:
            values = v.voxels[inside]
            values.mean(), values.std(ddof=1)


def regions(rounds: int, slices: int) -> None:
    volumes = [replace(v, valid=None) for v in phases(slices)]
    images = [sitk.GetImageFromArray(v.voxels) for v in volumes]
    labels = region_labels(slices)
    seen = sitk.GetImageFromArray(labels)
    ways: Ways = {
        "limit": lambda: labels.view(np.uint64).any(),
        "finding the rows": lambda: rows_with_labels(labels),
        "ours": lambda: label_statistics(labels, volumes),
        "boolean mask per region": lambda: masks(labels, volumes),
        "SimpleITK LabelStatistics": lambda: simpleitk_statistics(seen, images),
        **radiomics_ways(seen, images),
    }
    show(f"10 regions over 4 phases of {slices} x 512 x 512", timed(ways, rounds), "limit")


def show_growth(title: str, sizes: list[int], ways: list[Callable[[], object]], rounds: int) -> None:
    """CPU times over three sizes, and the exponent from each to the next; 1 is in proportion.

    All of it is one thread; other work on the machine disturbs CPU time least.
    """
    named = {f"{n:,d}": way for n, way in zip(sizes, ways, strict=True)}
    times = list(timed(named, rounds, time.process_time).values())
    print(f"\n{title}")
    for size, ms in zip(sizes, times, strict=True):
        print(f"  {size:12,d} {ms:10.2f} ms")
    for (few, before), (many, after) in pairwise(zip(sizes, times, strict=True)):
        exponent = math.log(after / before) / math.log(many / few)
        print(f"  {few:,d} -> {many:,d}: exponent {exponent:.2f}")


def growth(rounds: int, slices: int) -> None:
    """Maps with the voxels of the study; region statistics with those of the study and of the regions."""
    parts = [slices // 4, slices // 2, slices]
    studies = [phases(n) for n in parts]
    voxels = [n * 512 * 512 for n in parts]
    show_growth("Maps with a phase's voxels", voxels, [partial(ours, study) for study in studies], rounds)
    plain = [[replace(v, valid=None) for v in study] for study in studies]
    blocks = [block_labels(n, 32) for n in parts]
    ways = [partial(label_statistics, *pair) for pair in zip(blocks, plain, strict=True)]
    show_growth("Region statistics with a phase's voxels, and the regions'", voxels, ways, rounds)
    blocks = [block_labels(slices, side) for side in (16, 32, 64)]
    labeled = [int(np.count_nonzero(labels)) for labels in blocks]
    ways = [partial(label_statistics, labels, plain[2]) for labels in blocks]
    show_growth("Region statistics with the regions' voxels alone", labeled, ways, rounds)


def block_labels(slices: int, side: int) -> np.ndarray:
    """Ten regions of ``side`` x ``side`` pixels on a fifth of the slices."""
    labels = np.zeros((slices, 512, 512), dtype=np.uint8)
    for label in range(1, 11):
        row, column = 100 + 80 * (label // 5), 60 + 80 * (label % 5)
        labels[: slices // 5, row : row + side, column : column + side] = label
    return labels


def cube(volume: Volume, side: int) -> Volume:
    """``side`` voxels along each axis around the tumor."""
    grid = volume.geometry
    low = np.rint(grid.index(TUMOR_MM)).astype(int) - side // 2
    low = np.clip(low, 0, np.array(grid.shape) - side)
    matrix = grid.index_to_patient_mm.copy()
    matrix[:3, 3] = grid.patient_mm(low)
    box = tuple(slice(k, k + side) for k in low)
    valid = None if volume.valid is None else volume.valid[box]
    return Volume(volume.voxels[box], VolumeGeometry((side,) * 3, matrix), volume.unit, valid)


def suggestions(rounds: int) -> None:
    """What a reader waits for after a click: a tumor in 64 voxels a side, reference liver, aorta."""
    spec = replace(PhantomSpec(), shape=(64, 256, 256), spacing_mm=(2.5, 1.4, 1.4), thickness_mm=2.5)
    spec = replace(spec, scans=(UNENHANCED, LATE_ARTERIAL, PORTAL_VENOUS, DELAYED))
    volumes = [a.volume for a in make_phantom(spec).acquisitions]
    small = [cube(v, 64) for v in volumes]
    ways: Ways = {
        "grow from a click, 64 x 64 x 64, one phase": lambda: grow_from_click(small[2:3], TUMOR_MM),
        "grow from a click, 64 x 64 x 64, four phases": lambda: grow_from_click(small, TUMOR_MM),
        "reference liver": lambda: suggest_reference_liver(volumes[2], TUMOR_MM),
        "aorta": lambda: suggest_aorta(volumes[1]),
    }
    for way, answer in ((name, way()) for name, way in ways.items()):
        assert answer is not None, way
    found = timed(ways, rounds)
    print("\nSuggestions")
    for name, ms in found.items():
        print(f"  {name:45s} {ms:10.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slices", type=int, default=200)
    parser.add_argument("--part", choices=["maps", "regions", "growth", "suggestions"])
    arguments = parser.parse_args()
    if arguments.part in (None, "maps"):
        maps(arguments.rounds, arguments.slices)
    if arguments.part in (None, "regions"):
        regions(arguments.rounds, arguments.slices)
    if arguments.part in (None, "growth"):
        growth(arguments.rounds, arguments.slices)
    if arguments.part in (None, "suggestions"):
        suggestions(max(7, arguments.rounds))


if __name__ == "__main__":
    main()
