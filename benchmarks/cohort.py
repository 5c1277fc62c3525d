"""The cohort engine beside a plain process pool, and how both grow.

    python benchmarks/cohort.py                     # 200 cases
    python benchmarks/cohort.py --growth            # 50, 100 and 200 cases, with slopes
    python benchmarks/cohort.py --cases 50 --rounds 3

Generates small cases first (not timed). Pool and engine take turns on the same cases within a run; only
ratios of one run compare. CPU is that of all processes from start to end, which a busy machine disturbs
less than wall time.
"""

from __future__ import annotations

import argparse
import ctypes
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from imaging.phantom import TWINS, make_phantom
from imaging.phantom_files import write_case
from workup.cohort.dask_cluster import Engine
from workup.cohort.engine import run_cohort
from workup.cohort.item import CaseResult
from workup.cohort.one_case_files import Settings, run_case
from workup.cohort.worklist_files import find_items

TWIN_NAMES = ("plain", "bland", "no_unenhanced", "early_arterial")
GROWTH = (50, 100, 200)
COLUMNS = (
    "cases",
    "pool [s]",
    "engine [s]",
    "pool / engine",
    "engine overhead [% of assess time]",
    "CPU, pool / engine [s]",
    "largest worker [MB]",
    "client [MB]",
)
HERE = Path(__file__).resolve().parent
PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Run:
    """What one way cost: wall and CPU time, time inside cases, largest processes. [s, MB]"""

    wall_s: float
    cpu_s: float
    inside_s: float
    worker_mb: float
    client_mb: float


def make_case(task: tuple[int, str]) -> None:
    """One generated case; twins take turns, seeds differ."""
    number, root = task
    spec = replace(TWINS[TWIN_NAMES[number % 4]].small(), seed=5000 + number)
    write_case(make_phantom(spec), Path(root) / f"case{number:04d}")


def make_cases(cases: str, count: int, workers: int) -> None:
    """All cases of a run."""
    with multiprocessing.get_context("spawn").Pool(workers) as processes:
        processes.map(make_case, [(number, cases) for number in range(count)], chunksize=4)


def pool(cases: Path, count: int, output: Path, workers: int) -> list[CaseResult]:
    """The same ``run_case`` calls in a plain pool of spawned processes."""
    given = [(item, Settings(output=str(output))) for item in find_items(cases)[:count]]
    with multiprocessing.get_context("spawn").Pool(workers) as processes:
        results = processes.starmap(run_case, given, chunksize=4)
        processes.close()
        processes.join()
    return results


def engine(cases: Path, count: int, output: Path, workers: int) -> list[CaseResult]:
    """The Dask engine."""
    return run_cohort(find_items(cases)[:count], Settings(output=str(output)), Engine(workers=workers))


WAYS = {"pool": pool, "engine": engine}


def one_run(way: str, cases: str, count: int, output: str, workers: int) -> None:
    """In a process of its own: print wall time, time inside the cases and the largest processes."""
    import resource

    started = time.perf_counter()
    results = WAYS[way](Path(cases), count, Path(output), workers)
    wall = time.perf_counter() - started
    assert all(result.status == "assessed" for result in results), {r.message for r in results}
    client = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(wall, sum(r.seconds for r in results), max(r.peak_mb for r in results), client)


def measured(way: str, cases: Path, count: int, workers: int) -> Run:
    """A way in a fresh process; its CPU time is that of every process below it, wherever it was forked."""
    output = Path(tempfile.mkdtemp(prefix=f"{way}-", dir=cases.parent))
    before = _cpu_of_children()
    printed = _apart(cases.parent, f"one_run({way!r}, {str(cases)!r}, {count}, {str(output)!r}, {workers})")
    wall, inside, worker_mb, client_mb = (float(word) for word in printed.split())
    shutil.rmtree(output)
    return Run(wall, _cpu_of_children() - before, inside, worker_mb, client_mb)


def _apart(place: Path, call: str) -> str:
    """What a call of this module prints in a process of its own."""
    script = place / "run.py"  # a file: spawned processes import what started them
    script.write_text(
        f"import sys\nsys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}]\nimport cohort\n"
        f"if __name__ == '__main__':\n    cohort.{call}\n"
    )
    return subprocess.run([sys.executable, script], stdout=subprocess.PIPE, text=True, check=True).stdout


def _adopt_orphans() -> None:
    """Become the parent of processes whose parent ends (Linux), so that their CPU time is counted."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _cpu_of_children() -> float:
    """CPU time of all processes below this one, which have all ended. [s]"""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    times = os.times()
    return times.children_user + times.children_system


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--growth", action="store_true", help="50, 100 and 200 cases instead of --cases")
    given = parser.parse_args()
    _adopt_orphans()
    counts = GROWTH if given.growth else (given.cases,)
    place = Path(tempfile.mkdtemp(prefix="cohort-"))
    try:
        cases = place / "cases"
        _apart(place, f"make_cases({str(cases)!r}, {max(counts)}, {given.workers})")
        print(f"{given.workers} workers, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")
        print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
        rows = [(count, *_compared(cases, count, given)) for count in counts]
        if len(rows) > 1:
            _print_growth([(count, engine) for count, _, engine in rows])
    finally:
        shutil.rmtree(place)


def _compared(cases: Path, count: int, given: argparse.Namespace) -> tuple[Run, Run]:
    """Pool and engine in turns, medians over the rounds; one line of the table."""
    runs: dict[str, list[Run]] = {way: [] for way in WAYS}
    for _ in range(given.rounds):
        for way in WAYS:
            runs[way].append(measured(way, cases, count, given.workers))
    pooled, ours = (_median(runs[way]) for way in WAYS)
    idle = given.workers * ours.wall_s - ours.inside_s
    print(
        f"| {count} | {pooled.wall_s:.1f} | {ours.wall_s:.1f} | {pooled.wall_s / ours.wall_s:.2f} "
        f"| {100 * idle / ours.inside_s:.1f} | {pooled.cpu_s:.0f} / {ours.cpu_s:.0f} "
        f"| {ours.worker_mb:.0f} | {ours.client_mb:.0f} |",
        flush=True,
    )
    return pooled, ours


def _median(runs: list[Run]) -> Run:
    names = Run.__dataclass_fields__
    return Run(**{name: statistics.median(getattr(run, name) for run in runs) for name in names})


def _print_growth(rows: list[tuple[int, Run]]) -> None:
    """Least-squares slopes over the sizes."""
    counts = [count for count, _ in rows]
    for name, unit in (("wall_s", "s"), ("cpu_s", "s"), ("worker_mb", "MB"), ("client_mb", "MB")):
        slope, start = statistics.linear_regression(counts, [getattr(run, name) for _, run in rows])
        print(f"engine {name.split('_')[0]:6s}: {start:7.1f} {unit} + {slope:.3f} {unit} a case")


if __name__ == "__main__":
    main()
