"""Enhancement, washout and liver-to-lesion maps as layers: seen over the phase that they lie on.

The maps are computed by ``workup.reading_maps`` on another thread; here they are only drawn. A map is a
layer of its own between image and outlines. napari's grid counts layers, so while a map is shown every
phase gets one more, unseen where it has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal, SignalGroup

from imaging.errors import ImagingError
from imaging.findings.region_maps import RegionMap
from viewer.layers import GROUP_LENGTH, placement
from viewer.sync import coalesced
from viewer.words import PHASES
from workup.reading_maps import maps_of

if TYPE_CHECKING:
    from napari.layers import Image

    from viewer.desk import Desk
    from viewer.feed import Feed
    from viewer.session import Session

#: Maps follow the outline when the reader has paused for this time; then the result is looked for. [ms]
MAPS_AFTER_MS, POLL_MS = 800, 60
#: Seen through by this much, so that the anatomy stays in view.
MAP_OPACITY = 0.65
#: Low, neutral, high: tells apart for the color-blind, too.
COLORS = ("#2166ac", "#f7f7f7", "#b2182b")


@dataclass(frozen=True)
class Scale:
    """What a kind of map is called, and the values at both ends of its colors; neutral lies between."""

    words: str
    low: float
    high: float


#: By the name of the map. Ends are round numbers beyond what separates tissue, not limits of a rule.
SCALES: Mapping[str, Scale] = {
    "arterial_enhancement": Scale("Enhancement", -100, 100),
    "washout": Scale("Washout", -60, 60),
    "signal_enhancement_ratio": Scale("Signal enhancement ratio", 0, 2),
    "liver_to_lesion": Scale("Liver / voxel", 50, 150),
}


def title(found: RegionMap) -> str:
    """What a map shows: the ends of its colors with their unit, then the phases as its formula has them."""
    scale = SCALES[found.name]
    phases = [PHASES[phase].lower() for phase in found.phases]
    between = {"arterial_enhancement": " \u2212 ", "washout": " \u2212 "}.get(found.name, ", ")
    unit = "" if found.unit == "1" else f" {found.unit}"
    return f"{scale.words} {scale.low:g} to {scale.high:g}{unit}: {between.join(phases)}"


class MapSignals(SignalGroup):  # type: ignore[misc]
    """What the panel needs to know."""

    found = Signal(tuple)  # maps of the region in hand, refused ones included
    working = Signal()
    failed = Signal(str)


class MapFeed:
    """Has maps of the region in hand computed on another thread while they are wanted; newest last."""

    def __init__(self, desk: Desk, feed: Feed) -> None:
        self._desk, self._feed = desk, feed
        self.events = MapSignals()
        self.wanted = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="maps")
        self._running: Future[tuple[RegionMap, ...]] | None = None
        self._again = False
        self._ask_soon = coalesced(self.ask, MAPS_AFTER_MS)
        self._look_soon = coalesced(self._look, POLL_MS)
        desk.reading.events.state.connect(self._changed)
        desk.reading.events.active.connect(self._changed)

    def _changed(self) -> None:
        if self.wanted:
            self._again = self._running is not None  # what is being computed is of a moment ago
            self._ask_soon()

    def want(self, wanted: bool) -> None:
        """Begin or end following the region in hand."""
        self.wanted = wanted
        if wanted:
            self.ask()

    def ask(self) -> None:
        """Compute now; a run that is under way is followed by another."""
        self._again = self._running is not None
        region = self._desk.reading.active
        if self._again or not self.wanted:
            return
        if region is None:
            self.events.found.emit(())
            return
        case = self._desk.reading.to_case()
        self._running = self._thread.submit(maps_of, case, region, self._feed.answers.decisions)
        self.events.working.emit()
        self._look_soon()

    def _look(self) -> None:
        running = self._running
        if running is not None and not running.done():
            self._look_soon()
            return
        self._running = None
        if running is not None and not self._again and self.wanted:
            try:
                self.events.found.emit(running.result())
            except ImagingError as error:
                self.events.failed.emit(str(error))
        if self._again:
            self.ask()

    def close(self) -> None:
        """Wait for what is running; tell nothing more."""
        self.wanted = self._again = False
        self.events.disconnect()
        self._thread.shutdown(wait=True, cancel_futures=True)


class MapLayers:
    """Draws one map in the cell of its phase, or none."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._shown: RegionMap | None = None
        self.layers: dict[str, Image] = {}
        session.events.groups.connect(self._draw)

    def show(self, found: RegionMap | None) -> None:
        """Show this map in place of the last one; None takes it away."""
        self._shown = found
        self._draw()

    def _draw(self) -> None:
        session = self._session
        if not self.layers and self._shown is None:
            return
        for layer in self.layers.values():
            if layer in session.viewer.layers:
                session.viewer.layers.remove(layer)
        self.layers = {}
        found = self._shown
        if found is not None and found.values is not None and found.key in session.groups:
            self._add(found)
        session.viewer.canvas.grid.stride = GROUP_LENGTH + bool(self.layers)
        if session.phase in session.groups:
            session.viewer.layers.selection.active = session.group.labels

    def _add(self, found: RegionMap) -> None:
        viewer = self._session.viewer
        for key, group in self._session.groups.items():
            mine = key == found.key
            layer = map_layer(found, self._session, group.image) if mine else _unseen(group.image)
            self.layers[key] = layer
            viewer.layers.insert(viewer.layers.index(group.labels), layer)
            if mine:
                layer.visible = group.image.visible
                group.image.events.visible.connect(self._follow)

    def _follow(self, event: Any = None) -> None:
        """A map is seen exactly where its phase is."""
        del event
        found = self._shown
        if found is not None and found.key in self.layers:
            self.layers[found.key].visible = self._session.groups[found.key].image.visible


def map_layer(found: RegionMap, session: Session, image: Image) -> Image:
    """The layer of a map: invalid voxels transparent, colors from low over neutral to high."""
    from napari.layers import Image
    from napari.utils.colormaps import Colormap

    assert found.geometry is not None and session.shown is not None
    scale, place = SCALES[found.name], placement(found.geometry, session.shown.frame)
    layer = Image(
        found.values,
        name=title(found).replace(": ", "\n").replace(" \u2212 ", "\n\u2212 "),
        scale=place.scale,
        translate=place.translate,
        units=image.units,
        axis_labels=image.axis_labels,
        contrast_limits=(scale.low, scale.high),
        colormap=Colormap(_colors(COLORS), name="low to high", nan_color=(0, 0, 0, 0)),
        opacity=MAP_OPACITY,
        interpolation2d="nearest",
        metadata={"acquisition_key": found.key, "region": found.region_id, "residual_mm": found.residual_mm},
    )
    layer.colorbar.visible = True
    layer.name_overlay.visible = True
    layer.name_overlay.position = "bottom_left"
    layer.name_overlay.box = False
    layer.name_overlay.font_size = 9  # in short lines: cells are small
    return layer


def _unseen(image: Image) -> Image:
    """A layer that only keeps napari's grid counting."""
    from napari.layers import Image

    return Image(
        np.zeros((1, 1, 1), np.float32),
        name="no map",
        visible=False,
        contrast_limits=(0, 1),
        scale=image.scale,
        translate=image.translate,
        units=image.units,
        axis_labels=image.axis_labels,
    )


def _colors(names: Sequence[str]) -> list[list[float]]:
    return [[int(name[i : i + 2], 16) / 255 for i in (1, 3, 5)] + [1.0] for name in names]
