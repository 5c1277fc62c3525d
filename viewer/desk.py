"""Everything a reader can do, by name: keys, menus and buttons all end here.

A ``Desk`` holds a session, its mouse hands, and who keeps the work. It knows no Qt: the window that
shows it (``viewer.launch``) hangs its panels on ``panels`` by name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from imaging.regions.region import RegionRole
from viewer import compat, hanging, interact, keys, layout, orthogonal
from viewer.hands import ReadingHands
from viewer.session import Layout, Session, keys_beside
from viewer.settings import DEFAULT_HABITS, Habits, remember
from viewer.sync import Sync
from viewer.windows import PRESETS
from workup import reading_tools

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from workup.reading import Reading
    from workup.reading_keeper import Keeper


class Desk:
    """A reader's desk: viewer, reading, tools.

    Parameters
    ----------
    viewer : napari viewer or ViewerModel
    reading : Reading
    keeper : Keeper, optional
        Without one, nothing is kept: for a look only.
    habits : Habits, optional
        What the reader set in the preferences.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        reading: Reading,
        keeper: Keeper | None = None,
        habits: Habits = DEFAULT_HABITS,
    ) -> None:
        self.reading = reading
        self.keeper = keeper
        self.session: Session = Session(viewer, reading)
        self.hands = ReadingHands(self.session)
        self.sync = Sync(self.session)
        self.panels: dict[str, Any] = {}
        self.ask_role: Callable[[], None] | None = None
        self._planes = False
        self.wheel_scrolls = habits.wheel_scrolls
        self._layout_at_first = habits.layout
        self._look: dict[str, Any] = {}
        self.session.window = PRESETS.get(habits.window, self.session.window)
        self.session.brush_mm = habits.brush_mm
        self._wire_mouse(viewer)
        self.session.events.groups.connect(self._dress)
        self.session.events.tool.connect(lambda _tool: self.hands.drop_scribbles())
        reading.events.active.connect(self.hands.drop_scribbles)
        self.session.events.layout.connect(self._layout_changed)

    def _wire_mouse(self, viewer: Any) -> None:
        compat.without_default_wheel(viewer)
        viewer.scene.camera.mouse_zoom = not self.wheel_scrolls
        if self.wheel_scrolls:
            viewer.mouse_wheel_callbacks.append(interact.on_wheel(self.session))
        viewer.mouse_move_callbacks.append(interact.on_move(self.session))
        viewer.mouse_drag_callbacks.append(interact.on_drag(self.session, self.hands))

    def open(self, shown: list[str] | None = None, reference: str | None = None) -> None:
        """Put the phases on the screen, in a linked grid."""
        self.session.show(shown, reference)
        together = self.session.shown
        several = together is not None and len(together.keys) > 1
        wanted = Layout.SINGLE if self._layout_at_first == Layout.SINGLE else Layout.GRID
        layout.arrange(self.session, wanted if several else Layout.SINGLE)
        middle = self.session.viewer.dims.range[0]
        self.session.viewer.dims.set_point(0, (middle.start + middle.stop) / 2)
        if self.reading.active:
            self.jump()
        if self.keeper is not None:
            hanging.hang(self.session, self.keeper.view())

    def _dress(self) -> None:
        layout.dress_canvas(self.session)
        keys.bind(self)

    # Regions and phases in hand

    @property
    def _in_hand(self) -> tuple[str, str] | None:
        region, phase = self.reading.active, self.session.phase
        if region is None or phase is None:
            self.session.say("Add a region first.")
            return None
        return region, phase

    def new_region(self, role: RegionRole | None = None) -> None:
        """Add a region: of this role, or of one that the reader is asked for."""
        if role is None and self.ask_role is not None:
            self.ask_role()
            return
        self.session.attempt(lambda: self.reading.add_region(role or RegionRole.FILLING_DEFECT))

    def next_region(self, step: int) -> None:
        """Take the next (or previous) region in hand and go to it."""
        ids = tuple(self.reading.state.regions)
        if ids:
            here = ids.index(self.reading.active) if self.reading.active in ids else -1
            self.reading.activate(ids[(here + step) % len(ids)])
            self.jump()

    def bring(self, key: str) -> None:
        """Take an acquisition in hand, also one that is not shown.

        It takes the place of the one in hand, if all cells are taken; what cannot be drawn in the frame of
        the others is shown alone.
        """
        session = self.session
        if key in session.groups:
            session.activate(key)
            return
        look = {**hanging.look(session), "phase": key}
        session.show(keys_beside(session, key))
        hanging.hang(session, look)

    def jump(self) -> None:
        """Scroll to the region in hand."""
        if self.reading.active is not None:
            layout.go_to_region(self.session, self.reading.active)

    def toggle_outlines(self) -> None:
        """Show or hide outlines, to see what lies under them."""
        self.session.outlines_hidden = not self.session.outlines_hidden
        self.session.dress_layers()

    # Outlines

    def propagate(self) -> None:
        """Carry the outline in hand to the phases that have none."""
        if (where := self._in_hand) is not None:
            self.session.attempt(
                lambda: reading_tools.propagate(self.reading, *where),
                "Carried over: look at each phase, nudge if needed, confirm with Enter.",
            )

    def nudge(self, slices: int, down: int, right: int) -> None:
        """Move the outline on the phase in hand by voxels, as seen on the screen."""
        if (where := self._in_hand) is not None:
            scale = self.session.group.image.scale
            turned = [
                step if size > 0 else -step for step, size in zip((slices, down, right), scale, strict=True)
            ]
            voxels = (turned[0], turned[1], turned[2])
            self.session.attempt(lambda: reading_tools.nudge(self.reading, *where, voxels))

    def confirm(self) -> None:
        """The outline on the phase in hand is right."""
        if (where := self._in_hand) is not None:
            self.session.attempt(lambda: self.reading.confirm(*where))

    def confirm_all(self) -> None:
        """The outline is right on every phase that is shown; what was not seen stays to be confirmed."""
        if (where := self._in_hand) is not None:
            drawn = self.reading.state.region(where[0]).masks
            seen = [key for key in self.session.groups if key in drawn]
            unseen = sum(not how.verified for key, how in drawn.items() if key not in seen)
            left = f"{unseen} more wait on series that are not shown: choose them under Phases."
            act = partial(self.reading.confirm, where[0], *seen)
            if seen:
                self.session.attempt(act, left if unseen else "")
            elif unseen:
                self.session.say(left)

    def erase(self) -> None:
        """Take the outline off the phase in hand."""
        if (where := self._in_hand) is not None:
            self.session.attempt(lambda: self.reading.erase(*where))

    def interpolate(self) -> None:
        """Fill in the slices between drawn ones."""
        if (where := self._in_hand) is not None:
            self.session.attempt(lambda: reading_tools.interpolate(self.reading, *where))

    def suggest_liver(self) -> None:
        """A reference liver beside the lesion in hand, to be confirmed."""
        if self.session.phase is not None:
            key = self.session.phase
            self.session.attempt(lambda: reading_tools.suggest_liver(self.reading, key))

    def snap_lines(self) -> None:
        """Caliper lines from the outline."""
        if (where := self._in_hand) is not None:
            self.session.attempt(lambda: reading_tools.snap_lines(self.reading, *where))

    def undo(self) -> None:
        """Take back the last step."""
        self._tell("Undone", self.reading.undo)

    def redo(self) -> None:
        """Do again what was undone."""
        self._tell("Done again", self.reading.redo)

    def _tell(self, word: str, act: Callable[[], str | None]) -> None:
        title: list[str | None] = []
        if self.session.attempt(lambda: title.append(act())):
            self.session.say(f"{word}: {title[0]}." if title[0] else "Nothing to take back.")

    # The read

    def save(self) -> None:
        """Save a version into the case folder."""
        keeper = self.keeper
        if keeper is None:
            self.session.say("There is no case folder to save into.")
        elif self.session.attempt(keeper.save):
            keeper.keep_view(self.look())
            self.session.say(f"Saved as version {keeper.last_version}.")

    def name_reader(self, name: str) -> None:
        """Who reads; every statement carries this name."""
        name = " ".join(name.split())
        if not name or self.reading.locked or name == self.reading.reader:
            return
        if self.keeper is not None and not self.keeper.may_be_named(name):
            self.session.say("This case is read blind: open it again with the name it is to be read under.")
            return
        self.reading.reader = name
        self.confirm_name()

    def confirm_name(self) -> None:
        """The name under which the work goes on is the reader's own."""
        if self.keeper is not None:
            self.keeper.name_given = True
        self.reading.events.state.emit()

    def orthogonal(self) -> None:
        """Three planes through the region in hand, by a plugin where it is installed."""
        if self.session.layout is Layout.ORTHOGONAL:
            layout.arrange(self.session, Layout.GRID)
        elif orthogonal.show(self.session.viewer, self._planes_shown):
            layout.arrange(self.session, Layout.ORTHOGONAL)
        else:
            self.session.say(orthogonal.MISSING)
            self.session.events.layout.emit(self.session.layout)  # the button goes back

    def _planes_shown(self) -> None:
        if self.session.shown is not None and self.session.shown.frame.slice_letter.startswith("S"):
            orthogonal.head_on_top(self.session.viewer)
        region, key = self.reading.active, self.session.phase
        mask = None if region is None or key is None else self.reading.mask(region, key)
        if mask is not None:
            self.jump()
            orthogonal.through(self.session, mask)

    def _layout_changed(self, now: str) -> None:
        if self._planes and now != Layout.ORTHOGONAL:
            orthogonal.hide(self.session.viewer)
        self._planes = now == Layout.ORTHOGONAL

    def export(self) -> None:
        """Write report, SEG and SR; the window asks where."""
        self.panel("export")

    def toggle_help(self) -> None:
        """The table of keys."""
        self.panel("help")

    def toggle_panels(self) -> None:
        """Panels away, images on the whole window; and back."""
        self.panel("panels")

    def panel(self, name: str) -> None:
        """Open what the window has hung here by name; nothing without a window."""
        panel = self.panels.get(name)
        if panel is not None:
            panel()

    def look(self) -> dict[str, Any]:
        """How the reader looks at the case; the last look, once the layers are gone."""
        if all(group.image in self.session.viewer.layers for group in self.session.groups.values()):
            self._look = hanging.look(self.session)
        return self._look

    def close(self) -> None:
        """Keep what is unsaved, how it was looked at, and the habits for the next study."""
        if self.keeper is not None:
            self.keeper.close()
            self.keeper.keep_view(self.look())
        if self.session.layout in hanging.RESTORED:
            remember(window=self.session.window.name, layout=str(self.session.layout))

    def tick(self) -> None:
        """Once a second: autosave if due."""
        self.look()
        if self.keeper is not None:
            self.keeper.tick()
            if self.keeper.trouble:
                self.session.say(f"Autosave failed: {self.keeper.trouble}")
