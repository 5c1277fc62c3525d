"""Long and short axis: known masks, brute force, a second outline tracer, and the laws of lengths."""

# ruff: noqa: E501  (tables read as tables)

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial.distance import pdist
from skimage.measure import find_contours

from imaging.errors import MeasurementError
from imaging.findings import outline, slice_axes
from imaging.findings.diameters import measure_bidirectional, measure_line, measure_mask
from imaging.findings.outline import contour_pieces, longest_chord, padded
from imaging.geometry import VolumeGeometry
from imaging.regions.region import RegionMask

ESTIMATORS = ("center", "mid", "corner", "g0.7")


def grid(shape, row_mm=1.0, column_mm=1.0, slice_mm=1.0):
    axes = [[0, 0, column_mm, 0], [0, row_mm, 0, 0], [slice_mm, 0, 0, 0], [0, 0, 0, 1]]
    return VolumeGeometry(shape, axes)


def region(pixels, row_mm=1.0, column_mm=1.0, slice_mm=1.0):
    """Region of one slice (rows, columns) or of several."""
    voxels = np.asarray(pixels, dtype=bool)
    voxels = voxels[None] if voxels.ndim == 2 else voxels
    return RegionMask.from_full(voxels, grid(voxels.shape, row_mm, column_mm, slice_mm))


def block(rows, columns):
    pixels = np.zeros((64, 64), dtype=bool)
    pixels[5 : 5 + rows, 5 : 5 + columns] = True
    return pixels


def disc(diameter_mm, pixel_mm, size=64, center=(32.0, 32.0)):
    i = np.arange(size)
    away = (i[:, None] - center[0]) ** 2 + (i - center[1]) ** 2
    return away * pixel_mm**2 <= (diameter_mm / 2) ** 2 + 1e-9


def ball(diameter_mm, spacing_mm, shape=(24, 60, 60), shift=(0.2, 0.1, 0.4)):
    index = np.indices(shape).astype(float)
    middle = (np.array(shape) - 1) / 2 + np.array(shift)
    away = sum(((index[a] - middle[a]) * spacing_mm[a]) ** 2 for a in range(3))
    return away <= (diameter_mm / 2) ** 2


def diagonal(n):
    pixels = np.zeros((64, 64), dtype=bool)
    pixels[range(5, 5 + n), range(5, 5 + n)] = True
    return pixels


# fmt: off
MASKS = {
    # mask                                       pixels            rows  columns  center   mid     corner  g0.7    by
    "single pixel":                              (block(1, 1),     1.0,  1.0,      0.000,  1.000,  1.414,  1.000, "mid"),
    "1 x 10 row":                                (block(1, 10),    1.0,  1.0,      9.000, 10.000, 10.050, 10.000, "mid"),
    "10 x 20 block":                             (block(10, 20),   1.0,  1.0,     21.024, 21.932, 22.361, 21.494, "g0.7"),
    "10-pixel diagonal":                         (diagonal(10),    1.0,  1.0,     12.728, 13.454, 14.142, 13.454, "mid"),
    "10 x 20 block, rows 0.8 and columns 0.7":   (block(10, 20),   0.8,  0.7,     15.124, 15.743, 16.125, None,   "g0.7"),
    "disc of 10 mm, 0.78 mm pixels":             (disc(10, 0.78),  0.78, 0.78,     9.989, 10.609, 11.086, 10.429, "g0.7"),
    "disc of 20 mm":                             (disc(20, 1.0),   1.0,  1.0,     20.000, 21.000, 21.401, 20.540, "g0.7"),
    "disc of 30 mm":                             (disc(30, 1.0),   1.0,  1.0,     30.000, 31.000, 31.401, 30.537, "g0.7"),
}
# fmt: on


@pytest.mark.parametrize(
    ("pixels", "rows", "columns", "center", "mid", "corner", "smooth", "by"), MASKS.values(), ids=MASKS
)
def test_deterministic_masks(pixels, rows, columns, center, mid, corner, smooth, by):
    mask = region(pixels, rows, columns)
    found = {name: measure_mask(mask, estimator=name).long_axis_mm for name in ESTIMATORS}

    assert found["center"] == pytest.approx(center, abs=0.01)
    assert found["mid"] == pytest.approx(mid, abs=0.01)
    assert found["corner"] == pytest.approx(corner, abs=0.01)
    assert smooth is None or found["g0.7"] == pytest.approx(smooth, abs=0.01)
    default = measure_mask(mask)
    assert default.estimator == by
    assert default.interval_mm == pytest.approx((center, corner), abs=0.01)
    assert ("thin_structure" in default.flags) is (by == "mid")


def random_mask(chance, most=24, slices=8):
    shape = (chance.integers(1, slices), *chance.integers(3, most, 2))
    rough = ndimage.gaussian_filter(chance.normal(size=shape), chance.uniform(0.1, 2))
    pixels = rough > np.quantile(rough, chance.uniform(0.3, 0.98))
    spacing = chance.uniform(0.3, 2, 2)
    return region(pixels, *spacing) if pixels.any() else None


def measured_slices(mask):
    """Largest 8-connected component of each slice that counts, with its holes filled."""
    counts = mask.voxels.sum(axis=(1, 2))
    least = 3 if counts.max() >= 3 else 1
    for pixels in mask.voxels[counts >= least]:
        labels, _ = ndimage.label(pixels, np.ones((3, 3)))
        sizes = np.bincount(labels.ravel())[1:]
        largest = [labels == i + 1 for i in np.flatnonzero(sizes == sizes.max())]
        spacing = mask.geometry.spacing_mm[1:]
        longest = max(largest, key=lambda part: pdist(np.argwhere(part) * spacing).max(initial=0.0))
        yield ndimage.binary_fill_holes(longest)


def has_twins(mask):
    """Whether a slice holds two equally large components, of which the longer one is measured."""
    for pixels in mask.voxels:
        sizes = np.bincount(ndimage.label(pixels, np.ones((3, 3)))[0].ravel())[1:]
        if (sizes == sizes.max(initial=0)).sum() > 1:
            return True
    return False


def brute_force_mm(mask):
    """Largest distance between any two boundary pixel centers of one component of one slice."""
    longest = 0.0
    for pixels in measured_slices(mask):
        boundary = pixels & ~ndimage.binary_erosion(pixels)
        points = np.argwhere(boundary) * mask.geometry.spacing_mm[1:]
        longest = max(longest, pdist(points).max(initial=0.0))
    return longest


def test_pixel_centers_equal_brute_force_on_two_thousand_masks():
    chance = np.random.default_rng(7)
    worst, measured = 0.0, 0
    while measured < 2000:
        mask = random_mask(chance, most=18, slices=3)
        if mask is None:
            continue
        found = measure_mask(mask, estimator="center").long_axis_mm
        worst = max(worst, abs(found - brute_force_mm(mask)))
        measured += 1

    assert worst < 0.001


def traced_mm(pixels, spacing):
    """The smoothed outline by scikit-image, its largest extent by brute force."""
    smooth = ndimage.gaussian_filter(np.pad(pixels, 8).astype(float), 0.7, truncate=4)
    contours = find_contours(smooth, 0.5)
    return pdist(np.concatenate(contours) * spacing).max(initial=0.0) if contours else 0.0


def test_the_smoothed_outline_agrees_with_another_tracer():
    chance = np.random.default_rng(11)
    compared = 0
    for _ in range(150):
        mask = random_mask(chance, most=20)
        if mask is None:
            continue
        found = measure_mask(mask)
        if found.estimator == "g0.7" and "thin_structure" not in found.flags:
            spacing = mask.geometry.spacing_mm[1:]
            pixels = mask.full()[found.slice]
            own = next(iter(measured_slices(RegionMask.from_full(pixels[None], grid((1, *pixels.shape))))))
            assert found.long_axis_mm == pytest.approx(traced_mm(own, spacing), abs=1e-9)
            compared += 1

    assert compared > 50


def test_skipping_slices_never_loses_the_longest():
    """The bound that saves time against measuring every slice on its own."""
    chance = np.random.default_rng(13)
    for _ in range(60):
        mask = random_mask(chance, most=12)
        if mask is None:
            continue
        for estimator in ESTIMATORS:
            alone = [
                measure_mask(region(pixels, *mask.geometry.spacing_mm[1:]), estimator=estimator).long_axis_mm
                for pixels in measured_slices(mask)
            ]
            assert measure_mask(mask, estimator=estimator).long_axis_mm == pytest.approx(max(alone), abs=1e-9)


def test_what_is_computed_at_once_never_changes_a_number(monkeypatch):
    """Small masks: distances of all slices, smoothing of many. Large ones: bounds first, slices one by one."""
    chance = np.random.default_rng(19)
    masks = [mask for _ in range(40) if (mask := random_mask(chance, most=16)) is not None]
    masks.append(RegionMask.from_full(*skewed(masks[0])))
    together = [measure_mask(mask, estimator=e, every_slice=True) for mask in masks for e in ESTIMATORS]
    monkeypatch.setattr(slice_axes, "_FEW_ROW_PAIRS", 0)
    monkeypatch.setattr(slice_axes, "_SMOOTHED_AT_ONCE", 0)
    monkeypatch.setattr(outline, "_PROJECTIONS", 1)

    assert [measure_mask(m, estimator=e, every_slice=True) for m in masks for e in ESTIMATORS] == together


def skewed(mask):
    """The pixels on a grid whose rows and columns do not meet at a right angle."""
    axes = mask.geometry.index_to_patient_mm.copy()
    axes[:3, 1] += 0.2 * axes[:3, 2]
    return mask.full(), VolumeGeometry(mask.geometry.shape, axes)


def test_distances_on_a_skewed_grid_equal_brute_force():
    """A row's two sides count differently there, so that all four corners of two pixels are compared."""
    chance = np.random.default_rng(23)
    corners = np.array([(-0.5, -0.5), (-0.5, 0.5), (0.5, -0.5), (0.5, 0.5)])
    sides = np.array([(-0.5, 0), (0.5, 0), (0, -0.5), (0, 0.5)])
    for _ in range(40):
        mask = random_mask(chance, most=9, slices=2)
        if mask is None:
            continue
        _, geometry = skewed(mask)
        own = RegionMask.from_full(
            next(measured_slices(mask))[None],
            VolumeGeometry((1, *mask.voxels.shape[1:]), geometry.index_to_patient_mm),
        )
        points = np.argwhere(own.voxels[0])
        for estimator, border in (("center", np.zeros((1, 2))), ("mid", sides), ("corner", corners)):
            at = (points[:, None] + border).reshape(-1, 2) @ own.geometry.index_to_patient_mm[:3, 1:3].T
            expected = pdist(at).max(initial=0.0)
            assert measure_mask(own, estimator=estimator).long_axis_mm == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_of_equally_long_slices_the_first_is_taken(estimator):
    """Also where rounding would see a difference: the same shape, mirrored."""
    pixels = block(9, 14) & ~np.roll(block(3, 4), 4, axis=0)
    voxels = np.stack([np.zeros_like(pixels), pixels[::-1], pixels, pixels[:, ::-1]])

    assert measure_mask(region(voxels, 0.7, 0.9), estimator=estimator).slice == 1


def scanned_chord_mm(pieces, along, plane_mm, lines=1501):
    """Longest inside stretch over many parallel lines, by even-odd counting: never above the truth."""
    unit = (along[1] - along[0]) @ plane_mm
    unit /= np.linalg.norm(unit)
    across = np.array([-unit[1], unit[0]])
    ends = pieces @ plane_mm
    offset, height = ends @ unit, ends @ across
    longest = 0.0
    for line in np.linspace(offset.min(), offset.max(), lines)[1:-1]:
        crossing = (offset[:, 0] < line) != (offset[:, 1] < line)
        share = (line - offset[crossing, 0]) / (offset[crossing, 1] - offset[crossing, 0])
        at = np.sort(height[crossing, 0] + share * (height[crossing, 1] - height[crossing, 0]))
        longest = max(longest, (at[1::2] - at[0::2]).max(initial=0.0))
    return longest


def test_the_short_axis_is_the_longest_inside_chord():
    chance = np.random.default_rng(17)
    for _ in range(15):
        rough = ndimage.gaussian_filter(chance.normal(size=(24, 24)), 2)
        pixels = next(measured_slices(region(rough > np.quantile(rough, 0.6))))
        plane = np.diag(chance.uniform(0.4, 1.5, 2))
        pieces, along = contour_pieces(padded(pixels)), chance.uniform(0, 20, (2, 2))
        length, ends = longest_chord(pieces, along, plane)

        assert length >= scanned_chord_mm(pieces, along, plane) - 1e-9
        assert length <= scanned_chord_mm(pieces, along, plane) + 0.05
        assert np.linalg.norm((ends[1] - ends[0]) @ plane) == pytest.approx(length)


# fmt: off
SHORT_AXES = {
    "a rectangle: not the smallest Feret (10), not the caliper width (17.9)":
        (block(10, 20), "corner", 11.180),
    "a square":                                   (block(10, 10), "corner", 14.142),
    "a disc":                                     (disc(30, 1.0), "g0.7", 30.537),
    "a single pixel":                             (block(1, 1), "center", 0.0),
}
# fmt: on


@pytest.mark.parametrize(("pixels", "estimator", "expected"), SHORT_AXES.values(), ids=SHORT_AXES)
def test_short_axis(pixels, estimator, expected):
    assert measure_mask(region(pixels), estimator=estimator).short_axis_mm == pytest.approx(
        expected, abs=0.01
    )


@pytest.mark.parametrize(("long_mm", "short_mm"), [(30.0, 18.0), (40.0, 25.0), (20.0, 12.0)])
@pytest.mark.parametrize("turn", [0.0, 17.0, 45.0, 80.0])
def test_ellipses_within_a_pixel(long_mm, short_mm, turn):
    pixel, i = 0.78, np.arange(80) - 39.7
    angle = np.radians(turn)
    along = (i[:, None] * np.cos(angle) + i * np.sin(angle)) * pixel
    across = (i * np.cos(angle) - i[:, None] * np.sin(angle)) * pixel
    found = measure_mask(region((2 * along / long_mm) ** 2 + (2 * across / short_mm) ** 2 <= 1, pixel, pixel))

    assert abs(found.long_axis_mm - long_mm) < pixel
    assert abs(found.short_axis_mm - short_mm) < pixel


# fmt: off
BIAS = {
    # ellipse [mm], pixel [mm]       center   g0.7    mid     corner: mean error of the long axis [mm]
    "disc 10, 0.60":                 (10, 10, 0.60,  -0.09,  +0.27,  +0.46,  +0.70),
    "disc 10, 0.78":                 (10, 10, 0.78,  -0.15,  +0.30,  +0.55,  +0.88),
    "disc 10, 1.25":                 (10, 10, 1.25,  -0.41,  +0.27,  +0.69,  +1.29),
    "ellipse 15 x 8, 0.78":          (15,  8, 0.78,  -0.51,  -0.07,  +0.19,  +0.51),
    "ellipse 40 x 25, 0.78":         (40, 25, 0.78,  -0.33,  +0.15,  +0.38,  +0.68),
    "ellipse 15 x 8, 1.25":          (15,  8, 1.25,  -0.94,  -0.30,  +0.20,  +0.70),
}
# fmt: on


@pytest.mark.parametrize(
    ("long_mm", "short_mm", "pixel", "center", "smooth", "mid", "corner"), BIAS.values(), ids=BIAS
)
def test_bias_of_each_estimator_over_random_placements(long_mm, short_mm, pixel, center, smooth, mid, corner):
    chance, i = np.random.default_rng(3), np.arange(int(long_mm / pixel) + 12)
    errors = []
    for _ in range(60):
        turn, (row, column) = chance.uniform(0, np.pi), chance.uniform(-0.5, 0.5, 2) + len(i) / 2
        y, x = (i[:, None] - row) * pixel, (i - column) * pixel
        along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        mask = region((2 * along / long_mm) ** 2 + (2 * across / short_mm) ** 2 <= 1, pixel, pixel)
        errors.append([measure_mask(mask, estimator=name).long_axis_mm - long_mm for name in ESTIMATORS])

    assert np.mean(errors, axis=0) == pytest.approx([center, mid, corner, smooth], abs=0.12)


@pytest.mark.parametrize("diameter", [8.0, 10.0, 15.0, 25.0])
@pytest.mark.parametrize("spacing", [(5.0, 0.78, 0.78), (2.5, 0.6, 0.9), (1.0, 0.7, 0.7)])
def test_balls_within_a_pixel_and_their_volume(diameter, spacing):
    shape = tuple(int(40 / s) + 6 for s in spacing)
    found = measure_mask(region(ball(diameter, spacing, shape), spacing[1], spacing[2], spacing[0]))
    cut = np.sqrt(diameter**2 - (2 * 0.5 * spacing[0]) ** 2) if diameter > spacing[0] else 0

    assert cut - max(spacing[1:]) < found.long_axis_mm < diameter + max(spacing[1:])
    assert found.interval_mm[0] <= found.long_axis_mm <= found.interval_mm[1]
    assert found.volume_ml == pytest.approx(np.pi * diameter**3 / 6000, rel=0.25)


@given(st.integers(0, 10_000), st.integers(0, 2), st.booleans(), st.booleans(), st.floats(0, 360))
@settings(max_examples=60, deadline=None)
def test_where_and_how_the_patient_lies_does_not_matter(seed, turn, flip_rows, transpose, degrees):
    """Any rotation of the whole grid in space, and any order of rows and columns, keeps both axes."""
    mask = random_mask(np.random.default_rng(seed), most=14)
    if mask is None or has_twins(mask):
        return
    pixels, spacing = mask.full(), mask.geometry.spacing_mm
    axes = np.diag([*spacing, 1.0])[:, [0, 1, 2, 3]]
    angle = np.radians(degrees)
    around = np.eye(4)
    one, other = [(0, 1), (1, 2), (0, 2)][turn]
    around[[one, one, other, other], [one, other, one, other]] = (
        np.cos(angle),
        -np.sin(angle),
        np.sin(angle),
        np.cos(angle),
    )
    order = [0, 2, 1] if transpose else [0, 1, 2]
    pixels = pixels.transpose(order)
    matrix = around @ axes[:, [*order, 3]]
    if flip_rows:
        pixels = pixels[:, ::-1]
        matrix[:, 3] += matrix[:, 1] * (pixels.shape[1] - 1)
        matrix[:, 1] *= -1
    moved = measure_mask(RegionMask.from_full(pixels, VolumeGeometry(pixels.shape, matrix)))
    still = measure_mask(mask)

    assert moved.long_axis_mm == pytest.approx(still.long_axis_mm, abs=1e-6)
    assert moved.interval_mm == pytest.approx(still.interval_mm, abs=1e-6)


@given(st.integers(0, 10_000))
@settings(max_examples=80, deadline=None)
def test_ends_lie_where_the_lengths_say(seed):
    mask = random_mask(np.random.default_rng(seed), most=16)
    if mask is None:
        return
    found = measure_mask(mask)
    long, short = np.array(found.long_ends_lps_mm), np.array(found.short_ends_lps_mm)

    assert np.linalg.norm(long[1] - long[0]) == pytest.approx(found.long_axis_mm, abs=1e-9)
    assert np.linalg.norm(short[1] - short[0]) == pytest.approx(found.short_axis_mm, abs=1e-9)
    assert (long[1] - long[0]) @ (short[1] - short[0]) == pytest.approx(0.0, abs=1e-6)
    assert mask.geometry.index([*long, *short])[:, 0] == pytest.approx(found.slice)
    assert found.short_axis_mm <= found.long_axis_mm + 1e-6
    assert found.interval_mm[0] - 1e-6 <= found.long_axis_mm <= found.interval_mm[1] + 1e-6
    assert 0.0 <= found.chord_inside_fraction <= 1.0


def test_pixels_are_not_square():
    tall = measure_mask(region(block(20, 2), 0.8, 0.7), estimator="center")
    wide = measure_mask(region(block(2, 20), 0.8, 0.7), estimator="center")

    assert tall.long_axis_mm == pytest.approx(np.hypot(19 * 0.8, 0.7))
    assert wide.long_axis_mm == pytest.approx(np.hypot(19 * 0.7, 0.8))


def test_components_are_never_bridged_and_satellites_are_named():
    pixels = block(10, 10) | np.roll(block(8, 8), 30, axis=1)
    found = measure_mask(region(pixels), estimator="corner")

    assert found.long_axis_mm == pytest.approx(14.142, abs=0.01)
    assert "satellite_component" in found.flags
    assert found.area_mm2 == 100


def test_of_equally_large_components_the_longest_is_measured():
    pixels = block(4, 5) | np.roll(block(2, 10), 30, axis=1)

    assert measure_mask(region(pixels), estimator="center").long_axis_mm == pytest.approx(np.hypot(1, 9))


def test_a_small_satellite_is_not_worth_a_flag():
    pixels = block(10, 10) | np.roll(block(2, 5), 30, axis=1)

    assert "satellite_component" not in measure_mask(region(pixels)).flags


def test_holes_are_filled():
    pixels = disc(30, 1.0) & ~disc(20, 1.0)

    assert measure_mask(region(pixels)).short_axis_mm == pytest.approx(30.537, abs=0.01)
    assert measure_mask(region(pixels)).area_mm2 == disc(30, 1.0).sum()


def test_slices_of_one_or_two_pixels_are_ignored_beside_larger_ones():
    voxels = np.zeros((3, 64, 64), dtype=bool)
    voxels[0, 5, [5, 6]] = True
    voxels[1] = block(2, 2)

    assert measure_mask(region(voxels)).slice == 1
    assert "few_pixels" in measure_mask(region(voxels[:1])).flags


def test_what_touches_the_edge_of_the_volume_is_truncated():
    inside, at_row = np.zeros((5, 64, 64), dtype=bool), np.zeros((5, 64, 64), dtype=bool)
    inside[1:3] = block(8, 8)
    at_row[1:3, :8, 5:13] = True
    at_end = inside.copy()
    at_end[4] = block(8, 8)

    assert "truncated" not in measure_mask(region(inside)).flags
    assert "truncated" in measure_mask(region(at_row)).flags
    assert "truncated" in measure_mask(region(at_end)).flags
    assert "separate_parts" in measure_mask(region(at_end)).flags


def test_a_crescent_is_measured_and_pointed_out():
    crescent = disc(40, 1.0) & ~disc(40, 1.0, center=(32.0, 46.0))
    found = measure_mask(region(crescent))

    assert "concave" in found.flags
    assert found.chord_inside_fraction < 0.95
    assert "concave" not in measure_mask(region(disc(40, 1.0))).flags


def test_the_largest_short_axis_of_a_node_may_lie_on_another_slice():
    voxels = np.zeros((2, 64, 64), dtype=bool)
    voxels[0], voxels[1] = block(6, 30), block(14, 18)
    found = measure_mask(region(voxels), every_slice=True)

    assert found.slice == 0
    assert found.max_short_axis_mm > found.short_axis_mm + 5
    assert measure_mask(region(voxels)).max_short_axis_mm is None


def test_an_unknown_estimator_is_refused():
    with pytest.raises(MeasurementError, match="bounding_box") as refused:
        measure_mask(region(block(5, 5)), estimator="bounding_box")

    assert refused.value.code == "UNKNOWN_ESTIMATOR"


# ---------------------------------------------------------------- lines

CT = grid((10, 64, 64), row_mm=0.8, column_mm=0.7, slice_mm=5.0)


def ends(geometry, *indices):
    return tuple(tuple(point) for point in geometry.patient_mm(indices))


# fmt: off
LINES = {
    "A-30 rows 12 and columns 5 apart, 0.8 and 0.7":     (0.8,  0.7,  10.218),
    "A-30 the same with the spacing swapped":            (0.7,  0.8,   9.304),
    "A-31 the same, 0.78 square":                        (0.78, 0.78, 10.140),
}
# fmt: on


@pytest.mark.parametrize(("row", "column", "length"), LINES.values(), ids=LINES)
def test_lengths_of_lines(row, column, length):
    geometry = grid((10, 64, 64), row, column, 5.0)
    found = measure_line(ends(geometry, (3, 10, 10), (3, 22, 15)), geometry)

    assert found.length_mm == pytest.approx(length, abs=5e-4)
    assert found.slice == 3


# fmt: off
BAD_LINES = {
    "ends on two slices":        (((3, 10, 10), (4, 10, 20)),        "LINE_ACROSS_SLICES"),
    "slightly oblique":          (((3, 10, 10), (3.06, 10, 20)),     "LINE_ACROSS_SLICES"),
    "outside in a slice":        (((3, 10, 10), (3, 10, 64)),        "LINE_OUTSIDE_VOLUME"),
    "beyond the last slice":     (((9.6, 10, 10), (9.6, 10, 20)),    "LINE_OUTSIDE_VOLUME"),
    "not a place":               (((3, 10, 10), (3, 10, np.nan)),    "LINE_OUTSIDE_VOLUME"),
}
# fmt: on


@pytest.mark.parametrize(("indices", "code"), BAD_LINES.values(), ids=BAD_LINES)
def test_lines_that_are_refused(indices, code):
    with pytest.raises(MeasurementError) as refused:
        measure_line(ends(CT, *indices), CT)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("degrees", "accepted"), [(90, True), (85.1, True), (94.9, True), (84.9, False), (95.1, False)]
)
def test_a_bidirectional_measurement_is_perpendicular_within_five_degrees(degrees, accepted):
    geometry = grid((10, 64, 64), 1.0, 1.0, 5.0)
    angle = np.radians(degrees)
    short = ends(geometry, (3, 20, 20), (3, 20 + 8 * np.sin(angle), 20 + 8 * np.cos(angle)))
    long = ends(geometry, (3, 20, 10), (3, 20, 30))
    if not accepted:
        with pytest.raises(MeasurementError, match="expected 90 degrees"):
            measure_bidirectional(long, short, geometry)
        return
    found = measure_bidirectional(short, long, geometry)

    assert (found.long.length_mm, found.short.length_mm) == pytest.approx((20.0, 8.0))
    assert found.angle_degrees == pytest.approx(90 - abs(90 - degrees))


def test_bidirectional_lines_lie_on_one_slice_and_have_a_length():
    long = ends(CT, (3, 20, 10), (3, 20, 30))
    with pytest.raises(MeasurementError) as two_slices:
        measure_bidirectional(long, ends(CT, (4, 10, 20), (4, 20, 20)), CT)
    with pytest.raises(MeasurementError) as no_length:
        measure_bidirectional(long, ends(CT, (3, 10, 20), (3, 10, 20)), CT)

    assert two_slices.value.code == "LINES_ON_TWO_SLICES"
    assert no_length.value.code == "LINE_WITHOUT_LENGTH"
