"""The log of a run, one JSON line a case, and its progress bar."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from workup.cohort.item import CaseResult


class RunLog:
    """Tells people (a bar with the time left, on standard error) and scripts (``run.jsonl``) of each case.

    The log names cases by their id and says how they ended; nothing of the patient stands in it.
    """

    def __init__(self, path: str | Path, total: int) -> None:
        self._path = Path(path)
        self._total = total
        self._stream: TextIO | None = None
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> RunLog:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        self._stream = self._path.open("a", encoding="utf-8")
        self._bar = Progress(
            "[progress.description]{task.description}",
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._bar.start()
        self._task = self._bar.add_task("assessing", total=self._total)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
        assert self._stream is not None
        self._stream.close()

    def linked(self, address: str) -> None:
        """Where the cluster's dashboard can be looked at."""
        self._bar.console.print(f"dashboard {address}", highlight=False, soft_wrap=True)

    def told(self, result: CaseResult, before: bool) -> None:
        """One case ended, now or in an earlier run."""
        assert self._stream is not None
        line = {
            "at": round(time.time(), 3),
            "case_id": result.case_id,
            "status": result.status,
            "code": result.code,
            "seconds": round(result.seconds, 3),
            "peak_mb": round(result.peak_mb, 1),
            "done_before": before,
        }
        self._stream.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
        self._stream.flush()
        self._bar.advance(self._task)
