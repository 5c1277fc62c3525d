"""Maps of the region in hand: on or off, which one, and why one cannot be made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QCheckBox, QComboBox, QWidget

from imaging.findings.region_maps import RegionMap
from viewer.map_layers import MapFeed, MapLayers, title
from viewer.widgets.parts import QUIET_COLOR, WARNING_COLOR, colored, column, heading, small, wrapped

if TYPE_CHECKING:
    from viewer.desk import Desk
    from viewer.feed import Feed


class MapsPanel(QWidget):
    """One map at a time, over the phase that it lies on. For looking: verdicts come from the numbers."""

    def __init__(self, desk: Desk, feed: Feed) -> None:
        super().__init__()
        self._desk = desk
        self.maps = MapFeed(desk, feed)
        self.layers = MapLayers(desk.session)
        self._found: tuple[RegionMap, ...] = ()
        self._refusals: list[str] = []
        self._kind: tuple[Any, ...] | None = None
        self.on = QCheckBox("Map of the region in hand  Y")
        self.on.toggled.connect(self._switched)
        self.choice = QComboBox()
        self.choice.activated.connect(self._chosen)
        self.words = wrapped()
        for widget in (self.choice, self.words):
            widget.hide()
        self.setLayout(column(heading("Maps"), self.on, self.choice, self.words))
        self.maps.events.found.connect(self.show_found)
        self.maps.events.working.connect(lambda: self.words.setText(small("computing…")))
        self.maps.events.failed.connect(self._refused)
        desk.reading.events.active.connect(self._another_region)
        desk.panels["map"] = self.on.toggle
        self.destroyed.connect(self.maps.close)

    def _switched(self, on: bool) -> None:
        self.choice.setVisible(on)
        self.words.setVisible(on)
        if not on:
            self.layers.show(None)
        self.maps.want(on)

    def _another_region(self) -> None:
        """The map in view is not of the region in hand any more."""
        if self.on.isChecked():
            self.layers.show(None)
            self.words.setText(small("computing…"))

    def show_found(self, found: tuple[RegionMap, ...]) -> None:
        """New maps: the kind that was looked at stays in view."""
        self._found = tuple(m for m in found if m.values is not None)
        self.choice.clear()
        self.choice.addItems([title(m) for m in self._found])
        kinds = [(m.name, m.phases) for m in self._found]
        index = kinds.index(self._kind) if self._kind in kinds else 0
        self.choice.setCurrentIndex(index if kinds else -1)
        rows = [f"{title(m)}: {'; '.join(r.message for r in m.reasons)}" for m in found if m.values is None]
        if not found:
            rows = ["Outline a filling defect or a lesion first."]
        self._refusals = [small(row, WARNING_COLOR) for row in rows]
        self._show(index if kinds else None)

    def _chosen(self, index: int) -> None:
        self._kind = (self._found[index].name, self._found[index].phases)
        self._show(index)

    def _show(self, index: int | None) -> None:
        found = None if index is None else self._found[index]
        self.layers.show(found)
        rows = []
        if found is not None:
            if found.residual_mm is not None:
                moved = f"Aligned around the region, {found.residual_mm:.1f} mm of error left. "
                rows.append(small(moved + "Transparent: not valid. For looking only.", QUIET_COLOR))
            else:
                rows.append(small("Within one phase. Transparent: not valid. For looking only.", QUIET_COLOR))
        self.words.setText("<br>".join([*rows, *self._refusals]))

    def _refused(self, why: str) -> None:
        self.layers.show(None)
        self.words.setText(colored(why, WARNING_COLOR))
