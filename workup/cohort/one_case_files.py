"""One case of a cohort, from its inputs to its finished result on the disk.

Runs in a worker process. Whatever goes wrong with one case ends in that case's row.
"""

from __future__ import annotations

import json
import resource
import time
import traceback
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from workup.cohort.input_files import content_key, input_megabytes, local_inputs, quick_key
from workup.cohort.item import ASSESSED, FAILED, REFUSED, CaseResult, CohortItem
from workup.cohort.rows import case_row, defect_rows, lesion_rows, missing_items
from workup.errors import CaseError
from workup.replaced_files import replace_synced

if TYPE_CHECKING:
    from eligibility.protocol import Protocol

#: A study's voxels and the work on them take about this many times its size on disk (int16 volumes,
#: validity masks, registration at a quarter of the resolution; compressed files more). Measured in
#: benchmarks/README.md.
MEMORY_FACTOR = 4.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What every case of a run is assessed with; ``settled`` makes one whose parts were checked.

    Attributes
    ----------
    output : str
        Folder of the run, the same path on every worker.
    protocol, protocol_sha256 : str
        Name or path of the rule file, and the hash of what it says.
    version, code : str
        Of the software, and the hash of its sources.
    elsewhere : bool
        Workers have an installation of their own, which must be the same.
    memory_limit_mb : float
        0 means no limit. [MB]
    """

    output: str
    protocol: str = "NCT06828380"
    policies: tuple[tuple[str, str], ...] = ()
    version: str = ""
    memory_limit_mb: float = 0.0
    formats: tuple[str, ...] = ("html", "json")
    protocol_sha256: str = ""
    code: str = ""
    elsewhere: bool = False

    @property
    def fingerprint(self) -> str:
        """Everything but the inputs that a result depends on."""
        return json.dumps(
            [self.version, self.code, self.protocol, self.protocol_sha256, self.policies, self.formats]
        )


def settled(settings: Settings) -> Settings:
    """The same settings with the hashes of code and rule file, so that a change of either is seen.

    Raises
    ------
    ProtocolError
        If there is no such protocol or reading: once, and not for every case.
    """
    from workup.case.software_files import code_sha256
    from workup.protocol_files import read_protocol

    protocol = read_protocol(settings.protocol).with_policies(dict(settings.policies))
    place = Path(settings.protocol)
    return replace(
        settings,
        protocol=str(place.resolve()) if place.is_file() else settings.protocol,
        protocol_sha256=protocol.sha256,
        code=code_sha256(),
    )


def case_folder(item: CohortItem, settings: Settings) -> Path:
    """Where this case's result and report lie."""
    return Path(settings.output) / "cases" / item.folder_name


def read_result(item: CohortItem, settings: Settings) -> CaseResult | None:
    """The finished result of an earlier run, or None. A result is whole or not there."""
    path = case_folder(item, settings) / "result.json"
    try:
        return CaseResult(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (TypeError, ValueError):  # of another version, which kept other things
        return None


def withdraw(item: CohortItem, settings: Settings) -> None:
    """Remove an earlier result and its report: they never lie beside a row that says something else."""
    folder = case_folder(item, settings)
    for pattern in ("result.json", "report.*", "*.csv"):  # the result first, without which nothing counts
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)


def run_case(item: CohortItem, settings: Settings) -> CaseResult:
    """Assess one case and keep its result; never raises for what is wrong with the case."""
    _one_thread()
    started = time.perf_counter()
    quick, content = "", ""

    def ended(status: str, code: str, message: str) -> CaseResult:
        result = CaseResult.without_assessment(item.case_id, status, code, message)
        return replace(result, quick_key=quick, content_key=content)

    try:
        if differing := _differing(settings):
            return ended(FAILED, "SOFTWARE_DIFFERS", differing)  # writes nothing over what others found
        with local_inputs(item) as here:
            quick = quick_key(item, settings.fingerprint)
            content = content_key(here, settings.fingerprint)
            earlier = read_result(item, settings)
            if earlier is not None and earlier.content_key == content and earlier.lasts:
                result = replace(earlier, quick_key=quick)
            else:
                withdraw(item, settings)
                result = replace(_assess(item, here, settings), quick_key=quick, content_key=content)
    except MemoryError:
        result = ended(FAILED, "OUT_OF_MEMORY", "the worker's memory did not suffice")
    except PermissionError as error:
        result = ended(FAILED, "FILE_ACCESS", f"{Path(str(error.filename)).name!r}: permission denied")
    except Exception as error:
        code = getattr(error, "code", None)
        if isinstance(code, str):
            result = ended(REFUSED, code, str(error))
        else:
            where = traceback.extract_tb(error.__traceback__)[-1]
            text = f"{type(error).__name__} in {Path(where.filename).name}:{where.lineno}"
            result = ended(FAILED, "UNEXPECTED", text)
    if not result.seconds:
        result = replace(result, seconds=time.perf_counter() - started, peak_mb=_peak_mb())
    if result.status != ASSESSED:
        withdraw(item, settings)
    _write_result(result, case_folder(item, settings))
    return result


def _one_thread() -> None:
    """Workers share the machine: one thread each, whatever a library would take."""
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)


@cache
def _differing(settings: Settings) -> str:
    """What this worker has otherwise than the process that handed the work out; empty if nothing."""
    from eligibility.protocol import digest
    from workup.case.software_files import code_sha256
    from workup.protocol_files import protocol_document

    if settings.elsewhere and settings.code != code_sha256():
        return "the worker has another version of the software"
    if settings.protocol_sha256 and settings.protocol_sha256 != digest(protocol_document(settings.protocol)):
        return "the worker reads another rule file"
    return ""


@cache
def _protocol(settings: Settings) -> Protocol:
    """The protocol of a run, read once by each worker."""
    from workup.protocol_files import read_protocol

    return read_protocol(settings.protocol).with_policies(dict(settings.policies))


def _assess(item: CohortItem, here: CohortItem, settings: Settings) -> CaseResult:
    """Assess one case whose inputs are on this machine, and write its report."""
    from workup.assess import assess
    from workup.assessment_json import assessment_document
    from workup.case.origin_files import read_case_with_origin
    from workup.case.software_files import software_lock
    from workup.case.trace import trace_document
    from workup.command_line import SCHEMA_VERSION
    from workup.report.assessment_report import assessment_report
    from workup.report.report_files import write_report

    _check_size(here, settings)
    case, origin = read_case_with_origin(
        here.path, regions=here.regions, record=here.record, reading=here.reading
    )
    # without a record the smallest set that would settle everything is the same list for everybody
    assessment = assess(case, _protocol(settings), search=case.record is not None)
    trace = trace_document(assessment, origin, software_lock())
    whole = {**assessment_document(assessment), "trace": trace}
    document = json.loads(json.dumps(whole, allow_nan=False))  # rows hold what a later run reads back
    report = assessment_report(assessment, footer=f"veinvasion {settings.version}", trace=trace)
    head = {"schema_version": SCHEMA_VERSION, "veinvasion_version": settings.version}
    write_report(report, {**head, **document}, case_folder(item, settings), settings.formats)
    return CaseResult(
        case_id=item.case_id,
        status=ASSESSED,
        quick_key="",
        content_key="",
        case=case_row(item.case_id, document),
        lesions=lesion_rows(item.case_id, document),
        defects=defect_rows(item.case_id, document),
        missing=missing_items(document),
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


def _peak_mb() -> float:
    """Largest memory this worker process ever held. [MB]"""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _write_result(result: CaseResult, folder: Path) -> None:
    """Killed at any moment, a result is whole or not there."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(result), ensure_ascii=False, allow_nan=False)
    replace_synced(folder / "result.json", text.encode())
