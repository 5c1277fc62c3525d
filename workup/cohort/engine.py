"""Cases spread over worker processes by Dask; the work itself is ``run_case``.

One machine (a LocalCluster) or any Dask scheduler by its address. A worker that dies takes only its own
case with it, which is tried once more; results live on the disk, so that nothing finished is ever lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from workup.cohort.input_files import quick_key
from workup.cohort.item import FAILED, CaseResult, CohortItem
from workup.cohort.one_case_files import Settings, read_result, run_case
from workup.cohort.rows import refused_row
from workup.errors import WorkupError

#: A case is given to another worker this many times after its worker died.
RETRIES_AFTER_DEATH = 1
#: Cases handed out ahead of the workers, for each worker: enough to keep them busy, few enough that
#: a cohort of 100,000 does not burden the scheduler.
AHEAD = 4

Told = Callable[[CaseResult, bool], None]


@dataclass(frozen=True, slots=True)
class Engine:
    """Where the work runs.

    Attributes
    ----------
    workers : int
        Worker processes on this machine (without ``scheduler``).
    scheduler : str or None
        Address of a Dask scheduler, ``tcp://host:port``.
    memory_limit_mb : float
        For each worker; 0 leaves it to the machine. [MB]
    """

    workers: int = 2
    scheduler: str | None = None
    memory_limit_mb: float = 0.0


def still_to_do(items: Sequence[CohortItem], settings: Settings) -> tuple[list[CohortItem], list[CaseResult]]:
    """Items without a finished result for these very inputs, and the results that are there."""
    todo, done = [], []
    for item in items:
        earlier = read_result(item, settings)
        key = quick_key(item, settings.fingerprint) if earlier is not None else ""
        if earlier is not None and key and earlier.quick_key == key and earlier.status != FAILED:
            done.append(earlier)
        else:
            todo.append(item)
    return todo, done


def run_cohort(
    items: Sequence[CohortItem], settings: Settings, engine: Engine, told: Told | None = None
) -> list[CaseResult]:
    """Assess every item that has no result yet; results of all items, ordered by case id.

    Parameters
    ----------
    items, settings, engine
        What to assess, with what, and where.
    told : function of (result, was it done before), optional
        Called as each case ends.
    """
    todo, done = still_to_do(items, settings)
    for result in done:
        if told:
            told(result, True)
    results = list(done)
    if todo:
        with _client(engine) as client:
            for result in _spread(client, todo, settings):
                results.append(result)
                if told:
                    told(result, False)
    return sorted(results, key=lambda result: result.case_id)


def _spread(client: Any, todo: Sequence[CohortItem], settings: Settings) -> Iterator[CaseResult]:
    """Results as they come, never more than a few cases per worker handed out."""
    from distributed import as_completed

    waiting = iter(todo)
    ahead = AHEAD * max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
    futures: dict[Any, CohortItem] = {}

    def hand_out() -> Any:
        item = next(waiting, None)
        if item is None:
            return None
        future = client.submit(run_case, item, settings, pure=False, retries=RETRIES_AFTER_DEATH)
        futures[future] = item
        return future

    first = [future for _ in range(ahead) if (future := hand_out()) is not None]
    ended = as_completed(first)
    for future in ended:
        item = futures.pop(future)
        yield future.result() if future.status == "finished" else _lost(item, future)
        future.release()
        following = hand_out()
        if following is not None:
            ended.add(following)


def _lost(item: CohortItem, future: Any) -> CaseResult:
    """The row of a case whose worker died again and again."""
    error = future.exception()
    message = f"its worker died ({type(error).__name__})"
    row = refused_row(item.case_id, FAILED, "WORKER_LOST", message)
    return CaseResult(item.case_id, FAILED, "", "", code="WORKER_LOST", message=message, case=row)


@contextmanager
def _client(engine: Engine) -> Iterator[Any]:
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise WorkupError(
            "EXTRA_MISSING",
            "the cohort engine needs Dask",
            expected="the extra `cohort`",
            advice="pip install 'veinvasion[cohort]'",
        ) from error
    dask.config.set({"distributed.scheduler.allowed-failures": RETRIES_AFTER_DEATH})
    if engine.scheduler:
        with Client(engine.scheduler, timeout=20) as client:
            yield client
        return
    limit = f"{engine.memory_limit_mb:.0f}MB" if engine.memory_limit_mb else "auto"
    with (
        LocalCluster(
            n_workers=engine.workers,
            threads_per_worker=1,
            memory_limit=limit,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client
