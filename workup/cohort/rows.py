"""Rows of the three cohort tables, from one assessment's document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: How columns of verdicts begin.
CRITERION = "criterion_"
#: Columns that hold numbers in every cohort, also where no case has one; all others are text.
MEASURES = frozenset(
    {"long_axis_mm", "short_axis_mm", "threshold_mm", "difference", "difference_low", "difference_high"}
    | {"distance_mm"}
)
COUNTS = frozenset({"acquisitions", "refused_series"})
#: Criteria of one verdict that a line about a case names; the tables name all.
MOST_NAMED = 12


def case_row(case_id: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """One row a case: the answers, the overall verdict, one column for each criterion."""
    screen = document["screen"]
    verdicts = {name: verdict["status"] for name, verdict in screen["criteria"].items()}
    return {
        "case_id": case_id,
        "status": "assessed",
        "code": "",
        "message": document.get("patient_caution") or "",
        "reader": document.get("reader"),
        "vascular_invasion": document["vascular_invasion"]["status"],
        "measurable_lesion": document["measurable_lesion"]["status"],
        "overall": screen["overall"],
        "eligible_from": screen.get("eligible_from"),
        "acquisitions": len(document["phases"]),
        "refused_series": len(document["refused"]),
        **{f"{CRITERION}{name}": status for name, status in verdicts.items()},
    }


def why_so(row: Mapping[str, Any]) -> str:
    """What fails, what is open, in protocol order, and a caution; of a case not assessed code and reason.

    >>> why_so({"criterion_I4": "FAIL", "criterion_I5": "PASS", "criterion_I6": "UNKNOWN"})
    'FAIL: I4; UNKNOWN: I6'
    """
    if row.get("code"):
        return f"{row['code']}: {row['message']}"
    parts = []
    for status in ("FAIL", "UNKNOWN"):
        ids = [name.removeprefix(CRITERION) for name, verdict in row.items() if verdict == status]
        ids = [name for name in ids if f"{CRITERION}{name}" in row]
        more = [f"and {len(ids) - MOST_NAMED} more"] if len(ids) > MOST_NAMED else []
        if ids:
            parts.append(f"{status}: {', '.join([*ids[:MOST_NAMED], *more])}")
    return "; ".join([*parts, *([row["message"]] if row.get("message") else [])])


def lesion_rows(case_id: str, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a lesion: diameters, threshold, verdict."""
    rows = []
    for lesion in document["measurable_lesion"]["lesions"]:
        judged = lesion.get("measurability", {})
        rows.append(
            {
                "case_id": case_id,
                "lesion": lesion["id"],
                "role": lesion["role"],
                "long_axis_mm": lesion.get("long_axis_mm"),
                "short_axis_mm": lesion.get("short_axis_mm"),
                "estimator": lesion.get("estimator"),
                "measurability": judged.get("status"),
                "rule": judged.get("rule"),
                "threshold_mm": judged.get("threshold_mm"),
                "proposed_role": lesion["proposed"]["role"],
                "final_role": lesion["final"]["role"],
            }
        )
    return rows


def defect_rows(case_id: str, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a filling defect: enhancement, washout, distance, the reader's answers."""
    rows = []
    for defect in document["vascular_invasion"]["defects"]:
        enhancement, washout, near = defect["enhancement"], defect["washout"], defect["adjacency"]
        interval = enhancement.get("ci95") or (None, None)
        said = {f"reader_{name}": value for name, value in defect["reader"].items() if name != "comment"}
        rows.append(
            {
                "case_id": case_id,
                "defect": defect["id"],
                "vessel": defect["vessel"],
                "level": defect["level"],
                "enhancement": enhancement["finding"],
                "difference": enhancement["difference"],
                "difference_low": interval[0],
                "difference_high": interval[1],
                "unit": enhancement["unit"],
                "washout": washout["finding"],
                "distance_mm": near["distance_mm"] if near else None,
                **said,
            }
        )
    return rows


def missing_items(document: Mapping[str, Any]) -> dict[str, bool]:
    """Items of the record that the criteria lack, and whether one alone would settle a criterion."""
    found: dict[str, bool] = {}
    for verdict in document["screen"]["criteria"].values():
        for item in verdict.get("missing", ()):
            found[item["path"]] = found.get(item["path"], False) or bool(item.get("decisive"))
    return found
