"""Earlier locoregional therapy and radiation: E4, E4.a, E5, E5.a."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from eligibility.answers import (
    Ask,
    all_of,
    any_of,
    cite,
    exists,
    explained,
    known,
    negated,
    not_recorded,
    noted,
    unknown,
    yes_or_no,
)
from eligibility.dates import PartialDate
from eligibility.patient import LocoregionalTherapy
from eligibility.starts import at_start, start_not_recorded
from eligibility.truth import Truth, all_true, truth_of
from eligibility.verdict import Answer, Evidence, Missing, Reason
from recist.counted import counted

_PATH = "treatments.locoregional"
_OVERLAP = "treatments.planned_rt_field_overlaps_prior_rt"
_TYPES = ("RFA", "MWA", "CRYO", "TACE", "TARE", "TAE", "EBRT")

_LIVER_WORDS = ("liver", "hepat", "portal", "thromb", "vena_cava", "ivc", "hcc", "segment")
_ELSEWHERE_WORDS = (
    "bone", "spine", "vertebra", "rib", "femur", "pelvi", "sacr", "skull", "lung", "brain", "node", "adrenal",
    "skin", "muscle", "kidney", "sternum", "humer", "scapula", "chest_wall", "breast", "prostate", "neck",
)  # fmt: skip
_BONE_WORDS = (
    "bone",
    "spine",
    "vertebra",
    "rib",
    "femur",
    "pelvi",
    "sacr",
    "skull",
    "sternum",
    "humer",
    "scapula",
)


def _lies_in(site: str | None, words: Sequence[str], elsewhere: Sequence[str]) -> Truth:
    """Whether a site named in words belongs to a part of the body."""
    if site is None:
        return Truth.UNKNOWN
    text = site.lower().replace(" ", "_")
    if any(word in text for word in words):
        return Truth.TRUE
    return Truth.FALSE if any(word in text for word in elsewhere) else Truth.UNKNOWN


def in_liver(site: str | None) -> Truth:
    """Whether a site is the liver or one of its vessels.

    >>> in_liver("portal_vein").name, in_liver("bone").name, in_liver("abdomen").name
    ('TRUE', 'FALSE', 'UNKNOWN')
    """
    return _lies_in(site, _LIVER_WORDS, _ELSEWHERE_WORDS)


def in_bone(site: str | None) -> Truth:
    """Whether a site is bone; a name that holds another organ too leaves it open.

    >>> in_bone("pelvic bone").name, in_bone("lung").name, in_bone("pelvic lymph node").name
    ('TRUE', 'FALSE', 'UNKNOWN')
    """
    elsewhere = tuple(w for w in (*_LIVER_WORDS, *_ELSEWHERE_WORDS) if w not in _BONE_WORDS)
    bone, other = _lies_in(site, _BONE_WORDS, elsewhere), _lies_in(site, elsewhere, ())
    return Truth.UNKNOWN if bone is other is Truth.TRUE else bone


# --- E4: earlier radiation ----------------------------------------------------------------------------


def _is_radiation(ask: Ask, therapy: LocoregionalTherapy, path: str) -> Answer:
    field = f"{path}.type"
    if therapy.type is None:
        return not_recorded(field, "type of the locoregional therapy", _TYPES)
    evidence = cite(field, therapy.type, "external beam radiation")
    if therapy.type == "TARE" and ask.reading("P24") != "counted":
        remark = "radioembolization is not counted as external radiation"
        return noted(known(False, "TARE", evidence), remark)
    return known(therapy.type in ("EBRT", "TARE"), therapy.type, evidence)


def _is_liver_radiation(ask: Ask, therapy: LocoregionalTherapy, path: str) -> Answer:
    radiation = _is_radiation(ask, therapy, path)
    if therapy.type == "TARE":
        return radiation
    truth = in_liver(therapy.site)
    field = f"{path}.site"
    if therapy.site is None:
        where = not_recorded(field, "site of the radiation", ("liver", "bone"))
    elif truth is Truth.UNKNOWN:
        again = Missing(field, "whether the radiation field included liver", ("liver", "bone"))
        message = f"radiation of {therapy.site}: whether it included liver"
        where = unknown(message, Reason.NOT_ASSESSABLE, [again], [cite(field, therapy.site)])
    else:
        where = known(truth, f"radiation of {therapy.site}", cite(field, therapy.site, "liver"))
    return all_of(radiation, where)


def _prior_radiation(ask: Ask, *, liver: bool) -> Answer:
    test = _is_liver_radiation if liver else _is_radiation
    sample = LocoregionalTherapy(type="EBRT", site="liver")
    return exists(
        ask,
        ask.facts.treatments.locoregional,
        _PATH,
        "radiation to the liver" if liver else "radiation",
        lambda therapy, path: test(ask, therapy, path),
        samples=(sample,),
    )


def radiation_field_overlaps(ask: Ask) -> Answer:
    """E4.a: the planned field overlaps with an area that was irradiated before."""
    overlaps = yes_or_no(
        ask.facts.treatments.planned_rt_field_overlaps_prior_rt,
        _OVERLAP,
        "the planned radiation field overlaps with an earlier one",
        negative="no overlap with an earlier radiation field",
    )
    prior = _prior_radiation(ask, liver=False)
    if overlaps.truth is Truth.TRUE and prior.truth is Truth.FALSE and not _has_tare(ask):
        again = Missing(_PATH, "which earlier radiation the field overlaps with")
        message = "an overlap is recorded, but no earlier radiation"
        return unknown(message, Reason.CONFLICT, [again], [*overlaps.evidence, *prior.evidence])
    return overlaps if overlaps.truth is Truth.TRUE else all_of(prior, overlaps)


def _has_tare(ask: Ask) -> bool:
    return any(therapy.type == "TARE" for therapy in ask.facts.treatments.locoregional or ())


def has_had_excluding_liver_radiation(ask: Ask) -> Answer:
    """E4: by overlap; earlier radiation to the liver without overlap is read in two ways (policy P15)."""
    overlap = radiation_field_overlaps(ask)
    liver = _prior_radiation(ask, liver=True)
    reading = ask.reading("P15")
    if reading == "strict":
        return any_of(overlap, liver)
    if reading == "overlap_only" or overlap.truth is Truth.TRUE or overlap.reason is Reason.CONFLICT:
        return overlap
    if liver.truth is Truth.TRUE and overlap.truth is Truth.FALSE:
        again = Missing(_PATH, "whether radiation to the liver without overlap excludes: ask the sponsor")
        message = f"{liver.message} without overlap: the text can be read both ways"
        return unknown(message, Reason.POLICY_DEPENDENT, [again], [*liver.evidence, *overlap.evidence])
    if overlap.truth is Truth.UNKNOWN:
        return overlap
    if liver.truth is Truth.UNKNOWN:
        return replace(liver, evidence=(*liver.evidence, *overlap.evidence))
    return noted(explained(all_of(overlap, liver), "no earlier radiation to the liver"), *overlap.notes)


# --- E5: recent or unresolved locoregional therapy ----------------------------------------------------


def has_recent_or_unresolved_locoregional_therapy(ask: Ask, *, days: int, bone_days: int) -> Answer:
    """E5: within the washout before the start of treatment, or not recovered from."""

    def judge(start: date | None) -> Answer:
        def test(therapy: LocoregionalTherapy, path: str) -> Answer:
            return any_of(
                _is_recent(ask, therapy, path, start, days, bone_days), _is_unresolved(therapy, path)
            )

        samples: tuple[LocoregionalTherapy, ...] = ()
        if start is not None:
            samples = (LocoregionalTherapy("TACE", "liver", None, PartialDate.on(start), True),)
        therapies = ask.facts.treatments.locoregional
        return exists(ask, therapies, _PATH, "locoregional therapy", test, samples=samples)

    return at_start(ask, judge)


def _is_unresolved(therapy: LocoregionalTherapy, path: str) -> Answer:
    name = therapy.type or "locoregional therapy"
    recovered = yes_or_no(
        therapy.complications_recovered,
        f"{path}.complications_recovered",
        f"recovered from complications of {name}",
        negative=f"not recovered from complications of {name}",
    )
    return negated(recovered)


def _palliative_bone(therapy: LocoregionalTherapy) -> Truth:
    return all_true(
        (
            truth_of(None if therapy.type is None else therapy.type == "EBRT"),
            in_bone(therapy.site),
            truth_of(None if therapy.intent is None else therapy.intent == "palliative"),
        )
    )


def _is_recent(
    ask: Ask, therapy: LocoregionalTherapy, path: str, start: date | None, days: int, bone_days: int
) -> Answer:
    """Whether the therapy ended within its washout: 28 days, or 7 for palliative radiation to bone."""
    name = therapy.type or "locoregional therapy"
    field = f"{path}.end_date"
    ended = therapy.end_date
    if ended is None:
        dates = () if start is None else (start, start - timedelta(days), start - timedelta(days + 1))
        return not_recorded(field, f"end of the {name}", tuple(PartialDate.on(d) for d in dates))
    if start is None:
        return start_not_recorded(ended, days)
    excluded = days - (1 if ask.reading("P03") == "excluded" else 0)
    bone_excluded = bone_days - (0 if ask.reading("P04") == "from_day_8" else 1)
    bone = _palliative_bone(therapy)
    limits = {Truth.TRUE: (bone_excluded,), Truth.FALSE: (excluded,)}.get(bone, (bone_excluded, excluded))
    answers = [_by_gap(therapy, path, start, limit) for limit in limits]
    if len({a.truth for a in answers}) == 1:
        return _with_kind(answers[-1], therapy, path, bone)
    return unknown(
        f"{name} {_gap(ended, start)}: whether it was palliative radiation to bone is not recorded",
        Reason.MISSING,
        _kind_missing(therapy, path),
        [cite(field, ended)],
    )


def _with_kind(answer: Answer, therapy: LocoregionalTherapy, path: str, bone: Truth) -> Answer:
    kind = [
        cite(f"{path}.{name}", value)
        for name, value in (("type", therapy.type), ("site", therapy.site), ("intent", therapy.intent))
        if value is not None and (name == "type" or bone is not Truth.FALSE or therapy.type == "EBRT")
    ]
    return replace(answer, evidence=(*answer.evidence, *kind))


def _kind_missing(therapy: LocoregionalTherapy, path: str) -> list[Missing]:
    wanted = {
        "type": (therapy.type, "type of the therapy", ("EBRT", "TACE")),
        "site": (therapy.site, "site of the therapy", ("bone", "liver")),
        "intent": (therapy.intent, "intent of the radiation", ("palliative", "curative_or_control")),
    }
    lacking = [
        Missing(f"{path}.{n}", label, choices) for n, (v, label, choices) in wanted.items() if v is None
    ]
    return lacking or [Missing(f"{path}.site", "whether the site is bone", ("bone", "liver"))]


def _gap(ended: PartialDate, start: date) -> str:
    least, most = (start - ended.last).days, (start - ended.first).days
    return f"{counted(most, 'day') if least == most else f'{least} to {most} days'} before start"


def _by_gap(therapy: LocoregionalTherapy, path: str, start: date, excluded_days: int) -> Answer:
    """Against one washout; day ``excluded_days`` is the last that excludes."""
    name = therapy.type or "locoregional therapy"
    ended = therapy.end_date
    assert ended is not None
    field = f"{path}.end_date"
    least, most = (start - ended.last).days, (start - ended.first).days
    evidence: Evidence = cite(field, ended, f"{_gap(ended, start)}, excluded to day {excluded_days}")
    message = f"{name} {_gap(ended, start)}"
    if most < 0:
        again = Missing(field, f"end of the {name}, or the start of treatment")
        after = f"{name} ends on {ended}, after the start of treatment"
        return unknown(after, Reason.CONFLICT, [again], [evidence])
    if least > excluded_days:
        return known(False, message, evidence)
    if least >= 0 and most <= excluded_days:
        clears = ended.last + timedelta(excluded_days + 1)
        return replace(known(True, message, evidence), clears_on=clears)
    ends = (PartialDate.on(ended.first), PartialDate.on(ended.last))
    again = Missing(field, f"day on which the {name} ended", ends)
    return unknown(message, Reason.PARTIAL_DATE, [again], [evidence])


def has_recent_palliative_bone_radiation(ask: Ask, *, days: int) -> Answer:
    """E5.a: palliative radiation to bone within its own washout; not applicable without any."""
    therapies = ask.facts.treatments.locoregional
    known_list = therapies is not None and _PATH not in ask.facts.incomplete
    if therapies is not None and known_list and all(_palliative_bone(t) is Truth.FALSE for t in therapies):
        listed = cite(_PATH, f"{len(therapies)} recorded", "palliative radiation to bone")
        return replace(known(False, "no palliative radiation to bone", listed), applicable=False)

    def judge(start: date | None) -> Answer:
        def test(therapy: LocoregionalTherapy, path: str) -> Answer:
            bone = _palliative_bone(therapy)
            if bone is Truth.FALSE:
                return known(False, "not palliative radiation to bone", cite(f"{path}.type", therapy.type))
            recent = _is_recent(ask, therapy, path, start, days - 1, days)
            if bone is Truth.TRUE or recent.truth is not Truth.TRUE:
                return recent
            lacking = _kind_missing(therapy, path)
            return unknown("whether it was palliative radiation to bone", Reason.MISSING, lacking)

        return exists(ask, therapies, _PATH, "palliative radiation to bone", test)

    return at_start(ask, judge)
