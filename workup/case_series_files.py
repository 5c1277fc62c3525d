"""The cases of one patient, read from their folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recist.lesion_table import LesionTable
from workup.case.case_files import Progress, read_case
from workup.case_series import patient_over_time
from workup.errors import CaseError


def read_case_series(folders: Sequence[Path], progress: Progress | None = None) -> LesionTable:
    """One patient's time points from case folders or plain cases, as a lesion table."""
    for folder in folders:
        if not folder.exists():
            raise CaseError(
                "NO_CASE", f"nothing at {folder.name!r}", expected="a lesion table (.csv) or a case"
            )
    cases = [(folder.name, read_case(folder, progress=progress)) for folder in folders]
    return LesionTable((patient_over_time(cases),), ())
