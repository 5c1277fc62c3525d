"""The Dask cluster of a run: processes of this machine, or the one whose scheduler was named."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from workup.errors import WorkupError

#: A case is given to another worker this many times after its worker died.
RETRIES_AFTER_DEATH = 1
#: To reach a scheduler that runs elsewhere. [s]
TIMEOUT_S = 20

#: Workers share the machine: one thread each, whatever a library would take.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
#: Modules that the first case of every worker would import.
_PRELOADED = (
    "distributed.nanny",
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
    "nibabel",
    "workup.assess",
    "workup.assessment_json",
    "workup.case.origin_files",
    "workup.cohort.one_case_files",
    "workup.protocol_files",
    "workup.report.assessment_report",
    "workup.report.report_files",
)


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
    dashboard : bool
        Serve Dask's dashboard on this machine, which needs bokeh. A scheduler elsewhere has its own.
    """

    workers: int = 2
    scheduler: str | None = None
    memory_limit_mb: float = 0.0
    dashboard: bool = False


@contextmanager
def connected(engine: Engine) -> Iterator[Any]:
    """A Dask client; workers of this machine end with the context.

    Raises
    ------
    WorkupError
        ``EXTRA_MISSING`` without Dask, or without bokeh where its dashboard is asked for;
        ``NO_SCHEDULER`` if none answers at the address.
    """
    method = _start_method() if engine.scheduler is None else "spawn"
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise _extra_missing("the cohort engine needs Dask", "pip install 'veinvasion[cohort]'") from error
    if engine.scheduler is not None:
        with _elsewhere(engine.scheduler) as client:
            yield client
        return
    with (
        dask.config.set(_settings(method, engine.dashboard)),
        _local_cluster(engine) as cluster,
        Client(cluster) as client,
    ):
        yield client


def dashboard_link(client: Any) -> str | None:
    """Address of the cluster's dashboard; None where it serves none."""
    services = client.scheduler_info(n_workers=0).get("services", {})
    return client.dashboard_link if services.get("dashboard") and _has_bokeh() else None


def worker_count(client: Any) -> int:
    """Workers that the cluster has now."""
    return len(client.scheduler_info(n_workers=-1)["workers"])


def _settings(method: str, dashboard: bool) -> dict[str, Any]:
    """Dask's configuration for workers of this machine.

    Some of Dask's defaults cost more than they give here (benchmarks/README.md). It lowers
    MALLOC_TRIM_THRESHOLD_, so that every large array has its pages from the kernel anew: a fifth of an
    assessment. For its dashboard it samples all stacks a hundred times a second, a twentieth, and every one
    of its processes looks at its clock fifty times and at its machine twice a second, another twentieth.
    """
    return {
        "distributed.admin.tick.interval": "20ms" if dashboard else "1s",
        "distributed.admin.system-monitor.interval": "500ms" if dashboard else "5s",
        "distributed.nanny.pre-spawn-environ": _ONE_THREAD,  # in place of Dask's, which trims
        "distributed.worker.profile.enabled": dashboard,
        "distributed.worker.multiprocessing-method": method,
        "distributed.scheduler.allowed-failures": RETRIES_AFTER_DEATH,
    }


def _start_method() -> str:
    """Start the process that workers are forked from, and name the way to start them.

    It imports once, while this process imports Dask, what each spawned worker would import for itself.
    With one thread for linear algebra it has no second thread, which forking needs. Elsewhere than on
    Linux system libraries do not bear a fork.
    """
    if sys.platform != "linux":
        return "spawn"
    from multiprocessing import forkserver

    os.environ.update(_ONE_THREAD)  # as Dask's nanny does, which comes too late for a running server
    forkserver.set_forkserver_preload(list(_PRELOADED))
    forkserver.ensure_running()
    return "forkserver"


def _local_cluster(engine: Engine) -> Any:
    from distributed import LocalCluster

    if engine.dashboard and not _has_bokeh():
        raise _extra_missing("Dask's dashboard needs bokeh", "pip install bokeh")
    return LocalCluster(
        n_workers=engine.workers,
        threads_per_worker=1,
        memory_limit=f"{engine.memory_limit_mb:.0f}MB" if engine.memory_limit_mb else "auto",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0" if engine.dashboard else None,
    )


def _elsewhere(address: str) -> Any:
    from distributed import Client

    try:
        return Client(address, timeout=TIMEOUT_S)
    except (OSError, ValueError) as error:
        raise WorkupError(
            "NO_SCHEDULER",
            f"no Dask scheduler answers at the address ({type(error).__name__})",
            expected="tcp://host:port of a running `dask scheduler` of the same version",
        ) from error


def _has_bokeh() -> bool:
    from importlib.util import find_spec

    return find_spec("bokeh") is not None


def _extra_missing(message: str, advice: str) -> WorkupError:
    return WorkupError("EXTRA_MISSING", message, expected="the extra `cohort`", advice=advice)
