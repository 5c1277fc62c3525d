"""What a click, a caliper drag or a scribble does to the reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viewer.sync import draw_marks
from workup import reading_lines
from workup.reading_lines import Drawing

if TYPE_CHECKING:
    from viewer.session import Session


class ReadingHands:
    """The tools that napari does not have, on the region and phase in hand.

    Attributes
    ----------
    scribbles : list of (path, inside)
        Strokes given so far, patient positions (n, 3). [mm]
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._drawing: Drawing | None = None
        self.scribbles: list[tuple[NDArray[np.float64], bool]] = []
        self._scribbled_on: str | None = None

    @property
    def _where(self) -> tuple[str, str] | None:
        region, key = self._session.reading.active, self._session.phase
        return None if region is None or key is None else (region, key)

    def click(self, lps_mm: NDArray[np.float64]) -> None:
        """Grow the region in hand from a point."""
        from workup.reading_tools import grow

        if self._where is not None:
            where, words = self._where_now(), []
            self._session.attempt(
                lambda: words.append(grow(self._session.reading, *where, lps_mm)), lambda: words[0]
            )

    def _where_now(self) -> tuple[str, str]:
        where = self._where
        assert where is not None
        return where

    def caliper_start(self, lps_mm: NDArray[np.float64], reach_mm: float) -> None:
        """Take hold of an end near the pointer, or begin a line."""
        if self._where is not None:
            reading = self._session.reading
            self._drawing = reading_lines.begin(reading, *self._where, lps_mm, reach_mm)

    def caliper_move(self, lps_mm: NDArray[np.float64]) -> None:
        """Draw the line to the pointer, with its length beside it."""
        if self._drawing is None:
            return
        line = self._drawing.line
        geometry = self._session.reading.study[line.acquisition_key].volume.geometry
        self._drawing = reading_lines.draw_to(self._drawing, lps_mm, geometry)
        draw_marks(self._session, self._drawing)

    def caliper_end(self) -> None:
        """Keep the line, as one step."""
        drawing, self._drawing = self._drawing, None
        if drawing is not None:
            self._session.attempt(lambda: reading_lines.keep(self._session.reading, drawing))
        draw_marks(self._session)

    def scribble(self, path_lps_mm: NDArray[np.float64], inside: bool) -> None:
        """One more stroke; with strokes inside and outside, the region is outlined between them.

        Strokes belong to the phase they were made on: on another one they begin anew.
        """
        from workup.reading_tools import scribble

        if self._scribbled_on != self._session.phase:
            self.scribbles.clear()
        self._scribbled_on = self._session.phase
        self.scribbles.append((path_lps_mm, inside))
        draw_marks(self._session, scribbles=self.scribbles)
        if {inside for _, inside in self.scribbles} == {True, False} and self._where is not None:
            strokes = tuple(self.scribbles)
            self._session.attempt(lambda: scribble(self._session.reading, *self._where_now(), strokes))

    def drop_scribbles(self) -> None:
        """Forget the strokes: the next ones outline anew."""
        self.scribbles.clear()
        draw_marks(self._session)
