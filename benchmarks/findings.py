"""Maps, region statistics and registration against their peers, on one synthetic study.

    python benchmarks/findings.py [--rounds 5] [--slices 200]

All ways run in turn, round after round; medians of wall time. "limit" reads the same int16 volumes and
writes the same float32 maps in blocks, with a cast and no arithmetic. pyradiomics takes part in the region
statistics where it can be imported; it is no dependency, and where it is absent the output says so.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import SimpleITK as sitk  # noqa: N813  (the name its users know)

from imaging.findings.alignment import align
from imaging.findings.maps import BLOCK_ROWS, enhancement_map, washout_map
from imaging.geometry import VolumeGeometry
from imaging.phantom.phantom import make_phantom
from imaging.phantom.spec import PORTAL_VENOUS, UNENHANCED, PhantomSpec
from imaging.regions.statistics import label_statistics, rows_with_labels
from imaging.volume import Volume

Ways = dict[str, Callable[[], object]]


def timed(ways: Ways, rounds: int) -> dict[str, float]:
    """Median milliseconds of each way, run in turn."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            found[name].append(1000 * (time.perf_counter() - start))
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


def whole_volume_rigid(fixed: Volume, moving: Volume) -> np.ndarray:
    """As the SimpleITK notebooks do it: rigid, mutual information, three levels."""
    images = []
    for v in (fixed, moving):
        image = sitk.GetImageFromArray(v.voxels.astype(np.float32))
        image.SetSpacing(v.geometry.spacing_mm[::-1])
        image.SetOrigin(v.geometry.patient_mm([0, 0, 0]).tolist())
        images.append(image)
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
    at = (-101.0, 0.0, 10.0)
    return np.array(done.TransformPoint(at)) - at


def registration(rounds: int) -> None:
    true = (1.0, -1.5, 9.0)
    scans = (replace(UNENHANCED, breathing_mm=(0.0, 0.0, 0.0)), replace(PORTAL_VENOUS, breathing_mm=true))
    spec = replace(PhantomSpec(), shape=(60, 320, 320), spacing_mm=(3.0, 1.1, 1.1), scans=scans)
    before, after = make_phantom(spec).acquisitions
    found: dict[str, np.ndarray] = {}

    def box() -> None:
        found["ours"] = np.array(align(before, after, (-101.0, 0.0, 10.0)).shift_mm)

    def rigid_box() -> None:
        found["ours, rigid"] = np.array(align(before, after, (-101.0, 0.0, 10.0), kind="rigid").shift_mm)

    def whole() -> None:
        found["SimpleITK whole volume"] = whole_volume_rigid(before.volume, after.volume)

    ways: Ways = {"SimpleITK whole volume": whole, "ours": box, "ours, rigid": rigid_box}
    show("Registration of 60 x 320 x 320, true shift 9 mm", timed(ways, rounds), "SimpleITK whole volume")
    for name, shift in found.items():
        error = float(np.linalg.norm(shift - true))
        print(f"  {name:45s} shift {np.round(shift, 2)}, error at the tumor {error:.2f} mm")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slices", type=int, default=200)
    parser.add_argument("--part", choices=["maps", "regions", "registration"])
    arguments = parser.parse_args()
    if arguments.part in (None, "maps"):
        maps(arguments.rounds, arguments.slices)
    if arguments.part in (None, "regions"):
        regions(arguments.rounds, arguments.slices)
    if arguments.part in (None, "registration"):
        registration(max(1, arguments.rounds // 2))


if __name__ == "__main__":
    main()
