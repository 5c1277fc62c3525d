"""Live answers: while drawing, after each step, and for the whole case a moment later.

In the middle of a stroke only the running means are asked for, which costs less than a millisecond. When the
stroke ends the region in hand is assessed at once, on the thread that draws; the whole case follows on
another thread. The other thread gets an immutable case and touches no layer.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from psygnal import Signal, SignalGroup

from eligibility.protocol import Protocol
from imaging.errors import ImagingError
from viewer.sync import FOLLOW_MS, coalesced
from workup.assess import assess
from workup.assessment import Assessment
from workup.errors import WorkupError
from workup.reading_answers import Answers
from workup.reading_state import ReadState

if TYPE_CHECKING:
    from viewer.desk import Desk

#: The whole case is assessed when the reader has paused for this time. [ms]
OVERALL_AFTER_MS = 400
#: How often a finished assessment is looked for. [ms]
POLL_MS = 50


class FeedSignals(SignalGroup):  # type: ignore[misc]
    """Answers as they come."""

    drawing = Signal(str)  # region id: its running means changed
    region = Signal(object)  # RegionAnswer, or None without a region
    overall = Signal(object)  # Assessment
    refused = Signal(str)  # why the whole case could not be assessed


class Feed:
    """Asks for answers when something changed, and hands them on."""

    def __init__(self, desk: Desk, protocol: Protocol) -> None:
        self._desk = desk
        self.answers = Answers(desk.reading, protocol)
        self.events = FeedSignals()
        self.assessment: Assessment | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="assess")
        self._running: Future[Assessment] | None = None
        self._again = False
        self._judged_of: tuple[ReadState | None, str | None] = (None, None)
        self._closed = False
        self._drawing_soon = coalesced(self._tell_drawing, FOLLOW_MS)
        self._region_soon = coalesced(self.ask_region, 0)
        self._overall_soon = coalesced(self.ask_overall, OVERALL_AFTER_MS)
        self._look_soon = coalesced(self._look, POLL_MS)
        desk.reading.events.labels.connect(self._written)
        desk.reading.events.state.connect(self._changed)
        desk.reading.events.active.connect(self._changed)

    def _written(self, *_: Any) -> None:
        if self._desk.session.in_stroke:
            self._drawing_soon()
        else:
            self._changed()

    def _changed(self) -> None:
        self._region_soon()
        self._overall_soon()

    def _tell_drawing(self) -> None:
        if self._desk.reading.active is not None:
            self.events.drawing.emit(self._desk.reading.active)

    def ask_region(self) -> None:
        """Assess the region in hand, now."""
        if self._closed:
            return
        active = self._desk.reading.active
        self.events.region.emit(None if active is None else self.answers.region(active))

    def ask_overall(self) -> None:
        """Assess the whole case on the other thread; one at a time, the newest state last."""
        if self._closed:
            return
        if self._running is not None and not self._running.done():
            self._again = True
            return
        case = self._desk.reading.to_case()
        decisions_known = self.answers.decisions  # named here: the other thread only reads them
        judge = partial(assess, decisions=decisions_known, search=False)  # only reports name what to ask for
        self._judged_of = (self._desk.reading.state, self._desk.reading.reader)
        self._running = self._thread.submit(judge, case, self.answers.protocol)
        self._look_soon()

    def _look(self) -> None:
        running = self._running
        if running is None or self._closed:
            return
        if not running.done():
            self._look_soon()
            return
        self._running = None
        try:
            self.assessment = running.result()
            self.events.overall.emit(self.assessment)
        except (ImagingError, WorkupError) as error:
            self.assessment = None
            self.events.refused.emit(str(error))
        if self._again:
            self._again = False
            self.ask_overall()

    @property
    def up_to_date(self) -> bool:
        """Whether the last assessment is of the reading as it stands."""
        state, reader = self._judged_of
        reading = self._desk.reading
        return self._running is None and state is reading.state and reader == reading.reader

    def close(self) -> None:
        """Wait for what is running, start and tell nothing more: the panels may be gone already."""
        self._closed = True
        self.events.disconnect()
        self._thread.shutdown(wait=True, cancel_futures=True)
