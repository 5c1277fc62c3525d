"""A reader at work: one undo stack over everything, and a case at any moment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.errors import RegionError
from imaging.phases.phase import Phase
from imaging.regions.region import Provenance, Region, RegionMask, RegionRole, Vessel
from imaging.volume import Study
from tests.reading_studies import SHAPE, block, geometry, study
from workup import reading_tools
from workup.case.case import Case, Line, Statement
from workup.errors import CaseError
from workup.reading import Reading
from workup.reading_answers import comparability_doubts

DEFECT, TUMOR = RegionRole.FILLING_DEFECT, RegionRole.PRIMARY_TUMOR


def snapshot(reading):
    return (reading.state, {key: np.array(labels) for key, labels in reading.labels.items()})


def same(one, other):
    return one[0] == other[0] and all((one[1][k] == other[1][k]).all() for k in one[1])


def paint(reading, key, label, corner, size):
    reading.labels[key][tuple(slice(c, c + n) for c, n in zip(corner, size, strict=True))] = label
    reading.commit_stroke()


def add(reading):
    """Label value of a new filling defect."""
    id_ = reading.add_region(DEFECT)
    return reading.state.regions[id_].label


corners = st.tuples(*(st.integers(0, n - 3) for n in SHAPE))
acts = st.one_of(
    st.tuples(st.just("add"), st.sampled_from([DEFECT, TUMOR, RegionRole.REFERENCE_LIVER])),
    st.tuples(st.just("paint"), st.sampled_from("UAPD"), st.integers(0, 3), corners),
    st.tuples(st.just("outline"), st.sampled_from("UAPD"), st.integers(0, 3), corners),
    st.tuples(st.just("erase"), st.sampled_from("UAPD"), st.integers(0, 3)),
    st.tuples(st.just("remove"), st.integers(0, 3)),
    st.tuples(st.just("line"), st.integers(0, 3), st.floats(1, 50)),
    st.tuples(st.just("say"), st.integers(0, 3), st.sampled_from(Statement)),
    st.tuples(st.just("phase"), st.sampled_from("UAPD"), st.sampled_from(Phase)),
)


def perform(reading, act):
    kind, *rest = act
    ids = tuple(reading.state.regions)
    chosen = ids[rest[-1] % len(ids)] if kind == "remove" and ids else None
    if kind == "add":
        reading.add_region(rest[0])
    elif kind == "phase":
        reading.label_phase(*rest)
    elif kind == "paint":
        label = rest[1] if rest[1] == 0 or reading.state.of_label(rest[1]) else 0
        paint(reading, rest[0], label, rest[2], (2, 3, 3))
    elif not ids:
        return
    elif kind == "outline":
        box = block(geometry(), rest[2], (2, 2, 2))
        reading.outline(ids[rest[1] % len(ids)], {rest[0]: box})
    elif kind == "erase":
        reading.erase(ids[rest[1] % len(ids)], rest[0])
    elif kind == "remove":
        reading.remove_region(chosen)
    elif kind == "line":
        id_ = ids[rest[0] % len(ids)]
        reading.set_lines(id_, (Line(id_, "A", "long", ((0.0, 0.0, 0.0), (rest[1], 0.0, 0.0))),))
    elif kind == "say":
        reading.state_defect(ids[rest[0] % len(ids)], filling_defect=rest[1])


@settings(max_examples=60, deadline=None)
@given(st.lists(acts, max_size=10))
def test_undo_walks_back_through_every_state_and_redo_forward_again(plan):
    reading, states = Reading(study()), []
    states.append(snapshot(reading))
    for act in plan:
        before = len(reading.steps)
        perform(reading, act)
        assert len(reading.steps) - before in (0, 1)
        if len(reading.steps) > before:
            states.append(snapshot(reading))

    for state in reversed(states[:-1]):
        assert reading.undo()
        assert same(snapshot(reading), state)
    assert reading.undo() is None
    for state in states[1:]:
        assert reading.redo()
        assert same(snapshot(reading), state)
    assert reading.redo() is None


@settings(max_examples=40, deadline=None)
@given(st.lists(acts, max_size=10))
def test_a_case_taken_up_again_is_the_same_case(plan):
    reading = Reading(study())
    for act in plan:
        perform(reading, act)

    case = reading.to_case()
    again = Reading.from_case(case).to_case()

    assert again.phase_labels == case.phase_labels
    assert (again.lines, again.defects, again.lesions) == (case.lines, case.defects, case.lesions)
    for one, other in zip(case.regions, again.regions, strict=True):
        assert (one.id, one.role, set(one.masks)) == (other.id, other.role, set(other.masks))
        for key in one.masks:
            assert (one.masks[key].full() == other.masks[key].full()).all()


def test_the_live_mask_is_what_was_drawn_in_the_middle_of_a_stroke():
    reading = Reading(study())
    id_ = reading.add_region(DEFECT, vessel=Vessel.PORTAL_VEIN)
    heard = []
    reading.events.labels.connect(lambda key, slices: heard.append((key, slices)))

    reading.labels["A"][2, 4:8, 5:9] = reading.state.regions[id_].label

    assert heard == [("A", (2,))]
    assert reading.mask(id_, "A").count == 16
    assert reading.moments(id_, "A").voxels == 16
    assert reading.to_case().regions[0].masks["A"].offset == (2, 4, 5)
    assert reading.undo_title == "add filling_defect_1"


def test_three_strokes_in_two_phases_and_slices_are_undone_in_order():
    reading = Reading(study())
    label = add(reading)
    for key, slice_ in (("A", 1), ("P", 4), ("A", 2)):
        paint(reading, key, label, (slice_, 3, 3), (1, 2, 2))

    seen = []
    for _ in range(3):
        assert reading.undo() == "draw filling_defect_1"
        seen.append({k: reading.outlines.statistics[k].slices(label) for k in "AP"})

    assert seen == [{"A": (1,), "P": (4,)}, {"A": (1,), "P": ()}, {"A": (), "P": ()}]


def test_a_stroke_in_progress_is_a_step_of_its_own_before_anything_else_is_undone():
    reading = Reading(study())
    label = add(reading)
    reading.labels["A"][1, 3:5, 3:5] = label

    assert reading.undo() == "draw filling_defect_1"
    assert reading.undo() == "add filling_defect_1"


def test_a_label_without_a_region_is_put_back_with_a_word():
    reading, words = Reading(study()), []
    reading.events.warned.connect(words.append)
    reading.labels["A"][1, 3:5, 3:5] = 9
    reading.commit_stroke()

    assert not np.asarray(reading.labels["A"]).any()
    assert words == ["Nothing was drawn: label 9 belongs to no region: add one first."]
    assert reading.steps == ()


def test_a_signed_read_cannot_be_changed():
    reading = Reading(study())
    label = add(reading)
    reading.locked = "signed by A on 2026-11-24"
    reading.labels["A"][1, 3:5, 3:5] = label
    reading.commit_stroke()

    assert not np.asarray(reading.labels["A"]).any()
    with pytest.raises(CaseError, match="signed by A"):
        reading.undo()


def test_an_edited_propagated_outline_stays_unverified_until_it_is_confirmed():
    reading = Reading(study())
    id_ = reading.add_region(DEFECT)
    box = block(geometry(), (1, 2, 2), (2, 3, 3))
    moved = RegionMask(box.offset, box.voxels, box.geometry, Provenance.PROPAGATED, verified=False)
    reading.outline(id_, {"P": moved})
    paint(reading, "P", reading.state.regions[id_].label, (3, 2, 2), (1, 2, 2))

    assert reading.mask(id_, "P").verified is False
    reading.confirm(id_, "P")
    assert reading.mask(id_, "P").verified is True
    assert reading.mask(id_, "P").provenance is Provenance.PROPAGATED


def test_overlapping_regions_of_a_case_both_keep_every_voxel():
    reading = Reading(study())
    a, b = reading.add_region(TUMOR), reading.add_region(RegionRole.TARGET_LESION)
    reading.outline(a, {"P": block(geometry(), (1, 2, 2), (2, 4, 4))})
    case = reading.to_case()
    both = (case.regions[0], type(case.regions[1])(b, RegionRole.TARGET_LESION, case.regions[0].masks))
    taken_up = Reading.from_case(type(case)(study=case.study, regions=both))

    assert taken_up.kept_apart == ((b, "P"),)
    masks = [region.masks["P"].full() for region in taken_up.to_case().regions]
    assert (masks[0] == masks[1]).all()


def test_an_outline_leaves_the_voxels_of_others_alone():
    reading = Reading(study())
    a, b = reading.add_region(TUMOR), reading.add_region(DEFECT)
    reading.outline(a, {"P": block(geometry(), (1, 2, 2), (1, 4, 4))})

    left = reading.outline(b, {"P": block(geometry(), (1, 4, 4), (1, 4, 4))})

    assert left == 4
    assert (reading.mask(a, "P").count, reading.mask(b, "P").count) == (16, 12)


def test_an_outline_on_a_foreign_grid_is_refused():
    reading = Reading(study())
    id_ = reading.add_region(DEFECT)
    with pytest.raises(RegionError, match="an outline on"):
        reading.outline(id_, {"P": block(geometry(origin=(0.0, 0.0, 0.0)), (1, 2, 2), (1, 4, 4))})


def test_a_removed_region_takes_its_words_along_and_brings_them_back():
    reading = Reading(study())
    id_ = reading.add_region(DEFECT)
    reading.outline(id_, {"A": block(geometry(), (1, 2, 2), (1, 4, 4))})
    reading.state_defect(id_, filling_defect=Statement.YES)
    reading.set_lines(id_, (Line(id_, "A", "long", ((0.0, 0.0, 0.0), (9.0, 0.0, 0.0))),))
    full = snapshot(reading)

    reading.remove_region(id_)
    assert (dict(reading.state.defects), reading.state.lines) == ({}, ())
    assert not np.asarray(reading.labels["A"]).any()
    reading.undo()
    assert same(snapshot(reading), full)


def test_a_reason_to_compare_phases_is_a_step_and_goes_into_the_case():
    reading = Reading(study(), reader="A")
    reading.state_comparable("  same reconstruction,\n another name ")

    assert reading.to_case().comparable_override == "same reconstruction, another name"
    assert reading.steps == ("compare the phases",)
    reading.state_comparable("")
    assert (reading.to_case().comparable_override, reading.undo_title) == ("", "do not compare the phases")
    reading.undo()
    assert reading.state.comparable_override == "same reconstruction, another name"
    reading.locked = "signed by A"
    with pytest.raises(CaseError, match="signed"):
        reading.state_comparable("")


def test_what_a_reader_may_override_is_named_with_its_phases():
    kernels = dict(zip("UAPD", ("B30f", "B70f", "B30f", "B30f"), strict=True))
    alike = [replace(a, header=replace(a.header, kvp=120.0)) for a in study()]
    images = [replace(a, header=replace(a.header, convolution_kernel=kernels[a.key])) for a in alike]
    reading = Reading(Study(tuple(images)), reader="A")

    (doubt,) = comparability_doubts(reading)
    assert sorted(doubt.split()) == sorted(["kernel", "B30f", "against", "B70f"])
    assert comparability_doubts(Reading(Study(tuple(alike)))) == ()


def test_an_outline_that_cannot_be_edited_is_not_drawn_into():
    grid, images = geometry(), study()
    masks = (block(grid, (1, 4, 4), (3, 8, 8)), block(grid, (1, 8, 8), (3, 8, 8)))
    regions = tuple(
        Region(name, RegionRole.TARGET_LESION, {"P": m})
        for name, m in zip(("one", "two"), masks, strict=True)
    )
    reading, told = Reading.from_case(Case(images, tuple(regions))), []
    reading.events.warned.connect(told.append)
    label = reading.state.region("two").label
    reading.labels["P"][2, 20:22, 20:22] = label
    reading.commit_stroke()

    assert reading.kept_apart == (("two", "P"),)
    assert not (np.asarray(reading.labels["P"]) == label).any()  # what is shown is what the case holds
    assert [m.count for m in (reading.mask("one", "P"), reading.mask("two", "P"))] == [192, 192]
    assert reading.steps == () and "two overlaps another region" in told[0]
    reading.erase("two", "P")
    reading.labels["P"][2, 20:22, 20:22] = label
    reading.commit_stroke()
    assert reading.mask("two", "P").count == 4


def test_an_outline_moved_into_another_region_says_what_it_left_there():
    reading, told = Reading(study()), []
    reading.events.warned.connect(told.append)
    tumor, defect = (reading.add_region(r) for r in (RegionRole.PRIMARY_TUMOR, RegionRole.FILLING_DEFECT))
    reading.outline(tumor, {"P": block(geometry(), (1, 4, 4), (3, 8, 8))})
    reading.outline(defect, {"P": block(geometry(), (1, 4, 12), (3, 8, 2))})
    reading_tools.nudge(reading, defect, "P", (0, 0, -1))
    assert told == [f"24 voxels of {defect} lie in other regions and stay with them."]
    reading_tools.nudge(reading, defect, "P", (0, 0, -1))

    assert reading.mask(defect, "P") is None
    assert reading.state.region(defect).masks == {}  # nor is it called confirmed
    reading.undo()
    reading.undo()
    assert reading.mask(defect, "P").count == 48
