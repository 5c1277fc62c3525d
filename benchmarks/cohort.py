"""Cohort engine against a plain process pool, growth over three sizes, and where one assessment's time goes.

    python benchmarks/cohort.py [--cases 200] [--workers 2]

Generates the cases first (not timed). All ratios are taken within this run.
"""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from imaging.phantom import TWINS, make_phantom
from imaging.phantom_files import write_case
from workup.cohort.engine import Engine, run_cohort
from workup.cohort.item import CohortItem
from workup.cohort.one_case_files import Settings, run_case
from workup.cohort.worklist_files import find_items

TWIN_NAMES = ("plain", "bland", "no_unenhanced", "early_arterial")


def make_case(task: tuple[int, str]) -> None:
    """One generated case; twins take turns, seeds differ."""
    number, root = task
    spec = replace(TWINS[TWIN_NAMES[number % 4]].small(), seed=5000 + number)
    write_case(make_phantom(spec), Path(root) / f"case{number:04d}")


def pool_seconds(items: list[CohortItem], output: Path, workers: int) -> float:
    """The same ``run_case`` calls in a plain pool of spawned processes, start-up included."""
    started = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        pool.starmap(run_case, [(i, Settings(output=str(output))) for i in items], chunksize=4)
    return time.perf_counter() - started


def engine_run(items: list[CohortItem], output: Path, workers: int) -> tuple[float, float, float]:
    """Wall time [s], summed time of the cases [s] and largest worker [MB] of the Dask engine."""
    started = time.perf_counter()
    results = run_cohort(items, Settings(output=str(output)), Engine(workers=workers))
    wall = time.perf_counter() - started
    return wall, sum(r.seconds for r in results), max(r.peak_mb for r in results)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="cohort-"))
    try:
        root = place / "cases"
        with multiprocessing.get_context("spawn").Pool(given.workers) as pool:
            pool.map(make_case, [(n, str(root)) for n in range(given.cases)], chunksize=8)
        items = find_items(root)
        run_case(items[0], Settings(output=str(place / "warm")))

        print(f"{given.cases} cases, {given.workers} workers")
        serial = statistics.median(
            run_case(item, Settings(output=str(place / "serial"))).seconds for item in items[:20]
        )
        print(f"one case in one process: {serial:.2f} s (median of 20)")
        for count in sorted({given.cases // 4, given.cases // 2, given.cases}):
            pool_s = pool_seconds(items[:count], place / f"pool{count}", given.workers)
            wall_s, inside_s, peak = engine_run(items[:count], place / f"engine{count}", given.workers)
            idle = given.workers * wall_s - inside_s
            print(
                f"{count:5d} cases: pool {pool_s:6.1f} s, engine {wall_s:6.1f} s, "
                f"pool / engine {pool_s / wall_s:.2f}, "
                f"engine overhead {100 * idle / inside_s:4.1f} % of assess time, largest worker {peak:.0f} MB"
            )
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
