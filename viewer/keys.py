"""One table of keys: bound in the viewer, shown in the help panel, listed in the documentation.

napari ignores key bindings of a manifest and gives digits and letters of a label layer to its own tools,
so the table is bound on the viewer and on each of our layers, where ours win. Shortcuts of napari's menus
(most of Ctrl + letter) come before any binding, so the table stays clear of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from viewer import layout
from viewer.session import Layout, Tool
from viewer.windows import PRESETS

if TYPE_CHECKING:
    from viewer.desk import Desk


@dataclass(frozen=True)
class Key:
    """A key, what it does, and under which heading the help lists it."""

    keys: str
    says: str
    group: str
    does: Callable[[Desk], Any]


def _tool(tool: Tool) -> Callable[[Desk], None]:
    return lambda desk: desk.session.set_tool(tool)


def _window(name: str) -> Callable[[Desk], None]:
    return lambda desk: layout.apply_window(desk.session, PRESETS[name])


def _phase(number: int) -> Callable[[Desk], None]:
    return lambda desk: layout.flicker_to(desk.session, number)


def _scroll(steps: int) -> Callable[[Desk], None]:
    def scroll(desk: Desk) -> None:
        dims = desk.session.viewer.dims
        axis = dims.order[0]
        if not desk.session.in_stroke:  # a stroke stays on its slice
            dims.set_current_step(axis, dims.current_step[axis] + steps)

    return scroll


def _brush(factor: float) -> Callable[[Desk], None]:
    return lambda desk: desk.session.set_brush(desk.session.brush_mm * factor)


def _nudge(rows: int, columns: int) -> Callable[[Desk], None]:
    return lambda desk: desk.nudge(0, rows, columns)


LOOK, DRAW, MEASURE, READ = "Look", "Draw", "Measure and carry over", "Read"

TABLE: tuple[Key, ...] = (
    Key("1", "phase 1 (in the single layout: flicker)", LOOK, _phase(1)),
    Key("2", "phase 2", LOOK, _phase(2)),
    Key("3", "phase 3", LOOK, _phase(3)),
    Key("4", "phase 4", LOOK, _phase(4)),
    Key(
        "Z",
        "the phase before, back and forth",
        LOOK,
        lambda desk: layout.flicker_back(desk.session),
    ),
    Key("Q", "all phases side by side", LOOK, lambda d: layout.arrange(d.session, Layout.GRID)),
    Key("W", "one phase on the whole screen", LOOK, lambda d: layout.arrange(d.session, Layout.SINGLE)),
    Key("Up", "one slice up", LOOK, _scroll(1)),
    Key("Down", "one slice down", LOOK, _scroll(-1)),
    Key("Shift-Up", "five slices up", LOOK, _scroll(5)),
    Key("Shift-Down", "five slices down", LOOK, _scroll(-5)),
    Key("J", "jump to the region in hand", LOOK, lambda desk: desk.jump()),
    Key("R", "fit the images to the window", LOOK, lambda desk: desk.session.viewer.reset_view()),
    Key("F1", "window: liver", LOOK, _window("liver")),
    Key("F2", "window: soft tissue", LOOK, _window("soft tissue")),
    Key("F3", "window: narrow", LOOK, _window("narrow")),
    Key("F4", "window: angio", LOOK, _window("angio")),
    Key("F6", "window: bone", LOOK, _window("bone")),
    Key("Y", "map of the region in hand on and off", LOOK, lambda desk: desk.panel("map")),
    Key("O", "outlines on and off", LOOK, lambda desk: desk.toggle_outlines()),
    Key("Escape", "put the tool away", DRAW, _tool(Tool.LOOK)),
    Key("B", "brush", DRAW, _tool(Tool.BRUSH)),
    Key("P", "polygon (click corners, double click closes)", DRAW, _tool(Tool.POLYGON)),
    Key("E", "eraser", DRAW, _tool(Tool.ERASER)),
    Key("F", "fill", DRAW, _tool(Tool.FILL)),
    Key("G", "grow from a click, over all phases", DRAW, _tool(Tool.GROW)),
    Key("S", "scribble: left button inside, right button outside", DRAW, _tool(Tool.SCRIBBLE)),
    Key("I", "fill in the slices between drawn ones", DRAW, lambda desk: desk.interpolate()),
    Key("L", "suggest a reference liver beside the lesion", DRAW, lambda desk: desk.suggest_liver()),
    Key("[", "smaller brush", DRAW, _brush(1 / 1.25)),
    Key("]", "larger brush", DRAW, _brush(1.25)),
    Key("N", "new region", DRAW, lambda desk: desk.new_region()),
    Key("K", "regions of an earlier study", DRAW, lambda desk: desk.panel("earlier")),
    Key("PageUp", "region before", DRAW, lambda desk: desk.next_region(-1)),
    Key("PageDown", "next region", DRAW, lambda desk: desk.next_region(1)),
    Key("Delete", "erase the region on this phase", DRAW, lambda desk: desk.erase()),
    Key("Control-Z", "undo, whatever it was", DRAW, lambda desk: desk.undo()),
    Key("Control-Shift-Z", "redo", DRAW, lambda desk: desk.redo()),
    Key("C", "caliper: long axis, then short axis", MEASURE, _tool(Tool.CALIPER)),
    Key("M", "caliper lines from the outline", MEASURE, lambda desk: desk.snap_lines()),
    Key("A", "carry the outline over to the other phases", MEASURE, lambda desk: desk.propagate()),
    Key("Control-Up", "nudge the outline on this phase: forward", MEASURE, _nudge(-1, 0)),
    Key("Control-Down", "nudge: backward", MEASURE, _nudge(1, 0)),
    Key("Control-Left", "nudge: left on the screen", MEASURE, _nudge(0, -1)),
    Key("Control-Right", "nudge: right on the screen", MEASURE, _nudge(0, 1)),
    Key("Control-PageUp", "nudge: one slice up", MEASURE, lambda desk: desk.nudge(1, 0, 0)),
    Key("Control-PageDown", "nudge: one slice down", MEASURE, lambda desk: desk.nudge(-1, 0, 0)),
    Key("Enter", "confirm the outline on this phase", MEASURE, lambda desk: desk.confirm()),
    Key("Shift-Enter", "confirm the outline on every phase shown", MEASURE, lambda desk: desk.confirm_all()),
    Key("V", "save a version", READ, lambda desk: desk.save()),
    Key("T", "sign the read", READ, lambda desk: desk.panel("sign")),
    Key("U", "export report, SEG and SR", READ, lambda desk: desk.export()),
    Key("D", "adjudicate two signed reads", READ, lambda desk: desk.panel("adjudicate")),
    Key("X", "panels away and back", LOOK, lambda desk: desk.toggle_panels()),
    Key("H", "this list of keys", READ, lambda desk: desk.toggle_help()),
)


def bind(desk: Desk) -> None:
    """Bind the table on the viewer and on every layer of the session."""
    for row in TABLE:
        desk.session.viewer.bind_key(row.keys, _handler(desk, row), overwrite=True)
        for group in desk.session.groups.values():
            for layer in group.layers:
                layer.bind_key(row.keys, _handler(desk, row), overwrite=True)


def _handler(desk: Desk, row: Key) -> Callable[[Any], None]:
    def pressed(_target: Any) -> None:
        row.does(desk)

    pressed.__doc__ = row.says
    return pressed
