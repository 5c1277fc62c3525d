"""One entry of a cohort, and what its assessment left behind."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

#: Words for how a case ended. A refusal is an answer; a failure is our fault and says so.
ASSESSED, REFUSED, FAILED = "assessed", "refused", "failed"
#: Refusals that rest on the machine and not on the case: asked again in the next run.
_OF_THE_MACHINE = frozenset({"STUDY_TOO_LARGE", "EXTRA_MISSING", "INPUT_ABSENT"})


@dataclass(frozen=True, slots=True)
class CohortItem:
    """One case or study to assess.

    Attributes
    ----------
    case_id : str
        Unique within the cohort; made from the worklist or the path, never from a DICOM value.
    path : str
        Folder, zip file, or a URL that fsspec understands.
    regions, record, reading : str or None
        Parts that lie elsewhere.
    """

    case_id: str
    path: str
    regions: str | None = None
    record: str | None = None
    reading: str | None = None

    @property
    def folder_name(self) -> str:
        """A name for this case's own folder that no other case can have and any disk can hold."""
        return folder_name(self.case_id)


def folder_name(case_id: str) -> str:
    """The name of a case's own folder below ``cases``."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", case_id).strip("._")[:60]
    return f"{plain or 'case'}-{hashlib.sha256(case_id.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What is kept of one case; everything in it serializes to strict JSON.

    The whole assessment lies beside it on the disk (``report.json``): a cohort's results are held in
    memory together.

    Attributes
    ----------
    status : "assessed", "refused" or "failed"
    code, message : str
        Why it was refused or failed.
    quick_key : str
        Names, sizes and times of the inputs, software and protocol: unchanged means nothing to do.
    content_key : str
        The same with the bytes of the inputs instead of their times.
    case, lesions, defects : dict, list of dict, list of dict
        Rows of the three tables.
    missing : dict of str to bool
        Items of the record that the case lacks, and whether one alone would settle a criterion.
    seconds, peak_mb : float
        What it cost. [s, MB]
    """

    case_id: str
    status: str
    quick_key: str
    content_key: str
    code: str = ""
    message: str = ""
    case: dict[str, Any] = field(default_factory=dict)
    lesions: list[dict[str, Any]] = field(default_factory=list)
    defects: list[dict[str, Any]] = field(default_factory=list)
    missing: dict[str, bool] = field(default_factory=dict)
    seconds: float = 0.0
    peak_mb: float = 0.0

    @classmethod
    def without_assessment(cls, case_id: str, status: str, code: str, message: str) -> CaseResult:
        """The result of a case that was refused or failed: its row says why."""
        row = {"case_id": case_id, "status": status, "code": code, "message": message}
        return cls(case_id, status, "", "", code=code, message=message, case=row)

    @property
    def lasts(self) -> bool:
        """Whether a later run with the same inputs may take it over."""
        return self.status != FAILED and self.code not in _OF_THE_MACHINE
