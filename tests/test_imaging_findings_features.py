"""Distances, diameters and counts that support a verdict."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.findings.adjacency import distance_mm
from imaging.findings.features import Avena, intraluminal, vein_diameter_mm, vein_expansion
from imaging.findings.finding import Finding
from imaging.findings.li_rads import tumor_in_vein
from imaging.geometry import VolumeGeometry
from imaging.regions.region import RegionMask


def grid(
    spacing: tuple[float, float, float], shape: tuple[int, int, int], turn: float = 0.0
) -> VolumeGeometry:
    """Axial grid, turned about the patient's axis."""
    s, r, c = spacing
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.array([[0, -r * sin, c * cos, 0], [0, r * cos, c * sin, 0], [s, 0, 0, 0], [0, 0, 0, 1.0]])
    return VolumeGeometry(shape, matrix)


def box(geometry: VolumeGeometry, low: tuple[int, int, int], high: tuple[int, int, int]) -> RegionMask:
    mask = np.zeros(geometry.shape, dtype=bool)
    mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return RegionMask.from_full(mask, geometry)


FINE = grid((2.0, 1.0, 1.0), (20, 40, 40))


def test_voxels_that_share_a_face_are_in_contact() -> None:
    found = distance_mm(box(FINE, (5, 5, 5), (8, 10, 10)), box(FINE, (5, 5, 10), (8, 10, 15)))

    assert found.contact
    assert found.distance_mm == 0
    assert found.finding is Finding.POSITIVE


def test_a_gap_is_measured_from_face_to_face() -> None:
    found = distance_mm(box(FINE, (5, 5, 5), (8, 10, 10)), box(FINE, (5, 5, 22), (8, 10, 25)))

    assert found.distance_mm == pytest.approx(12.0)
    start, end = np.array(found.nearest_points_lps_mm)
    assert np.linalg.norm(end - start) == pytest.approx(12.0)


def test_more_than_20_mm_never_excludes() -> None:
    far = distance_mm(box(FINE, (5, 5, 5), (8, 10, 10)), box(FINE, (5, 5, 32), (8, 10, 35)))

    assert far.distance_mm == pytest.approx(22.0)
    assert far.finding is Finding.INDETERMINATE


def test_grids_of_two_phases_may_differ() -> None:
    coarse = grid((5.0, 0.7, 0.7), (8, 60, 60))
    one = box(FINE, (5, 5, 5), (6, 10, 10))  # columns up to 9.5 mm
    other = box(coarse, (2, 8, 30), (3, 12, 40))  # columns from 20.65 mm

    assert distance_mm(one, other).distance_mm == pytest.approx(20.65 - 9.5)


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 1.5), st.integers(12, 30), st.integers(0, 12), st.integers(0, 8))
def test_distance_is_that_of_the_boxes_and_the_same_both_ways(
    turn: float, column: int, row: int, level: int
) -> None:
    geometry = grid((2.0, 1.0, 1.0), (20, 40, 40), turn)
    one, other = (
        box(geometry, (4, 4, 4), (6, 8, 8)),
        box(geometry, (level, row, column), (level + 2, row + 3, column + 3)),
    )
    gaps = [
        max(0.0, low_b - high_a, low_a - high_b)
        for low_a, high_a, low_b, high_b in (
            (8, 12, 2 * level, 2 * level + 4),
            (4, 8, row, row + 3),
            (4, 8, column, column + 3),
        )
    ]

    expected = float(np.linalg.norm(gaps))
    assert distance_mm(one, other).distance_mm == pytest.approx(expected, abs=2e-3)
    assert distance_mm(other, one).distance_mm == pytest.approx(expected, abs=2e-3)


def tube(radius_mm: float) -> RegionMask:
    geometry = grid((2.0, 0.8, 0.8), (6, 80, 80))
    rows, columns = np.indices((80, 80))
    disk = np.hypot(rows - 40, columns - 40) * 0.8 <= radius_mm
    return RegionMask.from_full(np.repeat(disk[None], 6, axis=0), geometry)


@pytest.mark.parametrize("radius_mm", [6.0, 11.0, 12.5])
def test_a_vein_is_as_wide_as_it_was_drawn(radius_mm: float) -> None:
    assert vein_diameter_mm(tube(radius_mm)) == pytest.approx(2 * radius_mm, abs=0.9)


def test_an_expanded_vein_is_named() -> None:
    assert vein_expansion(tube(12.5)).code == "VEIN_EXPANDED"
    assert vein_expansion(tube(8.0)).code == "VEIN_NOT_EXPANDED"


AVENA = {
    "three present decide, whatever is unknown": (Avena(True, True, True), Finding.POSITIVE),
    "two present and three unknown are open": (Avena(True, True), Finding.INDETERMINATE),
    "two present, one unknown, two absent are open": (
        Avena(True, True, None, False, False),
        Finding.INDETERMINATE,
    ),
    "three absent decide": (Avena(False, False, False), Finding.NEGATIVE),
    "nothing known is open": (Avena(), Finding.INDETERMINATE),
}


@pytest.mark.parametrize("name", AVENA)
def test_avena_counts_only_what_is_known(name: str) -> None:
    features, expected = AVENA[name]

    assert features.finding is expected


def test_a_defect_outside_of_the_vein_is_left_to_the_reader() -> None:
    vein = box(FINE, (5, 5, 5), (10, 20, 20))

    assert intraluminal(box(FINE, (6, 6, 6), (8, 10, 10)), vein)[0] is Finding.POSITIVE
    assert intraluminal(box(FINE, (6, 18, 6), (8, 30, 10)), vein)[0] is Finding.INDETERMINATE


def test_li_rads_tumor_in_vein_needs_no_washout() -> None:
    said = tumor_in_vein(Finding.POSITIVE, Finding.NEGATIVE)

    assert said.code == "TIV_WITHOUT_WASHOUT"
    assert "4.a is not met" in said.message
