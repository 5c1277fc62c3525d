"""The desk on a viewer model without a window: tools, keys, mouse, lines, layouts, settings."""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("napari")

from napari.components import ViewerModel
from napari.utils.key_bindings import coerce_keybinding

from imaging.findings.region_maps import RegionMap
from imaging.geometry import VolumeGeometry
from imaging.phases.phase import Evidence, Phase, PhaseDecision, Role
from imaging.regions.region import RegionRole
from imaging.volume import Study
from tests.reading_studies import acquisition, block, geometry, study
from viewer import hanging, interact, layout
from viewer.desk import Desk
from viewer.keys import TABLE
from viewer.map_layers import COLORS, MAP_OPACITY, SCALES, MapLayers
from viewer.session import LABEL_MODES, Layout, Tool, default_keys
from viewer.settings import Habits
from viewer.windows import PRESETS, describe, limits
from workup.case.case import Line
from workup.case.reads import ReadPlan
from workup.case.state import CaseState
from workup.case.store_files import CaseStore
from workup.protocol_files import read_protocol
from workup.reading import Reading
from workup.reading_answers import Answers
from workup.reading_keeper import Keeper
from workup.reading_lines import length_mm
from workup.reading_state import ReadState

PHASES = dict(
    zip("UAPD", (Phase.UNENHANCED, Phase.LATE_ARTERIAL, Phase.PORTAL_VENOUS, Phase.DELAYED), strict=True)
)


def named(keys="UAPD"):
    return {
        key: PhaseDecision(Role.IMAGE, PHASES[key], 0.9, (Evidence("text", key, PHASES[key]),))
        for key in keys
    }


@pytest.fixture
def desk():
    made = Desk(ViewerModel(), Reading(study(), reader="A", decisions=named()))
    made.open()
    return made


def event(position, **more):
    """A mouse event as napari hands it to callbacks."""
    return SimpleNamespace(
        **{"type": "mouse_press", "button": 1, "pos": (0.0, 0.0), "viewbox": (0, 0), "modifiers": ()} | more,
        position=tuple(position),
        handled=False,
    )


def drag(desk, positions, button=1, viewbox=(0, 0)):
    """Press at the first display position, move over the others, let go."""
    e = event(positions[0], button=button, viewbox=viewbox)
    running = interact.on_drag(desk.session, desk.hands)(desk.session.viewer, e)
    for _ in running:
        if not positions[1:]:
            e.type = "mouse_release"
            continue
        positions = positions[1:]
        e.type, e.position = "mouse_move", tuple(positions[0])
        e.pos = (e.pos[0] + 10.0, e.pos[1])


def display(desk, index, key="U"):
    grid = desk.reading.study[key].volume.geometry
    return desk.session.shown.frame.to_display(grid.patient_mm(index))


def test_four_phases_in_the_order_of_time_share_one_grid(desk):
    session = desk.session

    assert list(session.groups) == list("UAPD")
    assert [layer.name for layer in session.viewer.layers][::3] == [
        "Unenhanced", "Late arterial", "Portal venous", "Delayed",
    ]  # fmt: skip
    assert session.viewer.canvas.grid.enabled
    assert session.viewer.canvas.grid.actual_shape(session.viewer.layers) == (2, 2)
    assert session.key_at((1, 0)) == "P"


def test_the_pointer_chooses_the_phase_and_the_brush_draws_there_only(desk):
    desk.new_region(RegionRole.FILLING_DEFECT)
    desk.session.set_tool(Tool.BRUSH)
    interact.on_move(desk.session)(desk.session.viewer, event((0, 0, 0), viewbox=(0, 1)))
    labels = desk.session.viewer.layers.selection.active

    assert labels is desk.session.groups["A"].labels
    assert labels.mode == "paint"
    labels.paint(labels.world_to_data(display(desk, (2, 10, 10))), labels.selected_label)
    desk.reading.commit_stroke()
    assert {key: bool(np.asarray(v).any()) for key, v in desk.reading.labels.items()} == {
        "U": False, "A": True, "P": False, "D": False,
    }  # fmt: skip
    desk.undo()
    assert not np.asarray(desk.reading.labels["A"]).any()


def test_no_tool_without_a_region_and_none_on_a_signed_read(desk):
    desk.session.set_tool(Tool.BRUSH)
    assert desk.session.tool is Tool.LOOK

    desk.new_region(RegionRole.AORTA)
    desk.reading.locked = "signed by A"
    desk.session.set_tool(Tool.ERASER)
    assert desk.session.tool is Tool.LOOK


def test_the_brush_is_as_wide_in_every_phase(desk):
    desk.session.set_brush(8.0)

    assert {g.labels.brush_size for g in desk.session.groups.values()} == {10}  # 0.8 mm pixels


def test_two_drags_of_the_caliper_are_a_long_and_a_perpendicular_short_axis(desk):
    desk.new_region(RegionRole.TARGET_LESION)
    desk.session.set_tool(Tool.CALIPER)
    drag(desk, [display(desk, (2, 10, 4)), display(desk, (2, 10, 29))])
    drag(desk, [display(desk, (2, 5, 15)), display(desk, (2, 17, 20))])
    long_axis, short_axis = desk.reading.state.lines

    assert (long_axis.axis, short_axis.axis) == ("long", "short")
    assert length_mm(long_axis) == pytest.approx(25 * 0.8)
    assert length_mm(short_axis) == pytest.approx(12.0)  # only the part across the long axis
    marks = desk.session.groups["U"].marks
    assert list(marks.features["text"]) == ["LD 20.0 × SA 12.0 mm", ""]
    assert [round(float(data[0][0])) for data in marks.data] == [2, 2]
    desk.undo()
    desk.undo()
    assert desk.reading.state.lines == ()
    assert not marks.visible


def test_an_end_can_be_taken_and_moved(desk):
    desk.new_region(RegionRole.TARGET_LESION)
    desk.session.set_tool(Tool.CALIPER)
    desk.session.viewer.scene.camera.zoom = 4.0
    drag(desk, [display(desk, (2, 10, 4)), display(desk, (2, 10, 20))])
    drag(desk, [display(desk, (2, 10, 20)), display(desk, (2, 10, 24))])

    (line,) = desk.reading.state.lines
    assert length_mm(line) == pytest.approx(16.0)


def test_a_slip_of_the_hand_is_no_line(desk):
    desk.new_region(RegionRole.TARGET_LESION)
    desk.session.set_tool(Tool.CALIPER)
    drag(desk, [display(desk, (2, 10, 4)), display(desk, (2, 10, 4.5))])

    assert desk.reading.state.lines == ()


def test_marks_are_shown_on_their_slice_only(desk):
    desk.new_region(RegionRole.TARGET_LESION)
    desk.reading.outline(desk.reading.active, {"P": block(geometry(), (3, 5, 5), (1, 10, 12))})
    desk.session.activate("P")
    desk.snap_lines()
    marks = desk.session.groups["P"].marks
    seen = []
    for index in (2, 3, 4):
        desk.session.viewer.dims.set_point(0, float(display(desk, (index, 0, 0))[0]))
        seen.append(marks.visible)

    assert seen == [False, True, False]


def test_carrying_over_nudging_and_confirming(desk):
    desk.new_region(RegionRole.FILLING_DEFECT)
    desk.reading.outline(desk.reading.active, {"A": block(geometry(), (2, 5, 5), (2, 6, 6))})
    desk.session.activate("A")
    desk.propagate()
    desk.session.activate("P")
    desk.nudge(0, 1, 2)
    id_ = desk.reading.active

    assert desk.reading.mask(id_, "P").offset == (2, 6, 7)
    assert [desk.reading.mask(id_, key).verified for key in "UAPD"] == [False, True, False, False]
    desk.confirm()
    assert desk.reading.mask(id_, "P").verified
    desk.confirm_all()
    assert all(desk.reading.mask(id_, key).verified for key in "UAPD")


def test_scribbles_on_both_sides_outline_the_region_between_them():
    images = study(("P",))
    images["P"].volume.voxels[2, 6:16, 8:20] = 300
    desk = Desk(ViewerModel(), Reading(images, decisions=named("P")))
    desk.open()
    desk.new_region(RegionRole.TARGET_LESION)
    desk.session.set_tool(Tool.SCRIBBLE)
    drag(desk, [display(desk, (2, 10, 10), "P"), display(desk, (2, 10, 17), "P")])
    drag(
        desk,
        [display(desk, (2, 3, 4), "P"), display(desk, (2, 3, 24), "P"), display(desk, (2, 20, 24), "P")],
        button=2,
    )
    mask = desk.reading.mask(desk.reading.active, "P")

    assert mask is not None
    assert not mask.verified
    assert mask.full()[2, 7:15, 9:19].mean() > 0.9


def test_a_right_drag_changes_the_window_of_every_phase(desk):
    low, high = desk.session.groups["U"].image.contrast_limits
    drag(desk, [display(desk, (2, 10, 10)), display(desk, (2, 10, 20))], button=2)
    after = {tuple(g.image.contrast_limits) for g in desk.session.groups.values()}

    assert len(after) == 1
    ((new_low, new_high),) = after
    assert new_high - new_low > high - low


def test_the_wheel_scrolls_and_ctrl_zooms_about_the_pointer(desk):
    viewer, wheel = desk.session.viewer, interact.on_wheel(desk.session)
    step = viewer.dims.current_step[0]
    wheel(viewer, event((0, 0, 0), delta=(0.0, 1.0)))
    assert viewer.dims.current_step[0] == step + 1

    zoom, under = viewer.scene.camera.zoom, np.array([5.0, 3.0])
    before = (under - np.array(viewer.scene.camera.center[-2:])) * zoom
    wheel(viewer, event((0, *under), delta=(0.0, 1.0), modifiers=("Control",)))
    assert viewer.scene.camera.zoom == pytest.approx(zoom * interact.ZOOM_PER_CLICK)
    after = (under - np.array(viewer.scene.camera.center[-2:])) * viewer.scene.camera.zoom
    assert after == pytest.approx(before)


def test_flicker_shows_one_phase_at_a_time(desk):
    layout.arrange(desk.session, Layout.SINGLE)
    layout.flicker_to(desk.session, 3)
    assert [k for k, g in desk.session.groups.items() if g.image.visible] == ["P"]
    layout.flicker_back(desk.session)
    assert [k for k, g in desk.session.groups.items() if g.image.visible] == ["U"]


def test_closing_the_layers_loses_no_work(desk):
    desk.new_region(RegionRole.FILLING_DEFECT)
    desk.reading.outline(desk.reading.active, {"A": block(geometry(), (2, 5, 5), (2, 6, 6))})
    desk.session.viewer.layers.clear()

    assert desk.reading.to_case().regions[0].masks["A"].count == 72


def test_each_key_is_known_and_used_once():
    combinations = [str(coerce_keybinding(row.keys)) for row in TABLE]

    assert len(set(combinations)) == len(combinations)
    assert all(combination and not combination.endswith("+") for combination in combinations)


def test_what_is_painted_lets_the_image_through_and_what_is_hidden_stays_so(desk):
    def opacity():
        (every,) = {group.labels.opacity for group in desk.session.groups.values()}
        return every

    desk.new_region(RegionRole.TARGET_LESION)
    border = opacity()
    desk.session.set_tool(Tool.BRUSH)
    assert 0.0 < opacity() < border

    desk.toggle_outlines()
    desk.session.set_tool(Tool.LOOK)
    assert opacity() == 0.0
    desk.toggle_outlines()
    assert opacity() == border


def seen(desk):
    """Everything that a key may change, apart from the reading."""
    session, viewer = desk.session, desk.session.viewer
    camera = viewer.scene.camera
    return (
        session.phase, session.layout, session.tool, session.window.name, session.brush_mm,
        viewer.dims.point, camera.zoom, camera.center, desk.reading.active,
        [g.labels.opacity for g in session.groups.values()],
    )  # fmt: skip


def used(desk, phase, layout_, preset, tool):
    """A region to be confirmed on two phases, looked at in some way."""
    desk.new_region(RegionRole.TARGET_LESION)
    mask = replace(block(geometry(), (2, 5, 5), (3, 9, 9)), verified=False)
    desk.reading.outline(desk.reading.active, {"U": mask, phase: mask})
    desk.session.activate(phase)
    layout.arrange(desk.session, layout_)
    layout.apply_window(desk.session, PRESETS[preset])
    desk.session.set_tool(tool)
    desk.session.viewer.scene.camera.zoom = 0.1
    layout.go_to_slice(desk.session, float(display(desk, (1, 0, 0))[0]))


WAYS = (("A", Layout.GRID, "bone", Tool.BRUSH), ("D", Layout.SINGLE, "liver", Tool.CALIPER))


def test_every_key_does_something_or_says_why_not_and_undo_takes_it_back(desk):
    asked, told, idle = [], [], []
    for name in ("sign", "export", "adjudicate", "panels", "help", "earlier", "map"):
        desk.panels[name] = lambda name=name: asked.append(name)
    desk.session.events.message.connect(told.append)
    for row in TABLE:
        row.does(desk)  # nothing is drawn yet: nothing breaks
        for way in WAYS:  # what one way of looking has already, the other has not
            used(desk, *way)
            told.clear(), asked.clear()
            state, view = desk.reading.state, seen(desk)
            row.does(desk)
            if desk.reading.state is not state or seen(desk) != view or asked or told:
                break
        else:
            idle.append(row.keys)
        while desk.reading.undo():
            pass
        assert desk.reading.state == ReadState(), row
        assert not any(np.asarray(labels).any() for labels in desk.reading.labels.values()), row

    assert idle == []


def test_default_phases_are_one_of_each_then_the_rest():
    reading = Reading(study(), decisions=named("UAP") | {"D": named("P")["P"]})

    assert default_keys(reading) == ("U", "A", "P", "D")


def test_windows_are_hounsfield_on_ct_and_shared_percentiles_on_mr():
    images = study(("U", "A"))
    assert limits(PRESETS["liver"], images) == {"U": (-10.0, 190.0), "A": (-10.0, 190.0)}
    assert describe((0.0, 1.5), "MR") == "W 1.50  C 0.75"


def test_without_the_plugin_the_planes_say_what_to_install(desk, monkeypatch):
    monkeypatch.setitem(sys.modules, "napari_orthogonal_views", None)
    told, layouts = [], []
    desk.session.events.message.connect(told.append)
    desk.session.events.layout.connect(layouts.append)
    desk.orthogonal()

    assert "pip install napari-orthogonal-views" in told[0]
    assert layouts == [Layout.GRID]  # so that its button goes back
    assert all(g.image.visible for g in desk.session.groups.values())


@pytest.fixture
def reopened(tmp_path):
    """Desks on one case folder, one after the other."""
    store = CaseStore.create(tmp_path / "case", study(), "C1", "A")

    def open_(reader="A", habits=Habits()):  # noqa: B008 - frozen
        reading = Reading(study(), reader=reader, decisions=named())
        made = Desk(ViewerModel(), reading, Keeper(reading, lambda: store, store=store), habits)
        made.open()
        return made

    return open_, store


def looks(desk):
    session = desk.session
    limits_ = {k: tuple(g.image.contrast_limits) for k, g in session.groups.items()}
    return session.layout, session.phase, session.viewer.dims.point[0], session.brush_mm, limits_


def test_a_reader_who_comes_back_finds_the_case_as_they_left_it(reopened):
    open_, _ = reopened
    first = open_()
    fresh = looks(first)
    layout.apply_window(first.session, PRESETS["bone"])
    interact.set_limits(first.session, (-33.0, 144.0))
    layout.arrange(first.session, Layout.SINGLE)
    first.session.activate("P")
    first.session.set_brush(3.5)
    first.session.viewer.dims.set_point(0, first.session.viewer.dims.range[0].start + 5.0)
    first.toggle_outlines()
    left = looks(first)
    first.close()
    again = open_()

    assert looks(again) == left != fresh
    assert again.session.window.name == "bone"
    assert [k for k, g in again.session.groups.items() if g.image.visible] == ["P"]
    assert all(g.labels.opacity > 0 for g in again.session.groups.values())  # outlines are never hidden
    assert again.keeper.dirty is False


BROKEN = {
    "nothing": {},
    "of other images": {"phase": "X", "limits": {"X": [0, 1]}, "slice_lps_mm": [0, 0, 9e9]},
    "a window that shows nothing": {"limits": {"U": [50.0, 50.0], "A": [9e9, 9.1e9], "P": [3, 2]}},
    "of other kinds": {"phase": 3, "limits": [], "slice_lps_mm": "high", "brush_mm": "wide", "layout": 7},
    "a layout of another plugin": {"layout": "orthogonal", "window": "unheard of"},
}


def test_a_view_that_does_not_fit_changes_nothing(desk):
    fresh = looks(desk)
    for view in BROKEN.values():
        hanging.hang(desk.session, view)
        assert looks(desk) == fresh, view


def test_a_new_case_starts_in_the_readers_usual_layout_and_window(reopened):
    open_, _ = reopened
    made = open_(habits=Habits(layout="single", window="narrow", brush_mm=2.0))

    assert made.session.layout is Layout.SINGLE
    assert tuple(made.session.group.image.contrast_limits) == (40.0, 140.0)
    assert made.session.brush_mm == 2.0


def some_map(key="A", name="washout", phases=(Phase.LATE_ARTERIAL, Phase.PORTAL_VENOUS)):
    """A map on a part of the grid of one acquisition; one voxel is not valid."""
    values = np.full((2, 5, 6), 30.0, np.float32)
    values[0, 0, 0] = np.nan
    matrix = geometry().index_to_patient_mm.copy()
    matrix[:3, 3] = geometry().patient_mm((2, 8, 9))
    part = VolumeGeometry(values.shape, matrix)
    return RegionMap("r", name, phases, "HU", values, key, part)


def test_a_map_lies_in_its_place_over_its_own_phase_and_is_gone_when_switched_off(desk):
    viewer, maps = desk.session.viewer, MapLayers(desk.session)
    before = list(viewer.layers)
    maps.show(some_map())
    layer = maps.layers["A"]

    assert layer.name == "Washout -60 to 60 HU\nlate arterial\n\u2212 portal venous"
    assert layer.opacity == MAP_OPACITY
    assert tuple(layer.contrast_limits) == (-60.0, 60.0)
    where = desk.session.shown.frame.to_display(geometry().patient_mm((3, 10, 12)))
    assert layer.get_value(where, world=True) == 30.0
    assert layer.colormap.map(np.array([np.nan]))[0][3] == 0.0  # not valid: transparent
    assert viewer.canvas.grid.stride == 4
    cells = [viewer.layers[n : n + 4] for n in range(0, 16, 4)]
    assert [[type(x).__name__ for x in cell] for cell in cells] == [
        ["Image", "Image", "Labels", "Shapes"]
    ] * 4
    assert [x.visible for x in maps.layers.values()] == [False, True, False, False]
    assert viewer.layers.selection.active == desk.session.group.labels
    maps.show(None)
    assert list(viewer.layers) == before
    assert viewer.canvas.grid.stride == 3


def test_a_map_is_seen_where_its_phase_is(desk):
    maps = MapLayers(desk.session)
    maps.show(some_map())
    layout.arrange(desk.session, Layout.SINGLE)
    hidden = maps.layers["A"].visible
    layout.flicker_to(desk.session, 2)

    assert (hidden, maps.layers["A"].visible) == (False, True)


def test_maps_have_symmetric_colors_and_neutral_in_the_middle():
    assert len(set(COLORS)) == 3
    neutral = {"arterial_enhancement": 0, "washout": 0, "signal_enhancement_ratio": 1, "liver_to_lesion": 100}
    assert {name: (s.low + s.high) / 2 for name, s in SCALES.items()} == neutral


def short_phase():
    """Two phases; the second reaches over four of the twelve slices of the first."""
    grids = {"U": geometry((12, 24, 30)), "P": geometry((4, 24, 30), origin=(-12.0, -10.0, 60.0))}
    made = (acquisition(k, np.full(g.shape, 60, np.int16), g) for k, g in grids.items())
    desk = Desk(ViewerModel(), Reading(Study(tuple(made)), reader="A", decisions=named("UP")))
    desk.open()
    desk.new_region(RegionRole.TARGET_LESION)
    return desk


def test_no_tool_draws_where_the_phase_has_no_slice():
    desk, said = short_phase(), []
    desk.session.events.message.connect(said.append)
    for tool, index in itertools.product([t for t in Tool if t is not Tool.LOOK], (0, 3, 8, 11)):
        desk.session.set_tool(tool)
        places = [display(desk, (index, row, column)) for row, column in ((8, 8), (8, 16), (14, 12))]
        desk.session.viewer.dims.set_point(0, float(places[0][0]))
        said.clear()
        drag(desk, places, viewbox=(0, 1))

        assert desk.session.phase == "P"
        assert desk.session.groups["P"].labels.mode == "pan_zoom"  # napari would write into another slice
        assert desk.session.groups["U"].labels.mode == LABEL_MODES.get(tool, "pan_zoom")
        assert said == [interact.NO_SLICE]
        assert not desk.session.in_stroke
        desk.session.viewer.dims.set_point(0, float(display(desk, (5, 0, 0))[0]))
        assert desk.session.groups["P"].labels.mode == LABEL_MODES.get(tool, "pan_zoom")
    assert desk.reading.state.lines == ()
    assert not np.asarray(desk.reading.labels["P"]).any()


@pytest.mark.parametrize("leave", ["scroll", "another tool", "another region"])
def test_a_polygon_that_was_not_closed_is_never_closed_somewhere_else(desk, leave):
    one, two = (desk.reading.add_region(RegionRole.TARGET_LESION) for _ in range(2))
    del two
    desk.session.set_tool(Tool.POLYGON)
    corners = desk.session.groups["U"].labels._overlays["polygon"]
    corners.points = [[2, 5, 5], [2, 5, 9], [2, 9, 9], [2, 9, 9]]
    if leave == "scroll":
        desk.session.viewer.dims.set_point(0, float(display(desk, (4, 0, 0))[0]))
    elif leave == "another tool":
        desk.session.set_tool(Tool.BRUSH)
    else:
        desk.reading.activate(one)

    assert corners.points == []


def test_a_stroke_stays_on_its_slice(desk):
    step = desk.session.viewer.dims.current_step
    desk.session.in_stroke = True
    interact.on_wheel(desk.session)(desk.session.viewer, event((0, 0, 0), delta=(0.0, 1.0)))
    next(row for row in TABLE if row.keys == "Up").does(desk)

    assert desk.session.viewer.dims.current_step == step


def test_a_name_in_a_blinded_case_is_the_one_it_was_opened_with(tmp_path):
    images = study()
    store = CaseStore.create(tmp_path / "case", images, "case", "Office", plan=ReadPlan(("A", "B"), "C"))
    reading = Reading(images, reader="A", decisions=named())
    desk, said = Desk(ViewerModel(), reading, Keeper(reading, lambda: store, store=store)), []
    desk.session.events.message.connect(said.append)
    desk.name_reader("B")

    assert reading.reader == "A" and "read blind" in said[0]
    desk.keeper.close()
    store.autosave(CaseState(reader="B"), "B")
    other = Reading(images, decisions=named())
    desk = Desk(ViewerModel(), other, Keeper(other, lambda: store, store=store))
    desk.name_reader("B")
    assert other.reader is None  # their unsaved work was not loaded, and would be written over
    desk.name_reader("A")
    assert other.reader == "A"
    desk.keeper.close()


def test_a_name_taken_over_is_confirmed_or_replaced_before_anything_is_saved(tmp_path):
    images = study()
    store = CaseStore.create(tmp_path / "case", images, "case", "A")
    for give, versions in ((lambda d: d.confirm_name(), "A"), (lambda d: d.name_reader(" B "), "B")):
        reading = Reading(images, reader="A", decisions=named())
        desk, said = Desk(ViewerModel(), reading, Keeper(reading, lambda: store, store=store)), []
        desk.session.events.message.connect(said.append)
        desk.open()
        desk.keeper.name_given = False
        desk.name_reader("A")  # the field loses focus: nobody said anything
        desk.save()
        assert "'A' comes from the last save" in said[-1]
        give(desk)
        desk.save()
        assert store.history().versions[-1].reader == versions
        desk.keeper.close()

    assert len(store.history().versions) == 2


def test_an_axis_made_shorter_than_the_other_gives_its_name_away(desk):
    desk.new_region(RegionRole.TARGET_LESION)
    desk.session.set_tool(Tool.CALIPER)
    desk.session.viewer.scene.camera.zoom = 8.0
    drag(desk, [display(desk, (2, 10, 2)), display(desk, (2, 10, 27))])
    drag(desk, [display(desk, (2, 3, 15)), display(desk, (2, 18, 15))])
    drag(desk, [display(desk, (2, 10, 27)), display(desk, (2, 10, 14.45))])
    measured = Answers(desk.reading, read_protocol()).region(desk.reading.active).lesion.measurement.lesion

    assert {line.axis: length_mm(line) for line in desk.reading.state.lines} == pytest.approx(
        {"long": measured.long_axis_mm, "short": measured.short_axis_mm}
    )
    assert measured.long_axis_mm == pytest.approx(15.0)
    texts = desk.session.groups["U"].marks.features["text"]
    assert sorted(texts) == ["", "LD 15.0 × SA 9.96 mm"]  # not 10.0: it is less than 10 mm
    drag(desk, [display(desk, (2, 18, 15)), display(desk, (2, 8, 19))])
    (line,) = desk.reading.state.lines  # no longer perpendicular: the axis in hand is what stays
    assert length_mm(line) == pytest.approx(np.hypot(5.0, 3.2))


def test_findings_are_printed_on_the_side_on_which_they_were_compared(desk):
    pytest.importorskip("qtpy")
    from viewer.widgets.findings_panel import lesion_rows

    id_ = desk.reading.add_region(RegionRole.TARGET_LESION)
    ends = [tuple(geometry().patient_mm((2, 10, column))) for column in (4, 16.45)]
    desk.reading.set_lines(id_, (Line(id_, "P", "long", tuple(ends)),))
    lesion = Answers(desk.reading, read_protocol()).region(id_).lesion

    assert lesion.measurement.judged.threshold_mm == pytest.approx(10.0)
    assert "LD 9.96 mm" in lesion_rows(lesion)[0]


def test_strokes_inside_and_outside_count_on_one_phase_only(desk):
    desk.new_region(RegionRole.TARGET_LESION)
    desk.session.set_tool(Tool.SCRIBBLE)
    inside, outside = ([display(desk, (2, row, 5)), display(desk, (2, row, 20))] for row in (8, 18))
    drag(desk, inside, viewbox=(0, 0))
    drag(desk, outside, button=2, viewbox=(0, 1))

    assert desk.session.phase == "A"
    assert not any(np.asarray(labels).any() for labels in desk.reading.labels.values())
    drag(desk, inside, viewbox=(0, 1))
    assert desk.reading.mask(desk.reading.active, "A") is not None


def test_the_pointer_finds_its_phase_where_a_cell_was_hidden(desk):
    for layer in desk.session.groups["A"].layers:
        layer.visible = False

    assert [desk.session.key_at(cell) for cell in ((0, 0), (0, 1), (1, 0), (1, 1))] == ["U", "P", "D", None]


def many_phases():
    """Five phases of one frame, one that is tilted, all with an outline that waits."""
    tilted = geometry().index_to_patient_mm.copy()
    tilted[:3, 0] = [0.0, 1.5, 4.77]
    tilted[:3, 1] = [0.0, 0.954, -0.3]
    grids = dict.fromkeys("UAPDX", geometry()) | {"T": VolumeGeometry(geometry().shape, tilted)}
    found = {key: replace(named("P")["P"], phase=PHASES.get(key, Phase.UNDETERMINED)) for key in grids}
    made = tuple(acquisition(k, np.full(g.shape, 60, np.int16), g) for k, g in grids.items())
    desk = Desk(ViewerModel(), Reading(Study(made), reader="A", decisions=found))
    desk.open()
    desk.new_region(RegionRole.TARGET_LESION)
    waiting = {k: replace(block(g, (2, 5, 5), (2, 6, 6)), verified=False) for k, g in grids.items()}
    desk.reading.outline(desk.reading.active, waiting)
    return desk


def test_what_was_not_seen_is_not_confirmed():
    desk, said = many_phases(), []
    desk.session.events.message.connect(said.append)
    desk.confirm_all()
    masks = desk.reading.state.region(desk.reading.active).masks

    assert {key: how.verified for key, how in masks.items()} == {
        **dict.fromkeys("UAPD", True), "X": False, "T": False,
    }  # fmt: skip
    assert said == ["2 more wait on series that are not shown: choose them under Phases."]


def test_a_series_that_is_not_shown_can_be_brought_to_the_screen():
    desk = many_phases()
    session = desk.session
    session.activate("A")
    session.viewer.dims.set_point(0, float(display(desk, (4, 0, 0))[0]))
    here = session.viewer.dims.point[0]
    desk.bring("X")
    assert (tuple(session.groups), session.phase) == (
        ("U", "P", "D", "X"),
        "X",
    )  # in place of the one in hand
    assert session.viewer.dims.point[0] == here
    desk.bring("T")
    assert (tuple(session.groups), session.phase) == (("T",), "T")  # tilted: in its own frame
    placed = session.group.image.data_to_world((3, 20, 25))
    assert session.shown.frame.to_patient(placed) == pytest.approx(
        desk.reading.study["T"].volume.geometry.patient_mm((3, 20, 25))
    )
    desk.confirm()
    assert desk.reading.state.region(desk.reading.active).masks["T"].verified
    desk.bring("D")
    assert (tuple(session.groups), session.phase) == (("U", "A", "P", "D"), "D")
    assert len(session.viewer.layers) == 12
