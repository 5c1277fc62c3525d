"""Signed reads of many case folders, read without a lock and compared."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from workup.case.case_files import has_log, is_store
from workup.case.cohort_agreement import (
    CohortAgreement,
    ComparedCase,
    NotCompared,
    agreement_over,
    compared_case,
)
from workup.case.reader_files import CaseReader
from workup.errors import CaseError


def read_agreement(cases: Iterable[tuple[str, str | Path]]) -> CohortAgreement:
    """Agreement over case folders, given as (name, path); nothing is written.

    A path that is no case folder, a damaged log and a case that lacks a signed read are named in
    ``not_compared``.
    """
    return agreement_over(_case(name, path) for name, path in cases)


def _case(name: str, path: str | Path) -> ComparedCase | NotCompared:
    folder = Path(path)
    if not has_log(folder):
        return NotCompared(name, "NO_CASE_FOLDER", "no case folder, so no signed read")
    if not is_store(folder):
        return NotCompared(name, "CASE_DAMAGED", "source.json is missing; run `veinvasion case verify`")
    try:
        reader = CaseReader(folder)
        reader.check_log()
        return compared_case(name, reader.history())
    except CaseError as error:
        return NotCompared(name, error.code, str(error))
    except (OSError, KeyError, TypeError, ValueError) as error:
        return NotCompared(name, "LOG_DAMAGED", f"the log cannot be understood ({type(error).__name__})")
