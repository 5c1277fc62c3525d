# ruff: noqa: E501  (the tables are wide on purpose)
"""Rule files: text and spans as in the trial, faults found at load, amendments, a second protocol."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eligibility.amendments import diff, rescreen
from eligibility.errors import EligibilityError, PolicyError, ProtocolError
from eligibility.policies import POLICIES, chosen
from eligibility.protocol import Protocol, build_protocol
from eligibility.rules import RULES
from eligibility.screening import screen
from tests.eligibility_records import facts, protocol
from workup.protocol_files import protocol_document, protocol_names, read_protocol

TRIAL = Path(os.environ.get("VEINVASION_TRIAL", Path(__file__).parents[1].parent / "shared" / "trial"))
needs_trial = pytest.mark.skipif(
    not TRIAL.is_dir(), reason="the trial's text does not lie beside the repository"
)

LEAVES = [
    *(f"I{n}" for n in range(1, 8)),
    *(f"I8.{n}" for n in range(1, 12)),
    *(f"E{n}" for n in range(1, 17)),
]


def claims(document: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(document.get("headings", []))
    for entry in document["criteria"]:
        found += [entry, *entry.get("children", [])]
    return found


def test_the_trial_has_its_34_criteria_in_order() -> None:
    assert [c.id for c in protocol().criteria] == LEAVES
    assert protocol().criterion("I9") is protocol().criterion("I8.9")
    assert {c.id for c in protocol().criterion("I4").children} == {"I4.a", "I4.a.1", "I4.a.2"}


@needs_trial
def test_every_bullet_of_the_trial_is_claimed_once_with_its_words() -> None:
    spans = {s["id"]: s for s in json.loads((TRIAL / "criterion_spans.json").read_text("utf-8"))["spans"]}
    claimed = claims(protocol_document("NCT06828380"))

    assert sorted(c["id"] for c in claimed) == sorted(spans)
    for claim in claimed:
        span = spans[claim["id"]]
        assert claim["text"] == span["text"]
        assert claim["span"] == {key: span[key] for key in ("line", "start", "end")}


@needs_trial
def test_the_spans_point_into_the_text_of_the_trial() -> None:
    data = (TRIAL / "trial_text.txt").read_bytes()
    text = data.decode("utf-8")
    document = protocol_document("NCT06828380")

    assert hashlib.sha256(data).hexdigest() == document["source"]["sha256"]
    for claim in claims(document):
        span = claim["span"]
        raw = text[span["start"] : span["end"]]
        assert raw.replace("\\", "") == claim["text"]


@needs_trial
def test_no_word_of_the_criteria_is_left_unclaimed() -> None:
    text = (TRIAL / "trial_text.txt").read_text("utf-8")
    left = list(text)
    for claim in claims(protocol_document("NCT06828380")):
        left[claim["span"]["start"] : claim["span"]["end"]] = " " * (
            claim["span"]["end"] - claim["span"]["start"]
        )
    start, end = text.index("- Inclusion Criteria:"), text.index("About National Cancer Center")
    words = "".join(left[start:end]).replace("•", " ").replace("-", " ").split()

    assert words == ["Inclusion", "Criteria:", "Exclusion", "Criteria:"]


def test_every_rule_is_used_by_some_protocol_or_kept_for_others() -> None:
    used = json.dumps([protocol_document(name) for name in protocol_names()])

    others = {"lab_at_most", "has_hepatitis_b", "has_hepatitis_c"}  # for other trials
    assert {rule for rule in RULES if f'"{rule}"' not in used} == others


def test_a_rule_file_survives_the_way_through_json() -> None:
    document = protocol_document("NCT06828380")
    again = build_protocol(json.loads(json.dumps(document)), RULES)

    assert again.sha256 == protocol().sha256
    assert screen(facts(), again).overall == "ELIGIBLE"


def test_a_protocol_crosses_a_process_border() -> None:
    again: Protocol = pickle.loads(pickle.dumps(protocol()))

    assert screen(facts(), again, search=False).overall == "ELIGIBLE"


def _first(document: dict[str, Any], **changes: Any) -> None:
    document["criteria"][0].update(changes)


# fmt: off
FAULTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "an unknown rule":          (lambda d: _first(d, rule={"is_consent_singed": {}}), "unknown rule 'is_consent_singed'"),
    "an unknown parameter":     (lambda d: _first(d, rule={"is_consent_signed": {"by": 1}}), "no parameter 'by'"),
    "a missing parameter":      (lambda d: _first(d, rule={"is_old_enough_at_consent": {}}), "lacks its parameter 'years'"),
    "a limit as float":         (lambda d: _first(d, rule={"lab_at_least": {"analyte": "anc", "limit": 1.5, "unit": "/uL", "days": 28}}), "in quotes"),
    "a limit that is no number": (lambda d: _first(d, rule={"lab_at_least": {"analyte": "anc", "limit": "many", "unit": "/uL", "days": 28}}), "a decimal number"),
    "a limit that is not a number": (lambda d: _first(d, rule={"lab_at_least": {"analyte": "anc", "limit": "NaN", "unit": "/uL", "days": 28}}), "lab_at_least.limit is 'NaN'"),
    "a limit that is infinite": (lambda d: _first(d, rule={"lab_at_least": {"analyte": "anc", "limit": "Infinity", "unit": "/uL", "days": 28}}), "limit is 'Infinity'"),
    "a limit that is below zero": (lambda d: _first(d, rule={"lab_at_least": {"analyte": "anc", "limit": "-8.0", "unit": "/uL", "days": 28}}), "limit is '-8.0'"),
    "a limit that is with a digit separator": (lambda d: _first(d, rule={"lab_at_least": {"analyte": "anc", "limit": "1_000", "unit": "/uL", "days": 28}}), "limit is '1_000'"),
    "a window that ends before it begins": (lambda d: _first(d, rule={"is_child_pugh_class_a": {"days": -28}}), "days is -28"),
    "a unit that is a number":  (lambda d: _first(d, rule={"lab_at_least": {"analyte": "inr", "limit": "1", "unit": 1, "days": 28}}), "unit is 1"),
    "a window of half a day":   (lambda d: _first(d, rule={"is_child_pugh_class_a": {"days": "28"}}), "a whole number"),
    "an unknown analyte":       (lambda d: _first(d, rule={"lab_at_least": {"analyte": "sodium", "limit": "1", "unit": "/uL", "days": 28}}), "unknown analyte 'sodium'"),
    "an unknown unit":          (lambda d: _first(d, rule={"lab_at_least": {"analyte": "anc", "limit": "1", "unit": "mg", "days": 28}}), "unknown unit 'mg'"),
    "two rules in one":         (lambda d: _first(d, rule={"is_consent_signed": {}, "not": {}}), "one rule"),
    "an unknown key":           (lambda d: _first(d, txet="x"), "unknown key 'txet'"),
    "an unknown side":          (lambda d: _first(d, side="both"), "inclusion or exclusion"),
    "an unknown kind":          (lambda d: _first(d, kind="guessed"), "computed"),
    "a dangling policy":        (lambda d: _first(d, policies=["P99"]), "no policy 'P99'"),
    "an id that stands twice":  (lambda d: d["criteria"].append(copy.deepcopy(d["criteria"][0])), "stands twice"),
    "words claimed twice":      (lambda d: d["criteria"][1]["span"].update(start=1690), "claims words"),
    "an empty span":            (lambda d: d["criteria"][0]["span"].update(end=1668), "empty span"),
    "no criteria":              (lambda d: d.pop("criteria"), "no 'criteria'"),
    "a misspelled block":       (lambda d: d.update(polices={"P15": "strict"}), "unknown key 'polices'"),
    "a misspelled date":        (lambda d: d["version"].update(efective_from="2026"), "unknown key 'efective_from'"),
    "a version without id":     (lambda d: d["version"].pop("id"), "no 'id'"),
    "no text":                  (lambda d: d["criteria"][0].pop("text"), "no 'text'"),
    "an unknown variant":       (lambda d: d.update(policies={"P15": "maybe"}), "no variant 'maybe'"),
}
# fmt: on


@pytest.mark.parametrize(("spoil", "says"), FAULTS.values(), ids=FAULTS)
def test_a_faulty_rule_file_is_refused_at_load(spoil: Callable[[dict[str, Any]], Any], says: str) -> None:
    document = copy.deepcopy(protocol_document("NCT06828380"))
    spoil(document)

    with pytest.raises(EligibilityError, match=says):
        build_protocol(document, RULES)


def test_a_protocol_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="NCT06828380"):
        read_protocol("NCT00000000")
    (tmp_path / "p.yaml").write_text("trial: [", encoding="utf-8")
    with pytest.raises(ProtocolError, match=r"p\.yaml"):
        read_protocol(tmp_path / "p.yaml")


def test_policies_are_chosen_by_name_or_id_and_others_refused() -> None:
    assert chosen({"prior_liver_rt": "strict"}) == chosen({"P15": "strict"})
    assert protocol().with_policies({"last_day": "excluded"}).readings["P03"] == "excluded"
    with pytest.raises(PolicyError, match="P15"):
        chosen({"prior_rt": "strict"})
    with pytest.raises(PolicyError, match="overlap_only"):
        chosen({"P15": "sometimes"})
    for policy in POLICIES.values():
        assert len(policy.variants) > 1


# --- amendments ---------------------------------------------------------------------------------------


def amended() -> Protocol:
    document = copy.deepcopy(protocol_document("NCT06828380"))
    hemoglobin = next(c for c in document["criteria"] if c["id"] == "I8.1")
    hemoglobin["rule"]["lab_at_least"]["limit"] = "9.0"
    hemoglobin["text"] = hemoglobin["text"].replace("8.0", "9.0")
    document["policies"] = {"P15": "overlap_only"}
    document["version"]["id"] = "amendment 1"
    return build_protocol(document, RULES)


def test_a_diff_tells_what_an_amendment_changes() -> None:
    changes = diff(protocol(), amended())

    assert [(c.id, c.what) for c in changes] == [
        ("protocol", "version"),
        ("I8.1", "text"),
        ("I8.1", "rule"),
        ("P15", "reading"),
    ]
    assert diff(protocol(), protocol()) == ()


def _criterion_of(document: dict[str, Any], id_: str) -> dict[str, Any]:
    return next(c for c in document["criteria"] if c["id"] == id_)


def _nest(document: dict[str, Any]) -> None:
    document["criteria"][0]["children"] = [{**document["criteria"].pop(1), "side": "inclusion"}]


# fmt: off
SINGLE_CHANGES: dict[str, tuple[Callable[[dict[str, Any]], Any], list[tuple[str, str]]]] = {
    "trial":          (lambda d: d.update(trial="X"), [("protocol", "trial")]),
    "title":          (lambda d: d.update(title="X"), [("protocol", "title")]),
    "version":        (lambda d: d["version"].update(id="X"), [("protocol", "version")]),
    "effective date": (lambda d: d["version"].update(effective_from="2026-01-01"), [("protocol", "effective_from")]),
    "source":         (lambda d: d["source"].update(sha256="0"), [("protocol", "source")]),
    "order":          (lambda d: d["criteria"].reverse(), [("protocol", "order")]),
    "heading":        (lambda d: d["headings"][0].update(text="X"), [("I8", "text")]),
    "no heading":     (lambda d: d.pop("headings"), [("I8", "heading")]),
    "remedy":         (lambda d: _first(d, remedy="X"), [("I1", "remedy")]),
    "aliases":        (lambda d: _first(d, aliases=["X"]), [("I1", "aliases")]),
    "span":           (lambda d: d["criteria"][0]["span"].update(start=1669), [("I1", "span")]),
    "no span":        (lambda d: d["criteria"][0].pop("span"), [("I1", "span")]),
    "kind":           (lambda d: _first(d, kind="judgement"), [("I1", "kind")]),
    "side":           (lambda d: _first(d, side="exclusion"), [("I1", "side")]),
    "policies":       (lambda d: _first(d, policies=["P02"]), [("I1", "policies")]),
    "nesting":        (_nest, [("protocol", "order"), ("I1", "children")]),
    "a rule's keys in another order": (lambda d: _criterion_of(d, "I8.1").update(rule={"lab_at_least": dict(reversed(_criterion_of(d, "I8.1")["rule"]["lab_at_least"].items()))}), []),
}
# fmt: on


@pytest.mark.parametrize(("change", "expected"), SINGLE_CHANGES.values(), ids=SINGLE_CHANGES)
def test_protocols_that_differ_in_one_thing_are_never_said_to_be_equal(
    change: Callable[[dict[str, Any]], Any], expected: list[tuple[str, str]]
) -> None:
    document = copy.deepcopy(protocol_document("NCT06828380"))
    change(document)
    other = build_protocol(document, RULES)

    assert [(c.id, c.what) for c in diff(protocol(), other)] == expected
    assert [(c.before, c.after) for c in diff(other, protocol())] == [
        (c.after, c.before) for c in diff(protocol(), other)
    ]


def test_rescreening_lists_the_patients_it_matters_for() -> None:
    liver = {"type": "EBRT", "site": "liver", "end_date": "2023-01-01", "complications_recovered": True}
    patients = [
        ("unchanged", facts()),
        ("anemic", facts({"labs[hemoglobin].value": "8.5"})),
        ("irradiated", facts({"treatments.locoregional": [liver]})),
    ]
    changed = rescreen(patients, protocol(), amended())

    assert [(c.name, c.overall, c.changed) for c in changed] == [
        ("anemic", ("ELIGIBLE", "INELIGIBLE"), {"I8.1": ("PASS", "FAIL")}),
        ("irradiated", ("UNDETERMINED", "ELIGIBLE"), {"E4": ("UNKNOWN", "PASS")}),
    ]


# --- the second protocol -------------------------------------------------------------------------------

# fmt: off
EXAMPLE = {
    "meets everything":                    ({"labs[hemoglobin].date": "2025-03-05"}, {}),
    "labs of three weeks ago":             ({"labs[platelets].date": "2025-02-20"}, {"IN3": "UNKNOWN"}),
    "therapy 14 days ago":                 ({"treatments.locoregional": [{"type": "RFA", "end_date": "2025-03-10",
                                             "complications_recovered": True}]}, {"EX2": "FAIL"}),
    "ECOG 2 is allowed here":              ({"performance.ecog": 2}, {}),
    "platelets of 60":                     ({"labs[platelets].value": "60"}, {"IN3": "FAIL"}),
    "encephalopathy":                      ({"liver.encephalopathy_grade": 1}, {"EX1": "FAIL"}),
    "any radiation of the liver excludes": ({"treatments.locoregional": [{"type": "EBRT", "site": "liver", "end_date": "2020",
                                             "complications_recovered": True}]}, {"EX3": "FAIL"}),
}
# fmt: on


@pytest.mark.parametrize(("changes", "expected"), EXAMPLE.values(), ids=EXAMPLE)
def test_another_trial_is_another_file(changes: dict[str, Any], expected: dict[str, str]) -> None:
    trial = read_protocol("example")
    result = screen(facts(changes), trial)

    assert {id_: str(v.status) for id_, v in result.verdicts.items()} == {
        **dict.fromkeys((c.id for c in trial.criteria), "PASS"),
        **expected,
    }
