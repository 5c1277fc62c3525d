"""A query to a PACS as a worklist: every study that matches, pulled beside the results, is one case."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workup.cohort.item import REFUSED, CaseResult, CohortItem
from workup.errors import CaseError, ExchangeError
from workup.exchange.pacs import FoundStudy, Pacs, Progress, check_dates
from workup.exchange.transfer_files import pull
from workup.safe_text import csv_text

#: Errors of one study; any other is the server's, and the next study would meet it too.
_OF_ONE_STUDY = frozenset(
    {
        "BAD_ANSWER",
        "DIFFERENT",
        "NOT_AN_OBJECT",
        "NOT_FOUND",
        "OTHER_STUDY",
        "READ_BACK",
        "SERVER_REFUSED",
        "WRONG_OBJECT",
    }
)
_SERVERS = ("http://", "https://", "dimse://", "dimses://")


@dataclass(frozen=True, slots=True)
class Pulled:
    """Studies that are here now, and rows of those that could not be had."""

    items: list[CohortItem]
    refused: list[CaseResult]


def is_server(root: str) -> bool:
    """Whether a cohort's root is a PACS and no place on a disk."""
    return root.startswith(_SERVERS)


def filters_of(query: Sequence[str]) -> dict[str, str]:
    """Matching keys of a query, given as KEYWORD=VALUE.

    Raises
    ------
    CaseError
        ``BAD_QUERY`` if there is none, which would match every study, or a keyword that DICOM lacks.
    ExchangeError
        ``BAD_QUERY`` for a date that DICOM does not write so.
    """
    from pydicom.datadict import tag_for_keyword

    filters = {}
    for each in query:
        keyword, _, value = (part.strip() for part in each.partition("="))
        if not value or tag_for_keyword(keyword) is None:
            raise CaseError(
                "BAD_QUERY",
                f"{keyword!r} is no matching key",
                expected="KEYWORD=VALUE, as StudyDate=20250601-",
            )
        filters[keyword] = value
    if not filters:
        raise CaseError(
            "BAD_QUERY", "nothing limits the query", expected="--query KEYWORD=VALUE, once or several times"
        )
    check_dates(filters)
    return filters


def pull_cohort(
    pacs: Pacs, filters: Mapping[str, str], output: str | Path, progress: Progress | None = None
) -> Pulled:
    """Find studies and pull each into a folder of its own; run again after a break, it goes on.

    ``progress`` is called with (studies done, in all).
    ``studies.csv`` says which study a case is: a case is named by a hash, as everywhere here.

    Raises
    ------
    ExchangeError
        What the server answers to the query, and errors that every study would meet.
    CaseError
        ``NO_COHORT`` if no study matches.
    """
    found = pacs.find(filters)
    if not found:
        raise CaseError("NO_COHORT", "no study matches the query", expected="at least one")
    cases = sorted((_case_id(study), study) for study in {s.study_uid: s for s in found}.values())
    target = Path(output)
    target.mkdir(parents=True, exist_ok=True)
    names = csv_text([("case_id", "study_uid"), *((case_id, study.study_uid) for case_id, study in cases)])
    (target / "studies.csv").write_text(names, encoding="utf-8", newline="")
    items: list[CohortItem] = []
    refused: list[CaseResult] = []
    for done, (case_id, study) in enumerate(cases, 1):
        folder = target / "studies" / case_id
        try:
            pull(pacs, study.study_uid, folder)
        except ExchangeError as error:
            if error.code not in _OF_ONE_STUDY:
                raise
            refused.append(CaseResult.without_assessment(case_id, REFUSED, error.code, str(error)))
        else:
            items.append(CohortItem(case_id, str(folder)))
        if progress:
            progress(done, len(cases))
    return Pulled(items, refused)


def _case_id(study: FoundStudy) -> str:
    return f"study-{hashlib.sha256(study.study_uid.encode()).hexdigest()[:16]}"
