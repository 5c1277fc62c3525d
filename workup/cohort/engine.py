"""Cases spread over worker processes by Dask; the work itself is ``run_case``.

One machine (a LocalCluster) or any Dask scheduler by its address. A worker that dies takes only its own
case with it, which is tried once more; results live on the disk, so that nothing finished is ever lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from workup.cohort.dask_cluster import Engine, connected, dashboard_link, worker_count
from workup.cohort.input_files import quick_key
from workup.cohort.item import FAILED, CaseResult, CohortItem
from workup.cohort.one_case_files import Settings, read_result, run_case, withdraw
from workup.errors import WorkupError

#: Cases handed out ahead of the workers, for each worker: enough to keep them busy, few enough that
#: a cohort of 100,000 does not burden the scheduler.
AHEAD = 4
#: Workers are counted again after this time: those of a queue system come one by one. [s]
_COUNT_AGAIN_S = 10.0

Told = Callable[[CaseResult, bool], None]
Linked = Callable[[str], None]


def still_to_do(items: Sequence[CohortItem], settings: Settings) -> tuple[list[CohortItem], list[CaseResult]]:
    """Items without a finished result for these very inputs, and the results that are there."""
    todo, done = [], []
    for item in items:
        earlier = read_result(item, settings)
        key = quick_key(item, settings.fingerprint) if earlier is not None and earlier.lasts else ""
        if earlier is not None and key and earlier.quick_key == key:
            done.append(earlier)
        else:
            todo.append(item)
    return todo, done


def run_cohort(
    items: Sequence[CohortItem],
    settings: Settings,
    engine: Engine,
    told: Told | None = None,
    linked: Linked | None = None,
) -> list[CaseResult]:
    """Assess every item that has no result yet; results of all items, ordered by case id.

    Parameters
    ----------
    items, settings, engine
        What to assess, with what, and where.
    told : function of (result, was it done before), optional
        Called as each case ends.
    linked : function of an address, optional
        Called with the address of Dask's dashboard, where there is one.

    Raises
    ------
    WorkupError
        ``SCHEDULER_LOST`` if it ends during the run; what ``dask_cluster.connected`` raises.
    """
    todo, done = still_to_do(items, settings)
    for result in done:
        if told:
            told(result, True)
    results = list(done)
    if todo:
        with connected(engine) as client:
            link = dashboard_link(client)
            if link and linked:
                linked(link)
            for result in _spread(client, todo, settings):
                results.append(result)
                if told:
                    told(result, False)
    return sorted(results, key=lambda result: result.case_id)


def _spread(client: Any, todo: Sequence[CohortItem], settings: Settings) -> Iterator[CaseResult]:
    """Results as they come, never more than a few cases for each worker handed out."""
    from distributed import as_completed

    waiting = iter(todo)
    handed_out: dict[Any, CohortItem] = {}
    ended = as_completed()
    ahead, counted = AHEAD * worker_count(client), time.monotonic()
    while True:
        if time.monotonic() - counted > _COUNT_AGAIN_S:
            ahead, counted = AHEAD * worker_count(client), time.monotonic()
        while len(handed_out) < max(ahead, AHEAD) and (item := next(waiting, None)) is not None:
            future = client.submit(run_case, item, settings, pure=False)
            handed_out[future] = item
            ended.add(future)
        if not handed_out:
            return
        future = next(ended)
        item = handed_out.pop(future)
        yield future.result() if future.status == "finished" else _lost(item, settings, future)
        future.release()


def _lost(item: CohortItem, settings: Settings, future: Any) -> CaseResult:
    """The row of a case whose worker died again and again."""
    if future.status == "cancelled":
        raise WorkupError(
            "SCHEDULER_LOST",
            "the Dask scheduler ended during the run",
            advice="Finished cases are kept: run the same command again.",
        )
    withdraw(item, settings)
    message = f"its worker died ({type(future.exception()).__name__})"
    return CaseResult.without_assessment(item.case_id, FAILED, "WORKER_LOST", message)
