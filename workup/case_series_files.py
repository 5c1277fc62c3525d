"""The cases of one patient, read from their folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recist.lesion_table import LesionTable
from workup.case.case_files import Progress, read_case
from workup.case_series import patient_over_time


def read_case_series(folders: Sequence[Path], progress: Progress | None = None) -> LesionTable:
    """One patient's time points from case folders or plain cases, as a lesion table."""
    cases = [(folder.name, read_case(folder, progress=progress)) for folder in folders]
    return LesionTable((patient_over_time(cases),), ())
