"""One case of a cohort, from its inputs to its finished result on the disk.

Runs in a worker process. Whatever goes wrong with one case ends in that case's row.
"""

from __future__ import annotations

import json
import os
import resource
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workup.cohort.input_files import content_key, input_megabytes, local_inputs, quick_key
from workup.cohort.item import ASSESSED, FAILED, REFUSED, CaseResult, CohortItem
from workup.cohort.rows import case_row, defect_rows, lesion_rows, refused_row
from workup.errors import CaseError

#: A study's voxels and the work on them take about this many times its size on disk (int16 volumes,
#: validity masks, registration at a quarter of the resolution; compressed files more). Measured in
#: benchmarks/README.md.
MEMORY_FACTOR = 4.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What every case of a run is assessed with.

    ``memory_limit_mb`` of 0 means no limit. [MB]
    """

    output: str
    protocol: str = "NCT06828380"
    policies: tuple[tuple[str, str], ...] = ()
    version: str = ""
    memory_limit_mb: float = 0.0
    formats: tuple[str, ...] = ("html",)

    @property
    def fingerprint(self) -> str:
        """Everything but the inputs that a result depends on."""
        return json.dumps([self.version, self.protocol, self.policies, self.formats])


def case_folder(item: CohortItem, settings: Settings) -> Path:
    """Where this case's result and report lie."""
    return Path(settings.output) / "cases" / item.folder_name


def read_result(item: CohortItem, settings: Settings) -> CaseResult | None:
    """The finished result of an earlier run, or None. A result is whole or not there."""
    path = case_folder(item, settings) / "result.json"
    if not path.is_file():
        return None
    return CaseResult(**json.loads(path.read_text(encoding="utf-8")))


def run_case(item: CohortItem, settings: Settings) -> CaseResult:
    """Assess one case and keep its result; never raises for what is wrong with the case."""
    _one_thread()
    started = time.perf_counter()
    quick, content, result = "", "", None
    try:
        quick = quick_key(item, settings.fingerprint)
        with local_inputs(item) as here:
            content = content_key(here, settings.fingerprint)
            earlier = read_result(item, settings)
            if earlier is not None and earlier.content_key == content and earlier.status != FAILED:
                result = CaseResult(**{**asdict(earlier), "quick_key": quick})
            else:
                result = _assess(item, here, settings, quick, content, started)
    except MemoryError:
        result = _ended(
            item, FAILED, "OUT_OF_MEMORY", "the worker's memory did not suffice", quick, content, started
        )
    except Exception as error:
        code = getattr(error, "code", None)
        if isinstance(code, str):
            result = _ended(item, REFUSED, code, str(error), quick, content, started)
        else:
            where = traceback.extract_tb(error.__traceback__)[-1]
            text = f"{type(error).__name__} in {Path(where.filename).name}:{where.lineno}"
            result = _ended(item, FAILED, "UNEXPECTED", text, quick, content, started)
    _write_result(result, case_folder(item, settings))
    return result


def _one_thread() -> None:
    """Workers share the machine: one thread each, whatever a library would take."""
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)


def _assess(
    item: CohortItem, here: CohortItem, settings: Settings, quick: str, content: str, started: float
) -> CaseResult:
    from workup.assess import assess
    from workup.assessment_json import assessment_document
    from workup.case.case_files import read_case
    from workup.protocol_files import read_protocol
    from workup.report.assessment_report import assessment_report
    from workup.report.report_files import write_report

    _check_size(here, settings)
    case = read_case(here.path, regions=here.regions, record=here.record, reading=here.reading)
    protocol = read_protocol(settings.protocol)
    if settings.policies:
        protocol = protocol.with_policies(dict(settings.policies))
    assessment = assess(case, protocol)
    document: dict[str, Any] = json.loads(json.dumps(assessment_document(assessment), allow_nan=False))
    report = assessment_report(assessment, footer=f"veinvasion {settings.version}")
    write_report(report, document, case_folder(item, settings), settings.formats)
    return CaseResult(
        case_id=item.case_id,
        status=ASSESSED,
        quick_key=quick,
        content_key=content,
        case=case_row(item.case_id, document),
        lesions=lesion_rows(item.case_id, document),
        defects=defect_rows(item.case_id, document),
        document=document,
        seconds=time.perf_counter() - started,
        peak_mb=_peak_mb(),
    )


def _check_size(here: CohortItem, settings: Settings) -> None:
    needed = MEMORY_FACTOR * input_megabytes(here)
    if settings.memory_limit_mb and needed > settings.memory_limit_mb:
        raise CaseError(
            "STUDY_TOO_LARGE",
            f"the study needs about {needed:.0f} MB",
            expected=f"at most the worker's {settings.memory_limit_mb:.0f} MB",
            advice="Give each worker more memory (--memory-limit), or fewer workers.",
        )


def _ended(
    item: CohortItem, status: str, code: str, message: str, quick: str, content: str, started: float
) -> CaseResult:
    return CaseResult(
        case_id=item.case_id,
        status=status,
        quick_key=quick,
        content_key=content,
        code=code,
        message=message,
        case=refused_row(item.case_id, status, code, message),
        seconds=time.perf_counter() - started,
        peak_mb=_peak_mb(),
    )


def _peak_mb() -> float:
    """Largest memory this worker process ever held. [MB]"""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _write_result(result: CaseResult, folder: Path) -> None:
    """Beside, flushed, then renamed: killed at any moment, a result is whole or not there."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".result.{os.getpid()}"
    with beside.open("w", encoding="utf-8") as stream:
        json.dump(asdict(result), stream, ensure_ascii=False, allow_nan=False)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(folder / "result.json")
