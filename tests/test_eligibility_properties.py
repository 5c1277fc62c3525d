"""What holds for every patient: laws tried on invented records.

Exempt from "more information never reverses a verdict", here and nowhere else, are statements that close
the world by themselves: a negative HBsAg or anti-HCV without a genome test (P11), a clinical basis without
tissue (P12), no ascites without a word on intractability, an unnumbered list of therapies that turns out to
be one line, and a drug that is ongoing yet begins later. Contradictions become UNKNOWN by design and are no
refinement.
"""

from __future__ import annotations

import ast
import copy
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

import eligibility
from eligibility.dates import PartialDate
from eligibility.paths import replaced
from eligibility.patient import PatientFacts
from eligibility.screening import ScreenResult, judge, screen
from eligibility.units import ANALYTES, canonical, units_of
from eligibility.verdict import Status, Verdict
from tests.eligibility_records import WOMAN, facts, lab, protocol, record, with_labs
from tests.laws import FEW, MANY, Law, hold
from workup.record.record import parse_record, record_mapping

TACE = {
    "type": "TACE",
    "site": "liver",
    "intent": None,
    "end_date": "2025-02-20",
    "complications_recovered": True,
}
BONE = {**TACE, "type": "EBRT", "site": "bone", "intent": "palliative"}
THERAPY = {"drugs": ["sorafenib"], "setting": "advanced", "line": 1}
STEROID = {
    "drug": "prednisolone",
    "kind": "corticosteroid",
    "route": "oral",
    "dose_mg_per_day": "8",
    "start": "2025-01-02",
    "end": "2025-03-12",
    "ongoing": False,
}
DISEASES = [
    {"condition": "Hashimoto", "category": "hypothyroidism", "stable_on_hormone_replacement": True},
    {"condition": "psoriasis", "category": "chronic_skin", "requires_systemic_therapy": False},
    {"condition": "sarcoidosis", "category": "other"},
]
CANCER = {"type": "gastric cancer", "last_active_date": "2023-03-10", "negligible_risk": False}
SECOND_LESION = {
    "id": "M2",
    "study": "CT1",
    "site": "lymph_node",
    "longest_diameter_mm": "22",
    "short_axis_mm": "15.5",
    "malignant": True,
    "margins_measurable": True,
    "locoregional_treated": True,
    "progressed_after_locoregional": True,
}

#: What a record may say, by path; the first value is the complete record's.
OPTIONS: dict[str, list[Any]] = {
    "consent.signed": [True, False],
    "demographics.birth_date": ["1959-11-02", "2006-03-03", "2006-03-04"],
    "diagnosis.histology": ["hcc", "fibrolamellar", "sarcomatoid"],
    "disease.unresectable": [True, False],
    "imaging.studies[0].dynamic": [True, False],
    "imaging.studies[0].modality": ["CT", "MR", "US"],
    "imaging.studies[0].slice_thickness_mm": ["2.5", "8"],
    "imaging.thrombi[0].level": ["Vp4", "Vp2", "Vp1"],
    "imaging.thrombi[0].filling_defect": [True, False],
    "imaging.thrombi[0].adjacent_to_primary": [True, False],
    "imaging.thrombi[0].arterial_enhancement": [True, False],
    "imaging.thrombi[0].washout_portal": [True, False],
    "imaging.thrombi[0].washout_delayed": [True, False],
    "imaging.lesions[0].longest_diameter_mm": ["48", "14", "9.95"],
    "imaging.lesions[0].malignant": [True, False],
    "imaging.lesions[0].locoregional_treated": [False, True],
    "imaging.lesions[0].progressed_after_locoregional": [None, True, False],
    "labs[hemoglobin].value": ["11.2", "8.0", "7.9"],
    "labs[bilirubin_total].value": ["1.1", "2.0", "2.9", "3.0"],
    "labs[albumin].value": ["38", "28", "27"],
    "labs[inr].value": ["1.1", "1.7", "2.08"],
    "labs[inr].uln": ["1.15", "1.2"],
    "labs[creatinine].value": ["0.9", "2.5", "6"],
    "labs[alt].value": ["51", "205", "206"],
    "liver.ascites": ["none", "mild", "moderate"],
    "liver.encephalopathy_grade": [0, 1, 3],
    "performance.ecog": [0, 1, 2],
    "vitals.weight_kg": ["71.5", "45", "130"],
    "virology.hbv_antiviral": [False, True],
    "virology.anti_hcv": ["negative", "positive"],
    "virology.hcv_rna": [None, "undetectable", "detectable"],
    "treatments.systemic": [[], [THERAPY], [{**THERAPY, "drugs": ["nivolumab"]}, {**THERAPY, "line": 2}]],
    "treatments.locoregional": [[], [TACE], [BONE, {**TACE, "end_date": "2024-05"}]],
    "immunosuppressants": [[], [STEROID], [STEROID, {**STEROID, "drug": "dexamethasone"}]],
    "comorbidity.autoimmune": [[], DISEASES[:1], DISEASES],
    "comorbidity.immune_deficiency": [False, True],
    "comorbidity.brain_metastasis": ["none", "active", "treated_stable"],
    "comorbidity.other_malignancies": [[], [CANCER], [{**CANCER, "last_active_date": "2020-01-01"}]],
    "comorbidity.nyha_class": [1, 2],
    "comorbidity.myocardial_infarction_dates": [[], ["2024-12-24"], ["2024-12-23", "2010"]],
    "comorbidity.unstable_angina": [False, True],
    "reproductive.agrees_contraception": [True, False],
    "reproductive.agrees_no_sperm_donation": [True, False],
    "investigator.excess_risk": [False, True],
    "investigator.unlikely_to_comply": [False, True],
}

CHANGES = st.dictionaries(st.sampled_from(sorted(OPTIONS)), st.integers(0, 3), max_size=12).map(
    lambda chosen: {path: OPTIONS[path][n % len(OPTIONS[path])] for path, n in chosen.items()}
)
BLANKS = st.sets(st.sampled_from(sorted(OPTIONS)), max_size=6)


def screened(changes: dict[str, Any]) -> ScreenResult:
    return screen(facts(changes), protocol(), search=False)


def every(result: ScreenResult) -> Iterator[Verdict]:
    for verdict in result.verdicts.values():
        yield verdict
        yield from verdict.children.values()


def statuses(result: ScreenResult) -> dict[str, Status]:
    return {v.criterion_id: v.status for v in every(result)}


# --- 1. monotone in information -------------------------------------------------------------------------


def coarser(value: Any) -> list[Any]:
    """The same value with less information."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return [value[:7], value[:4]]
    return []


def more_information_never_reverses_a_verdict(
    changes: dict[str, Any], blanks: set[str], as_date: bool
) -> None:
    known = screened(changes)
    blanked = dict(changes)
    if changes.get("virology.anti_hcv") != "positive":
        blanks = blanks - {"virology.hcv_rna"}  # P11: negative antibodies close the world
    for path in blanks:
        less = coarser(record(changes)["demographics"]["birth_date"]) if path.endswith("birth_date") else []
        blanked[path] = less[as_date] if less else None
    for before, after in zip(every(screened(blanked)), every(known), strict=True):
        if before.status is not Status.UNKNOWN and after.status is not before.status:
            assert after.status is Status.UNKNOWN, (before, after)
            assert after.reason_code in ("conflict", "policy_dependent"), (before, after)
            pytest.fail(f"{before.criterion_id}: {before.status} became {after.status}: {after.message}")


def censored_and_partial_values_agree_with_what_lies_inside(
    value: int, bound: int, after: bool, day: int
) -> None:
    number = Decimal(value) / 10
    limit = Decimal(bound) / 10
    exact = {"value": str(number), "date": f"2025-02-{day:02d}"}
    comparators = [c for c, holds in (("<=", number <= limit), (">=", number >= limit)) if holds]
    less = {"value": str(limit), "comparator": comparators[0], "date": "2025-02" if after else exact["date"]}
    before = screened({"labs[hemoglobin]": less}).verdicts["I8.1"].status
    now = screened({"labs[hemoglobin]": exact}).verdicts["I8.1"].status

    assert before in (Status.UNKNOWN, now)


def an_open_list_with_more_entries_keeps_what_was_decided(
    changes: dict[str, Any], more: dict[str, Any]
) -> None:
    lists = {p: v for p, v in changes.items() if isinstance(v, list)}
    opened = {**changes, **{f"{path}_complete": False for path in lists}}
    before = statuses(screened(opened))
    longer = {**opened, **{path: [*value, *more.get(path, [])] for path, value in lists.items()}}
    after = statuses(screened(longer))
    decided = {id_: s for id_, s in before.items() if s in (Status.PASS, Status.FAIL)}

    assert {id_: after[id_] for id_ in decided} == decided


MORE = st.just(
    {
        "treatments.locoregional": [{**TACE, "end_date": "2025-03-01"}],
        "comorbidity.autoimmune": DISEASES[2:],
        "comorbidity.other_malignancies": [CANCER],
        "immunosuppressants": [{**STEROID, "dose_mg_per_day": "30"}],
        "comorbidity.myocardial_infarction_dates": ["2025-01-15"],
    }
)


# --- 2. permutation -------------------------------------------------------------------------------------


def shuffled(value: Any, draw: Any) -> Any:
    if isinstance(value, dict):
        keys = draw(st.permutations(list(value)))
        return {key: shuffled(value[key], draw) for key in keys}
    if isinstance(value, list):
        return [shuffled(item, draw) for item in draw(st.permutations(value))]
    return value


def spoken(result: ScreenResult) -> list[Any]:
    """Verdicts without the places in lists, which a permutation changes."""

    def plain(text: str) -> str:
        return re.sub(r"\[\d+\]", "[]", text)

    return [
        (
            v.criterion_id,
            v.status,
            v.reason_code,
            plain(v.message),
            sorted((plain(e.path), e.value, plain(e.compared_as), e.date) for e in v.evidence),
            sorted(plain(m.path) for m in v.missing),
            v.readings,
            v.clears_on,
        )
        for v in every(result)
    ]


def the_order_of_lists_and_keys_means_nothing(changes: dict[str, Any], data: Any) -> None:
    made = record({**with_labs(lab("inr", "1.7"), lab("inr", "1.2", date="2025-03-01")), **_no_labs(changes)})
    made["imaging"]["lesions"].append(dict(SECOND_LESION))
    again = shuffled(copy.deepcopy(made), data.draw)

    assert spoken(screen(parse_record(again), protocol(), search=False)) == spoken(
        screen(parse_record(made), protocol(), search=False)
    )


def _no_labs(changes: dict[str, Any]) -> dict[str, Any]:
    return {path: value for path, value in changes.items() if not path.startswith("labs[")}


# --- 3. units -------------------------------------------------------------------------------------------


def an_exact_change_of_unit_changes_nothing(changes: dict[str, Any], units: dict[str, int]) -> None:
    made = record(changes)
    expressed = copy.deepcopy(made)
    for entry in expressed["labs"]:
        names = units_of(entry["analyte"])
        unit = names[units.get(entry["analyte"], 0) % len(names)]
        unit = unit.upper() if unit == "g/l" and entry["analyte"] in ("anc", "platelets") else unit
        numbers = {f: _in_unit(entry, f, unit) for f in ("value", "uln") if entry.get(f) is not None}
        if None not in numbers.values():
            entry.update({field: f"{number:f}" for field, number in numbers.items()}, unit=unit)

    assert statuses(screen(parse_record(expressed), protocol(), search=False)) == statuses(
        screen(parse_record(made), protocol(), search=False)
    )


def _in_unit(entry: dict[str, Any], field: str, unit: str) -> Decimal | None:
    """A number in another unit, None where that cannot be said exactly or rests on a molar mass."""
    here = canonical(entry["analyte"], Decimal(entry[field]), entry["unit"])
    one = canonical(entry["analyte"], Decimal(1), unit)
    assert here is not None
    assert one is not None
    there = here.value / one.value
    exact = not one.molar and there * one.value == here.value and len(f"{there:f}") < 16
    return there if exact else None


# --- 4. translation in time -----------------------------------------------------------------------------

#: The calendar repeats after 28 years (1901 to 2099), months, weekdays and leap days included.
_YEARS = 28


def moved(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: moved(item) for key, item in value.items()}
    if isinstance(value, list):
        return [moved(item) for item in value]
    if isinstance(value, str) and re.fullmatch(r"(19|20)\d\d(-\d\d(-\d\d)?)?", value):
        return f"{int(value[:4]) + _YEARS}{value[4:]}"
    return value


def a_patient_28_years_later_gets_the_same_verdicts(changes: dict[str, Any]) -> None:
    made = record(changes)
    then = screen(parse_record(made), protocol(), search=False)
    later = screen(parse_record(moved(made)), protocol(), search=False)

    assert statuses(later) == statuses(then)
    if then.eligible_from:
        assert later.eligible_from == then.eligible_from.replace(year=then.eligible_from.year + _YEARS)


# --- 5. order of limits ---------------------------------------------------------------------------------

#: Analyte, direction in which it gets better, ten times its least and greatest value here, criteria.
BETTER = {
    "hemoglobin": (1, 40, 150),
    "anc": (1, 1, 60),
    "platelets": (1, 300, 900),
    "albumin": (1, 200, 450),
    "bilirubin_total": (-1, 2, 60),
    "alt": (-1, 100, 4000),
    "inr": (-1, 9, 30),
    "creatinine": (-1, 5, 60),
}


def a_better_result_never_turns_pass_into_fail(analyte: str, a: int, b: int) -> None:
    sign, low, high = BETTER[analyte]
    one, two = (low + n % (high - low) for n in (a, b))
    worse, better = sorted((one, two), key=lambda n: sign * n)
    before = statuses(screened({f"labs[{analyte}].value": str(Decimal(worse) / 10)}))
    after = statuses(screened({f"labs[{analyte}].value": str(Decimal(better) / 10)}))

    assert [id_ for id_, s in before.items() if s is Status.PASS and after[id_] is Status.FAIL] == []


def a_later_therapy_never_turns_fail_into_pass(days: int, later: int, bone: bool) -> None:
    start = PartialDate.parse("2025-03-24").first
    ends = [start - timedelta(days), start - timedelta(max(0, days - later))]
    therapy = BONE if bone else TACE
    before, after = (
        screened({"treatments.locoregional": [{**therapy, "end_date": end.isoformat()}]})
        .verdicts["E5"]
        .status
        for end in ends
    )

    assert (before, after) != ("FAIL", "PASS")


# --- 7. what-if -----------------------------------------------------------------------------------------


def what_is_called_decisive_settles_and_the_rest_does_not(changes: dict[str, Any], blanks: set[str]) -> None:
    blanked = {**changes, **dict.fromkeys(blanks)}
    result = screened(blanked)
    for id_, items in result.what_if.items():
        for item in items:
            missing = next(m for m in result.verdicts[id_].missing if m.path == item.path)
            found = {
                screen(replaced(result.facts, item.path, value), protocol(), search=False)
                .verdicts[id_]
                .status
                for value in missing.candidates
            }
            assert item.decisive is bool(found - {Status.UNKNOWN})
    by_path = {path: list(ids) for path, ids in result.next}
    for id_, items in result.what_if.items():
        for item in items:
            assert (id_ in by_path.get(item.path, [])) is item.decisive


#: Blanks of which few values each are worth trying, so that every combination can be tried.
SMALL = (
    "consent.signed",
    "liver.ascites",
    "liver.encephalopathy_grade",
    "performance.ecog",
    "labs[inr].uln",
    "vitals.weight_kg",
    "investigator.excess_risk",
    "comorbidity.unstable_angina",
)


def the_smallest_set_is_smallest_and_settles_everything(blanks: set[str], creatinine: str, inr: str) -> None:
    known = {"labs[creatinine].value": creatinine, "labs[inr].value": inr}
    blanked = {**known, **dict.fromkeys(blanks)}
    result = screen(facts(blanked), protocol())
    still = [id_ for id_, v in result.verdicts.items() if v.status is Status.UNKNOWN]
    smallest = result.smallest
    assert smallest is not None
    assert set(smallest.leaves_open) <= set(still)
    solvable = set(still) - set(smallest.leaves_open)
    candidates = {m.path: m.candidates for id_ in still for m in result.verdicts[id_].missing if m.candidates}
    sizes = [
        n
        for n in range(len(candidates) + 1)
        for subset in _subsets(sorted(candidates), n)
        if _can_pass(result.facts, {p: candidates[p] for p in subset}, solvable)
    ]

    assert sizes[0] == len(smallest.paths)
    assert _can_pass(result.facts, {p: candidates[p] for p in smallest.paths}, solvable)


def _subsets(items: list[str], size: int) -> Iterator[tuple[str, ...]]:
    yield from combinations(items, size)


def _can_pass(known: PatientFacts, values: dict[str, tuple[Any, ...]], ids: set[str]) -> bool:
    """Whether each criterion passes for some combination of values (criteria do not share values here)."""

    for id_ in ids:
        criterion = protocol().criterion(id_)
        for combination in product(*values.values()):
            filled = known
            for path, value in zip(values, combination, strict=True):
                filled = replaced(filled, path, value)
            if judge(criterion, filled, protocol()).status in (Status.PASS, Status.NA):
                break
        else:
            return False
    return True


# --- 8. explanations are sound --------------------------------------------------------------------------


def _forget(node: Any, path: str, cited: set[str], analytes: set[str]) -> Any:
    """A record in which every value that is not cited is unknown."""
    if isinstance(node, dict):
        return {k: _forget(v, f"{path}.{k}" if path else k, cited, analytes) for k, v in node.items()}
    if path == "labs":
        return [entry for entry in node if entry["analyte"] in analytes]
    if isinstance(node, list) and all(isinstance(item, str) for item in node):
        return node if any(c == path or c.startswith(f"{path}[") for c in cited) else None
    if isinstance(node, list):
        kept = [
            _forget(
                v, f"{path}[{v.get('id') or i}]" if isinstance(v, dict) else f"{path}[{i}]", cited, analytes
            )
            for i, v in enumerate(node)
        ]
        needed = any(c == path or c.startswith((f"{path}[", f"{path}_complete")) for c in cited)
        return kept if needed else None
    structural = path.endswith((".id", "_complete", "schema_version"))
    return node if structural or path in cited else None


def what_is_not_cited_does_not_matter(changes: dict[str, Any], blanks: set[str], woman: bool) -> None:
    made = record({**(WOMAN if woman else {}), **changes, **dict.fromkeys(blanks)})
    result = screen(parse_record(made), protocol(), search=False)
    for verdict in result.verdicts.values():
        cited = {e.path for e in verdict.evidence} | {m.path for m in verdict.missing}
        analytes = {m[1] for path in cited if (m := re.match(r"labs\[(\w+)\]", path))}
        forgotten = parse_record(_forget(copy.deepcopy(made), "", cited, analytes))
        again = judge(protocol().criterion(verdict.criterion_id), forgotten, protocol())
        assert again.status is verdict.status, (verdict, again.message)
        if verdict.status is Status.UNKNOWN:
            assert verdict.missing
        else:
            assert verdict.evidence


# --- 9, 11, 13: round trips, overall, irrelevance -------------------------------------------------------


def a_record_survives_the_way_through_json(changes: dict[str, Any], blanks: set[str]) -> None:
    known = facts({**changes, **dict.fromkeys(blanks)})
    text = json.dumps(record_mapping(known), allow_nan=False)

    assert parse_record(json.loads(text)) == known


def eligible_from_is_the_first_day_that_clears(days: int, drug_days: int, event_days: int) -> None:
    start = PartialDate.parse("2025-03-24").first
    changes = {
        "treatments.locoregional": [{**TACE, "end_date": (start - timedelta(days)).isoformat()}],
        "immunosuppressants": [
            {**STEROID, "dose_mg_per_day": "40", "end": (start - timedelta(drug_days)).isoformat()}
        ],
        "comorbidity.myocardial_infarction_dates": [(start - timedelta(event_days)).isoformat()],
    }
    result = screened(changes)
    failed = [v for v in result.verdicts.values() if v.status is Status.FAIL]
    assert (result.eligible_from is None) is not bool(failed)
    if result.eligible_from is None:
        return
    on = {**changes, "reference_dates.treatment_start": result.eligible_from.isoformat()}
    before = {**changes, "reference_dates.treatment_start": (result.eligible_from - timedelta(1)).isoformat()}
    assert screened(on).overall != "INELIGIBLE"
    assert screened(before).overall == "INELIGIBLE"
    for verdict in failed:
        assert verdict.clears_on is not None
        day = {**changes, "reference_dates.treatment_start": verdict.clears_on.isoformat()}
        eve = {**changes, "reference_dates.treatment_start": (verdict.clears_on - timedelta(1)).isoformat()}
        assert screened(day).verdicts[verdict.criterion_id].status is Status.PASS
        assert screened(eve).verdicts[verdict.criterion_id].status is Status.FAIL


def an_ineligible_patient_stays_ineligible_as_more_is_known(
    changes: dict[str, Any], blanks: set[str]
) -> None:
    before = screened({**changes, **dict.fromkeys(blanks)})
    if before.overall == "INELIGIBLE":
        assert screened(changes).overall != "ELIGIBLE"


def names_and_notes_do_not_matter(changes: dict[str, Any], word: str) -> None:
    made = record(changes)
    named = {**copy.deepcopy(made), "patient_id": word or None}
    named["investigator"]["name"] = word or "somebody"
    for entry in named["labs"]:
        entry["source"] = word
    for therapy in named["treatments"]["systemic"] or []:
        therapy["note"] = word
    named["imaging"]["studies"][0]["study_uid"] = word

    assert statuses(screen(parse_record(named), protocol(), search=False)) == statuses(
        screen(parse_record(made), protocol(), search=False)
    )


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12).map(str.strip)

LAWS: dict[str, Law] = {
    "more information never reverses a verdict": (
        more_information_never_reverses_a_verdict,
        (CHANGES, BLANKS, st.booleans()),
    ),
    "censored and partial values agree with what lies inside": (
        censored_and_partial_values_agree_with_what_lies_inside,
        (st.integers(50, 120), st.integers(50, 120), st.booleans(), st.integers(10, 28)),
    ),
    "an open list with more entries keeps what was decided": (
        an_open_list_with_more_entries_keeps_what_was_decided,
        (CHANGES, MORE),
    ),
    "the order of lists and keys means nothing": (
        the_order_of_lists_and_keys_means_nothing,
        (CHANGES, st.data()),
    ),
    "an exact change of unit changes nothing": (
        an_exact_change_of_unit_changes_nothing,
        (CHANGES, st.dictionaries(st.sampled_from(ANALYTES), st.integers(0, 40))),
    ),
    "a patient 28 years later gets the same verdicts": (
        a_patient_28_years_later_gets_the_same_verdicts,
        (CHANGES,),
    ),
    "a better result never turns pass into fail": (
        a_better_result_never_turns_pass_into_fail,
        (st.sampled_from(sorted(BETTER)), st.integers(0, 5000), st.integers(0, 5000)),
    ),
    "a later therapy never turns fail into pass": (
        a_later_therapy_never_turns_fail_into_pass,
        (st.integers(0, 60), st.integers(0, 60), st.booleans()),
    ),
    "what is called decisive settles, and the rest does not": (
        what_is_called_decisive_settles_and_the_rest_does_not,
        (CHANGES, BLANKS),
    ),
    "the smallest set is smallest and settles everything": (
        the_smallest_set_is_smallest_and_settles_everything,
        (
            st.sets(st.sampled_from(SMALL), max_size=3),
            st.sampled_from(["0.9", "2.3", "2.5"]),
            st.sampled_from(["1.1", "1.9"]),
        ),
    ),
    "what is not cited does not matter": (
        what_is_not_cited_does_not_matter,
        (CHANGES, BLANKS, st.booleans()),
    ),
    "a record survives the way through JSON": (a_record_survives_the_way_through_json, (CHANGES, BLANKS)),
    "eligible_from is the first day that clears": (
        eligible_from_is_the_first_day_that_clears,
        (st.integers(0, 40), st.integers(0, 30), st.integers(0, 120)),
    ),
    "an ineligible patient stays ineligible as more is known": (
        an_ineligible_patient_stays_ineligible_as_more_is_known,
        (CHANGES, BLANKS),
    ),
    "names and notes do not matter": (names_and_notes_do_not_matter, (CHANGES, WORDS)),
}


@pytest.mark.parametrize("name", LAWS)
def test_a_law_holds(name: str) -> None:
    hold(LAWS, name, FEW)


@pytest.mark.long
@pytest.mark.parametrize("name", LAWS)
def test_a_law_holds_on_many_examples(name: str) -> None:
    hold(LAWS, name, MANY)


def test_no_rule_reads_a_clock_or_an_environment() -> None:
    package = Path(eligibility.__file__).parent
    forbidden = {"today", "now", "utcnow", "time", "getenv", "environ", "random"}
    for file in package.glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        names = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        calls = {
            n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        assert not forbidden & names, file.name
        assert not {"open", "exec", "eval"} & calls, file.name
