"""Hepatitis B and C: documented by screening tests, and treated where there is infection (I8.9, I8.9.a)."""

from __future__ import annotations

from datetime import timedelta

from eligibility.answers import (
    Ask,
    all_of,
    any_of,
    cite,
    if_then,
    known,
    not_recorded,
    noted,
    unknown,
    yes_or_no,
)
from eligibility.dates import PartialDate, within
from eligibility.truth import Truth
from eligibility.verdict import Answer, Missing, Reason

_SEROLOGY = ("negative", "positive")
_GENOME = ("undetectable", "detectable")


def has_hepatitis_b(ask: Ask) -> Answer:
    """Surface antigen or HBV DNA; a negative antigen without DNA is no infection (policy P11)."""
    virology = ask.facts.virology
    found = []
    if virology.hbv_dna == "detectable":
        found.append(known(True, "HBV DNA detectable", cite("virology.hbv_dna", virology.hbv_dna)))
    if ask.reading("P11") == "anti_hbc_counts":
        found.append(_test(virology.anti_hbc, "virology.anti_hbc", "anti-HBc"))
    return any_of(*found, _test(virology.hbsag, "virology.hbsag", "HBsAg"))


def has_hepatitis_c(ask: Ask) -> Answer:
    """HCV RNA; antibodies alone tell nothing of a present infection, no antibodies exclude it."""
    virology = ask.facts.virology
    path = "virology.hcv_rna"
    if virology.hcv_rna is not None:
        present = virology.hcv_rna == "detectable"
        answer = known(present, f"HCV RNA {virology.hcv_rna}", cite(path, virology.hcv_rna))
        past = virology.anti_hcv == "positive" and not present
        return noted(answer, "anti-HCV positive without RNA: past infection") if past else answer
    if virology.anti_hcv == "positive":
        evidence = cite("virology.anti_hcv", virology.anti_hcv)
        lack = Missing(path, "HCV RNA", _GENOME)
        return unknown("anti-HCV positive, HCV RNA is not recorded", Reason.MISSING, [lack], [evidence])
    return _test(virology.anti_hcv, "virology.anti_hcv", "anti-HCV")


def _test(value: str | None, path: str, name: str) -> Answer:
    if value is None:
        return not_recorded(path, name, _SEROLOGY)
    return known(value == "positive", f"{name} {value}", cite(path, value))


def is_hepatitis_treated(ask: Ask) -> Answer:
    """Whoever is infected is on antiviral therapy."""
    virology = ask.facts.virology
    b = yes_or_no(
        virology.hbv_antiviral,
        "virology.hbv_antiviral",
        "HBV antiviral therapy",
        negative="no HBV antiviral therapy",
    )
    c = yes_or_no(
        virology.hcv_antiviral,
        "virology.hcv_antiviral",
        "HCV antiviral therapy",
        negative="no HCV antiviral therapy",
    )
    return all_of(if_then(has_hepatitis_b(ask), b), if_then(has_hepatitis_c(ask), c))


def has_documented_hepatitis_status(ask: Ask, *, days: int) -> Answer:
    """HBsAg and anti-HCV tested, an HCV antibody followed by RNA, and infection treated."""
    virology = ask.facts.virology
    answers = [
        _documented(virology.hbsag, "virology.hbsag", "HBsAg"),
        _documented(virology.anti_hcv, "virology.anti_hcv", "anti-HCV"),
        is_hepatitis_treated(ask),
    ]
    if virology.anti_hcv == "positive":
        answers.append(_documented(virology.hcv_rna, "virology.hcv_rna", "HCV RNA", _GENOME))
    if ask.reading("P01") == "as_laboratory":
        answers += [_in_window(ask, f"virology.{name}", days) for name in ("hbsag", "anti_hcv")]
    return all_of(*answers)


def _documented(value: str | None, path: str, name: str, choices: tuple[str, str] = _SEROLOGY) -> Answer:
    if value is None:
        return not_recorded(path, name, choices)
    return known(True, f"{name} {value}", cite(path, value, "documented"))


def _in_window(ask: Ask, path: str, days: int) -> Answer:
    """Whether the recorded day of a test lies in the laboratory window (policy P01)."""
    origin = ask.facts.provenance.get(path)
    tested = origin.recorded_on if origin else None
    screening: PartialDate | None = ask.facts.reference_dates.screening
    if tested is None or screening is None:
        what = f"day of {path}" if tested is None else "day of screening"
        lack = Missing(f"{path}.recorded_on" if tested is None else "reference_dates.screening", what)
        return unknown(f"{what} is not recorded", Reason.UNDATED, [lack])
    inside = within(tested, screening.last - timedelta(days), screening.first)
    if inside is Truth.TRUE:
        return known(True, f"{path} of {tested} lies in the window")
    message = f"{path} of {tested} lies outside the window"
    return unknown(message, Reason.STALE, [Missing(path, "a test within the window")])
