"""A reading on the screen: which layers show it, which phase and tool are in hand.

``Session`` only arranges. What is drawn goes to the ``Reading``; what the reading says comes back
through ``viewer.sync``. Mouse and keys are in ``viewer.interact`` and ``viewer.keys``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from math import ceil, sqrt
from typing import TYPE_CHECKING

from psygnal import Signal, SignalGroup

from imaging.errors import ImagingError
from imaging.phases.phase import DEFINITE, Role
from imaging.phases.timing import delay_s
from viewer import compat
from viewer.layers import GROUP_LENGTH, OUTLINE_OPACITY, PhaseGroup, Shown, build_group, shown_together
from viewer.windows import PRESETS, limits
from viewer.words import PHASES, TIME_ORDER
from workup.errors import WorkupError
from workup.reading import Reading

if TYPE_CHECKING:
    from napari.components import ViewerModel

#: Phases shown side by side at first; the others wait in the study panel.
MOST_CELLS_AT_FIRST = 4


class Tool(StrEnum):
    """What the left mouse button does."""

    LOOK = "look"
    BRUSH = "brush"
    POLYGON = "polygon"
    ERASER = "eraser"
    FILL = "fill"
    GROW = "grow"
    SCRIBBLE = "scribble"
    CALIPER = "caliper"


class Layout(StrEnum):
    """How phases are arranged."""

    GRID = "grid"
    SINGLE = "single"
    ORTHOGONAL = "orthogonal"


#: Mode of the label layers for each tool; the others are handled by ``viewer.interact``.
LABEL_MODES: Mapping[Tool, str] = {
    Tool.BRUSH: "paint",
    Tool.POLYGON: "polygon",
    Tool.ERASER: "erase",
    Tool.FILL: "fill",
}


#: With these in hand outlines are shown filled, which is quick to redraw; else only their border is.
FILLED_WITH = frozenset({Tool.BRUSH, Tool.ERASER, Tool.FILL, Tool.POLYGON})
#: Width of the border otherwise.
OUTLINE_PIXELS = 1
#: A filled outline lets the image through that it is drawn on.
FILLED_OPACITY = 0.4


class SessionSignals(SignalGroup):  # type: ignore[misc]
    """What the window's parts need to know."""

    tool = Signal(str)
    layout = Signal(str)
    phase = Signal(str)  # acquisition key in hand
    groups = Signal()  # layers were built anew
    window = Signal()
    brush = Signal()
    message = Signal(str)  # a word to the reader


class Session:
    """A reading shown in a viewer.

    Parameters
    ----------
    viewer : napari viewer or ViewerModel
        Only its public interface is used.
    reading : Reading
    """

    def __init__(self, viewer: ViewerModel, reading: Reading) -> None:
        self.viewer = viewer
        self.reading = reading
        self.events = SessionSignals()
        self.groups: dict[str, PhaseGroup] = {}
        self.shown: Shown | None = None
        self.phase: str | None = None
        self.previous_phase: str | None = None
        self.tool = Tool.LOOK
        self.layout = Layout.GRID
        self.window = PRESETS["liver"]
        self.in_stroke = False
        self.brush_mm = 8.0
        self._slices_dressed_at: float | None = None
        self._warnings: list[str] = []
        #: Whether ``show`` leaves outlines and lines to be put up later, so that images are seen sooner.
        self.images_first = False
        self.outlines_up = False
        self.outlines_hidden = False

    # Phases

    def show(self, keys: Sequence[str] | None = None, reference: str | None = None) -> None:
        """Show these acquisitions (by default one of each phase), as far as one frame holds them.

        Raises
        ------
        GeometryError
            If there is nothing to show.
        """
        study = self.reading.study
        self.shown = shown_together(study, keys or default_keys(self.reading), reference)
        for group in self.groups.values():
            for layer in group.layers if self.outlines_up else (group.image,):
                self.viewer.layers.remove(layer)
        windows = limits(self.window, [study[key] for key in self.shown.keys])
        self.groups = {
            key: build_group(
                study[key],
                self.reading.labels[key],
                self.shown.frame,
                title=self.title(key),
                contrast_limits=windows[key],
            )
            for key in self.shown.keys
        }
        if self.layout is Layout.GRID:
            self.show_grid(stride=1)  # before there are layers: each change is drawn with all that are there
        for group in self.groups.values():
            self.viewer.layers.append(group.image)
        self.phase, self.outlines_up = None, False
        self.activate(self.shown.keys[0])
        self.viewer.reset_view()
        if not self.images_first:
            self.put_up_outlines()

    def show_grid(self, stride: int | None = None) -> None:
        """One cell of the grid for each acquisition; ``stride`` is how many layers a cell holds."""
        grid, count = self.viewer.canvas.grid, max(1, len(self.groups))
        columns = ceil(sqrt(count))
        grid.shape = (ceil(count / columns), columns)
        grid.spacing = 3
        if stride is not None:
            grid.stride = stride
        grid.enabled = True

    def put_up_outlines(self) -> None:
        """Put outlines over the images; from now on there is something to draw on."""
        layers = self.viewer.layers
        for group in self.groups.values():
            layers.insert(layers.index(group.image) + 1, group.labels)
            group.labels.visible = group.image.visible
        self.viewer.canvas.grid.stride = 2
        self.outlines_up = True
        layers.selection.active = self.group.labels
        if not self.images_first:
            self.put_up_lines()
        self.events.groups.emit()

    def put_up_lines(self) -> None:
        """Put lines over the outlines: the groups are whole."""
        layers = self.viewer.layers
        for group in self.groups.values():
            layers.insert(layers.index(group.labels) + 1, group.marks)
        self.viewer.canvas.grid.stride = GROUP_LENGTH
        layers.selection.active = self.group.labels

    def title(self, key: str) -> str:
        """Phase and time of an acquisition, as its cell says it."""
        return title_of(self.reading, key)

    def activate(self, key: str) -> None:
        """Take an acquisition in hand: drawing goes there."""
        if key not in self.groups or key == self.phase:
            return
        self.previous_phase, self.phase = self.phase, key
        group = self.groups[key]
        self.viewer.layers.selection.active = group.labels if self.outlines_up else group.image
        self.events.phase.emit(key)

    @property
    def group(self) -> PhaseGroup:
        """Layers of the acquisition in hand."""
        assert self.phase is not None
        return self.groups[self.phase]

    def key_at(self, cell: tuple[int, int] | None) -> str | None:
        """The acquisition shown in a cell of the grid."""
        if self.layout is not Layout.GRID or cell is None:
            return self.phase
        columns = self.viewer.canvas.grid.actual_shape(self.viewer.layers)[1]
        index = cell[0] * columns + cell[1]  # napari gives no cell to a phase whose layers are all hidden
        up = self.outlines_up
        keys = [k for k, g in self.groups.items() if g.image.visible or (up and g.labels.visible)]
        return keys[index] if 0 <= index < len(keys) else None

    # Tools

    def set_tool(self, tool: Tool) -> None:
        """Take a tool in hand; drawing tools need a region to draw."""
        if tool is not Tool.LOOK and self.reading.active is None:
            self.say("Add a region first: the outline must belong to something.")
            tool = Tool.LOOK
        if tool is not Tool.LOOK and self.reading.locked:
            self.say(f"Nothing can be drawn: {self.reading.locked}.")
            tool = Tool.LOOK
        self.tool = tool
        self.dress_layers()
        self.events.tool.emit(tool)

    def dress_layers(self) -> None:
        """Give every label layer the tool, label and brush in hand."""
        if not self.outlines_up:
            return
        entry = self.reading.state.regions.get(self.reading.active or "")
        self.viewer.scene.camera.mouse_pan = self.tool is Tool.LOOK
        for group in self.groups.values():
            labels = group.labels
            if entry is not None and labels.selected_label != entry.label:
                labels.selected_label = entry.label
                compat.drop_polygon(labels)
            pixel = abs(float(labels.scale[-1]))
            labels.brush_size = max(1, round(self.brush_mm / pixel))
            contour = 0 if self.tool in FILLED_WITH else OUTLINE_PIXELS
            if labels.contour != contour:
                labels.contour = contour
            opacity = 0.0 if self.outlines_hidden else FILLED_OPACITY if contour == 0 else OUTLINE_OPACITY
            if labels.opacity != opacity:
                labels.opacity = opacity
        self.dress_slices()

    def dress_slices(self) -> None:
        """Let outlines be drawn where a slice is seen only: napari would write into another one."""
        here = self.viewer.dims.point[self.viewer.dims.order[0]]
        moved, self._slices_dressed_at = here != self._slices_dressed_at, here
        for key, group in self.groups.items() if self.outlines_up else ():
            wanted = LABEL_MODES.get(self.tool, "pan_zoom") if self.has_slice(key) else "pan_zoom"
            if group.labels.mode != wanted:
                group.labels.mode = wanted
            if (moved or wanted != LABEL_MODES[Tool.POLYGON]) and compat.drop_polygon(group.labels):
                self.say("The polygon was not closed: begin it anew.")

    def has_slice(self, key: str) -> bool:
        """Whether an acquisition reaches the position that is shown; its cell is empty otherwise."""
        dims, image = self.viewer.dims, self.groups[key].image
        if dims.ndisplay == 3:
            return True
        axis = dims.order[0]
        index = round(float(image.world_to_data(dims.point)[axis]))
        return 0 <= index < int(image.data.shape[axis])

    def set_brush(self, brush_mm: float) -> None:
        """Diameter of brush and eraser. [mm]"""
        self.brush_mm = min(80.0, max(0.5, brush_mm))
        self.dress_layers()
        self.events.brush.emit()

    def attempt(self, act: Callable[[], object], word: Callable[[], str] | str = "") -> bool:
        """Do something that may be refused; a refusal is told in the status bar. Whether it was done.

        ``word`` is said when it was done, after what the reading warned of meanwhile.
        """
        self._warnings.clear()
        try:
            act()
        except (ImagingError, WorkupError) as error:
            self.say(str(error))
            return False
        said = word if isinstance(word, str) else word()
        if said:
            self.say(" ".join((*self._warnings, said)))
        return True

    def warn(self, message: str) -> None:
        """What the reading warns of; the word that follows an act does not push it aside."""
        self._warnings.append(message)
        self.say(message)

    def say(self, message: str) -> None:
        """A word to the reader, in the status bar: never a pop-up."""
        self.viewer.status = message
        self.events.message.emit(message)


def default_keys(reading: Reading) -> tuple[str, ...]:
    """One acquisition of each phase in the order of time, at most four; all images if none is named."""
    images = [
        a.key
        for a in reading.study
        if (decision := reading.decisions.get(a.key)) is None or decision.role is Role.IMAGE
    ]
    ranked = sorted(images, key=lambda key: TIME_ORDER.index(reading.phase(key)))
    first = {reading.phase(key): key for key in reversed(ranked)}
    chosen = [key for key in ranked if first[reading.phase(key)] == key]
    rest = [key for key in ranked if key not in chosen]
    kept = set((chosen + rest)[:MOST_CELLS_AT_FIRST])
    return tuple(key for key in ranked if key in kept) or tuple(a.key for a in reading.study)


def keys_beside(session: Session, key: str) -> tuple[str, ...]:
    """What to show so that one more acquisition is seen: with the others, with the first ones, or alone."""
    reading, shown = session.reading, tuple(session.groups)
    if len(shown) >= MOST_CELLS_AT_FIRST:
        shown = tuple(k for k in shown if k != session.phase)
    wanted = tuple(sorted((*shown, key), key=lambda k: TIME_ORDER.index(reading.phase(k))))
    if len(shown_together(reading.study, wanted).keys) == len(wanted):
        return wanted
    first = default_keys(reading)
    return first if key in first and key in shown_together(reading.study, first).keys else (key,)


def title_of(reading: Reading, key: str) -> str:
    """Phase and seconds after injection; the series' number where the phase is not known."""
    known = reading.phase(key) in DEFINITE
    seconds = delay_s(reading.study, key)
    number = reading.study[key].header.series_number
    parts = [
        PHASES[reading.phase(key)] if known else "Phase?",
        f"{seconds:.0f} s" if seconds is not None and seconds > 0 else None,
        None if number is None or known else f"#{number}",
    ]
    return "  ".join(part for part in parts if part)
