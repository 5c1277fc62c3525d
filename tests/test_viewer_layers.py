"""Nothing is ever drawn in the wrong place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.errors import GeometryError
from imaging.geometry import VolumeGeometry
from imaging.regions.region import RegionRole
from imaging.volume import Study
from tests.reading_studies import acquisition, geometry, study
from workup.reading import Reading

pytest.importorskip("napari")

from viewer.layers import (
    anatomical_letters,
    build_group,
    frame_of,
    placement,
    region_colors,
    shown_together,
)


def rotation(degrees, axis):
    angle = np.radians(degrees)
    c, s = np.cos(angle), np.sin(angle)
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


def turned(grid, *turns):
    matrix = grid.index_to_patient_mm.copy()
    for degrees, axis in turns:
        matrix[:3, :3] = rotation(degrees, axis) @ matrix[:3, :3]
    return VolumeGeometry(grid.shape, matrix)


def flipped(grid, axes):
    """The same voxels in the same places, counted from the other end of some axes."""
    matrix = grid.index_to_patient_mm.copy()
    for axis in axes:
        matrix[:3, 3] += matrix[:3, axis] * (grid.shape[axis] - 1)
        matrix[:3, axis] *= -1
    return VolumeGeometry(grid.shape, matrix)


angles = st.floats(-89, 89, allow_nan=False)
grids = st.builds(
    lambda turns, axes: flipped(turned(geometry(), *turns), axes),
    st.lists(st.tuples(angles, st.integers(0, 2)), max_size=3),
    st.sets(st.integers(0, 2)),
)


@given(grids, st.lists(st.tuples(*(st.floats(0, 20) for _ in range(3))), min_size=1, max_size=5))
def test_any_orientation_is_drawn_exactly_in_its_own_frame(grid, points):
    frame = frame_of(grid)
    place = placement(grid, frame)

    drawn = np.array(points) * place.scale + place.translate

    assert np.abs(frame.to_patient(drawn) - grid.patient_mm(points)).max() < 1e-6
    assert np.abs(frame.axes @ frame.axes.T - np.eye(3)).max() < 1e-9


@given(grids, st.floats(1.0, 60.0), st.integers(0, 2))
def test_a_tilted_series_is_never_placed_in_the_frame_of_another(grid, degrees, axis):
    frame = frame_of(grid)
    other = turned(grid, (degrees, axis))
    try:
        place = placement(other, frame)
    except GeometryError as error:
        assert error.code == "NOT_IN_FRAME"
        return
    corners = np.array([[0, 0, 0], np.array(other.shape) - 1])
    off = frame.to_patient(corners * place.scale + place.translate) - other.patient_mm(corners)
    assert np.linalg.norm(off, axis=1).max() <= 0.25 * min(other.spacing_mm[1:])


def test_the_refusal_says_how_far_off_it_would_be():
    with pytest.raises(GeometryError, match=r"tilted by 12\.0 degrees would be drawn up to .* mm off"):
        placement(turned(geometry(), (12, 0)), frame_of(geometry()))


# fmt: off
SCREENS = {
    # what the row is about            turns                    left, right, top, bottom
    "axial":                          ((),                      ("R", "L", "A", "P")),
    "axial, tilted 15 degrees":       (((15, 0),),              ("R", "L", "AI", "PS")),
    "axial, tilted 5 degrees":        (((5, 0),),               ("R", "L", "A", "P")),
    "coronal":                        (((-90, 0),),             ("R", "L", "S", "I")),
    "sagittal":                       (((-90, 0), (90, 2)),     ("A", "P", "S", "I")),
}
# fmt: on


@pytest.mark.parametrize(("turns", "expected"), SCREENS.values(), ids=SCREENS)
@pytest.mark.parametrize("axes", [(), (0,), (1, 2), (0, 1, 2)])
def test_letters_are_radiological_however_the_rows_were_stored(turns, expected, axes):
    letters = frame_of(flipped(turned(geometry(), *turns), axes)).letters

    assert tuple(letters[edge] for edge in ("left", "right", "top", "bottom")) == expected


def test_letters_of_a_direction_between_two_axes():
    assert anatomical_letters([0, 0.7, 0.71]) == "SP"


def test_phases_with_other_slice_grids_share_a_frame_and_a_tilted_one_is_left_out_with_the_reason():
    dynamic = list(study().acquisitions)
    thick = acquisition("T", np.zeros((3, 24, 30), np.int16), geometry((3, 24, 30), (10.0, 1.0, 0.8)))
    tilted = acquisition("X", np.zeros((6, 24, 30), np.int16), turned(geometry(), (20, 0)))
    foreign = acquisition("F", np.zeros((6, 24, 30), np.int16), frame_of_reference_uid="9")
    together = shown_together(Study((*dynamic, thick, tilted, foreign)), ["U", "A", "X", "T", "F"])

    assert together.keys == ("U", "A", "T")
    assert "20.0 degrees" in together.left_out["X"]
    assert together.left_out["F"].startswith("another frame of reference")


@settings(max_examples=20, deadline=None)
@given(st.sets(st.integers(0, 2)), st.tuples(st.integers(0, 5), st.integers(0, 23), st.integers(0, 29)))
def test_a_click_at_a_patient_position_paints_the_voxel_that_lies_there(axes, index):
    grid = flipped(geometry(), axes)
    series = acquisition("A", np.zeros(grid.shape, np.int16), grid)
    reading = Reading(Study((series,)))
    frame = frame_of(geometry())
    group = build_group(series, reading.labels["A"], frame, title="A", contrast_limits=(-100, 200))
    world = frame.to_display(grid.patient_mm(index))
    group.labels.brush_size = 1

    group.labels.paint(group.labels.world_to_data(world), 1)

    assert np.argwhere(np.asarray(reading.labels["A"])).tolist() == [list(index)]
    assert group.labels.data is reading.labels["A"]


def test_regions_of_one_role_have_colors_of_their_own_and_foreign_labels_are_unseen():
    reading = Reading(study())
    for _ in range(3):
        reading.add_region(RegionRole.TARGET_LESION)
    colors = region_colors(reading.state)

    assert len({colors[entry.label] for entry in reading.state.regions.values()}) == 3
    assert colors[None] == "transparent"
