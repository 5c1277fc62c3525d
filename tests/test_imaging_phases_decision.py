# ruff: noqa: E501 - tables are read across
"""Weighing the sources: precedence, contradictions, confidence, what images allow."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.errors import ImagingError
from imaging.geometry import VolumeGeometry
from imaging.phases.decision import AGENT_PHASES, agree, decide, name_phases
from imaging.phases.pass_numbers import PassNumbers
from imaging.phases.phase import DEFINITE, Evidence, Phase, Role
from imaging.phases.plausibility import ARTERIAL, darker_before_brighter, read_passes
from imaging.phases.reader_labels import match_labels
from imaging.volume import Acquisition, AcquisitionHeader, Study, Volume

NOON = 12 * 3600.0
U, EA, LA, A, PV, D = (
    Phase.UNENHANCED, Phase.EARLY_ARTERIAL, Phase.LATE_ARTERIAL, Phase.ARTERIAL, Phase.PORTAL_VENOUS, Phase.DELAYED,
)  # fmt: skip
NOTHING, SOME, SEVERAL = Phase.UNDETERMINED, Phase.CONTRAST_UNSPECIFIED, Phase.MULTIPLE


def study(*headers):
    volume = Volume(np.zeros((2, 2, 2), np.int16), VolumeGeometry((2, 2, 2), np.eye(4)[:, [2, 1, 0, 3]]))
    made = (AcquisitionHeader(**{"series_uid": str(i), "modality": "CT", **h}) for i, h in enumerate(headers))
    return Study(tuple(Acquisition(h.series_uid, h, volume) for h in made))


#: Examinations whose contrast went into an artery: descriptions, and the phase that each may have.
ANGIOGRAPHY = {
    "CTAP beside CTHA": [("PLAIN", U), ("CTHA early", NOTHING), ("CTAP portal venous", NOTHING)],
    "a phase beside CT during arterial portography": [("arterial portography", NOTHING), ("ART", NOTHING)],
    "CTAP beside an arterial phase is abdomen and pelvis": [("ART", A), ("CTAP PORTAL VENOUS", PV)],
}


@pytest.mark.parametrize("case", ANGIOGRAPHY)
def test_an_examination_with_an_arterial_injection_names_the_unenhanced_series_only(case):
    texts = [text for text, _ in ANGIOGRAPHY[case]]
    phases = [phase for _, phase in ANGIOGRAPHY[case]]
    decisions = list(name_phases(study(*({"series_description": text} for text in texts))).values())

    assert [d.phase for d in decisions] == phases
    assert all(bool(d.conflicts) == (d.phase is NOTHING) for d in decisions)


def test_neither_clock_nor_image_names_a_phase_after_an_arterial_injection_but_the_reader_may():
    header = {"series_description": "CTHA", "acquisition_time_s": NOON + 35, "contrast_start_time_s": NOON}
    made = study(header)

    (clock,) = name_phases(made).values()
    (reader,) = name_phases(made, reader_labels={"0": LA}).values()

    assert (clock.evidence[0].source, clock.evidence[0].says) == ("timing", LA)
    assert (clock.phase, reader.phase) == (NOTHING, LA)
    assert all("into an artery" in d.conflicts[0] for d in (clock, reader))


DECISIONS = {
    "the reader wins over everything": ([("reader", D), ("timing", LA), ("text", PV)], D, 1.0, True),
    "coded phase and text agree": ([("agent_phase", PV), ("text", PV)], PV, 0.99, False),
    "coded phase and text disagree": ([("agent_phase", PV), ("text", LA)], NOTHING, 0.0, True),
    "clock and text disagree": ([("timing", LA), ("text", PV)], NOTHING, 0.0, True),
    "clock and text agree": ([("timing", LA), ("text", A)], LA, 0.98, False),
    "text is made more exact by the image": ([("text", A), ("image", EA)], EA, 0.94, False),
    "text alone": ([("text", PV)], PV, 0.8, False),
    "image alone": ([("text", SEVERAL), ("image", LA)], LA, 0.7, False),
    "contrast without a phase fits any enhanced phase": ([("text", SOME), ("timing", PV)], PV, 0.9, False),
    "contrast without a phase contradicts unenhanced": ([("text", SOME), ("timing", U)], NOTHING, 0.0, True),
    "contrast without a phase alone": ([("text", SOME)], SOME, 0.5, False),
    "several phases alone": ([("text", SEVERAL)], SEVERAL, 0.5, False),
    "a hint of the order names nothing": ([("text", NOTHING), ("order", PV)], NOTHING, 0.0, False),
    "nothing at all": ([], NOTHING, 0.0, False),
}  # fmt: skip


@pytest.mark.parametrize("case", DECISIONS)
def test_decision(case):
    evidence, phase, confidence, disputed = DECISIONS[case]
    decision = decide(Role.IMAGE, [Evidence(source, "as recorded", says) for source, says in evidence])

    assert (decision.phase, decision.confidence, bool(decision.conflicts)) == (phase, confidence, disputed)
    assert len(decision.evidence) == len(evidence)


SOURCES = st.sampled_from(["agent_phase", "timing", "text", "image", "order"])
EVIDENCE = st.lists(st.builds(Evidence, SOURCES, st.just("x"), st.sampled_from(Phase)), max_size=5)


@given(evidence=EVIDENCE, label=st.sampled_from(Phase))
def test_laws_of_decisions(evidence, label):
    decision = decide(Role.IMAGE, evidence)
    read = decide(Role.IMAGE, [Evidence("reader", "r", label), *evidence])

    assert not (decision.conflicts and decision.phase in DEFINITE)
    assert decision.phase is NOTHING or any(e.says is decision.phase for e in evidence)
    assert 0.0 <= decision.confidence < 1.0
    assert (read.phase, read.confidence) == (label, 1.0)


@given(one=st.sampled_from(Phase), other=st.sampled_from(Phase))
def test_agreement_is_mutual_and_no_two_moments_agree(one, other):
    assert agree(one, other) == agree(other, one)
    if one in DEFINITE and other in DEFINITE and agree(one, other):
        assert one == other or {one, other} <= ARTERIAL


@pytest.mark.parametrize("code", AGENT_PHASES)
def test_coded_phases_of_enhanced_objects_are_heard(code):
    decision = name_phases(study({"contrast_phase_code": code}))["0"]

    assert decision.phase is AGENT_PHASES[code]
    assert decision.evidence[0] == Evidence("agent_phase", code, AGENT_PHASES[code])


def test_clock_and_description_that_disagree_ask_the_reader():
    headers = (
        {
            "series_description": "PORTAL VENOUS",
            "acquisition_time_s": NOON + 36,
            "contrast_start_time_s": NOON,
        },
        {"series_description": "ART", "acquisition_time_s": NOON + 70, "contrast_start_time_s": NOON},
    )
    decided = name_phases(study(*headers))
    read = name_phases(study(*headers), reader_labels={"0": LA})

    assert [d.phase for d in decided.values()] == [NOTHING, NOTHING]
    assert "timing says late_arterial" in decided["0"].conflicts[0]
    assert (read["0"].phase, read["0"].confidence, read["0"].evidence[0].source) == (LA, 1.0, "reader")
    assert read["0"].conflicts


def test_a_description_that_contradicts_itself_says_so():
    decision = name_phases(study({"series_description": "PORTAL ARTERIAL"}))["0"]

    assert decision.phase is NOTHING
    assert decision.conflicts == ('the text names arterial ("arterial") and portal_venous ("portal")',)


def test_order_of_passes_objects_without_a_start_time():
    headers = (
        {"series_description": "DELAYED", "acquisition_time_s": NOON},
        {"series_description": "LATE ART", "acquisition_time_s": NOON + 60},
    )
    decided = name_phases(study(*headers))

    assert all(d.phase is NOTHING and d.conflicts for d in decided.values())
    assert "late_arterial was acquired after delayed" in decided["0"].conflicts[0]


PASSES_OF_ONE_SERIES = {
    "three passes called late arterial": ("DISCO LATE ART", (0.0, 8.0, 16.0), A),
    "three passes called early arterial": ("DISCO EARLY ART", (0.0, 8.0, 16.0), A),
    "two portal venous passes": ("LAVA PORTAL", (0.0, 20.0), PV),
    "a whole dynamic series called arterial": ("LAVA ART", (0.0, 35.0, 70.0, 180.0), NOTHING),
    "a whole dynamic series called unenhanced": ("LAVA PRE+3 DYN", (0.0, 40.0, 75.0, 180.0), NOTHING),
    "an unenhanced series in two parts": ("LAVA PRE", (0.0, 15.0), U),
    "two passes further apart than the portal venous phase is long": ("LAVA PORTAL", (0.0, 60.0), NOTHING),
    "one pass": ("DISCO LATE ART", (0.0,), LA),
    "images of one moment": ("DISCO LATE ART", (0.0, 0.0), LA),
}


@pytest.mark.parametrize("case", PASSES_OF_ONE_SERIES)
@pytest.mark.parametrize("clock", ["acquisition_time_s", "trigger_time_s"])
def test_a_description_names_a_series_not_each_of_its_passes(case, clock):
    """An early pass called late arterial would say "does not enhance" of what enhances 16 s later."""
    description, seconds, phase = PASSES_OF_ONE_SERIES[case]
    made = study(*({"modality": "MR", "series_description": description, clock: s} for s in seconds))
    one_series = [replace(a, header=replace(a.header, series_uid="1")) for a in made]

    decided = name_phases(Study(tuple(one_series))).values()

    assert {d.phase for d in decided} == {phase}
    assert all(bool(d.conflicts) == (phase is NOTHING) for d in decided)


def test_what_a_reader_or_the_clock_says_of_a_pass_stands_beside_its_series():
    passes = (
        {"modality": "MR", "series_description": "DISCO LATE ART", "acquisition_time_s": NOON + s}
        for s in (22, 30, 38)
    )
    made = [replace(a, header=replace(a.header, series_uid="1")) for a in study(*passes)]

    by_reader = name_phases(Study(tuple(made)), reader_labels={"2": LA})
    timed = [replace(a, header=replace(a.header, contrast_start_time_s=NOON)) for a in made]
    by_clock = name_phases(Study(tuple(timed)))

    assert [d.phase for d in by_reader.values()] == [A, A, LA]
    assert [d.phase for d in by_clock.values()] == [NOTHING, LA, LA]


def test_hepatobiliary_at_20_minutes_makes_minutes_transitional():
    headers = (
        {"modality": "MR", "series_description": "VIBE 3 MIN"},
        {"modality": "MR", "series_description": "VIBE HBP 20 MIN"},
    )
    decided = name_phases(study(*headers))

    assert [d.phase for d in decided.values()] == [Phase.TRANSITIONAL, Phase.HEPATOBILIARY]


def test_roles_without_a_phase_have_none():
    decision = name_phases(study({"modality": "MR", "series_description": "T2 HBP 20 MIN"}))["0"]

    assert (decision.role, decision.phase, decision.evidence) == (Role.OTHER_SEQUENCE, NOTHING, ())


@pytest.mark.parametrize(
    ("stated", "labels"),
    [({"0": "late_arterial"}, {"0": LA}), ({"104": "delayed"}, {"1": D})],
)
def test_reader_labels_by_uid_or_number(stated, labels):
    assert match_labels(stated, study({"series_number": 4}, {"series_number": 104})) == labels


@pytest.mark.parametrize(
    "stated",
    [{"0": "artrial"}, {"9": "delayed"}, {"4": "delayed"}, {"5": "delayed", "2": "portal_venous"}],
)
def test_reader_labels_are_never_dropped_silently(stated):
    with pytest.raises(ImagingError) as refusal:
        name_phases(
            study({"series_number": 4}, {"series_number": 4}, {"series_number": 5}), reader_labels=stated
        )

    assert refusal.value.code == "READER_LABEL_UNKNOWN"


# Hounsfield units of a usual study: aorta, liver, spleen, portal system.
PLAIN = PassNumbers(42, 58, 48, 41)
EARLY = PassNumbers(280, 60, 75, 46)
LATE = PassNumbers(300, 74, 122, 105)
PORTAL = PassNumbers(165, 108, 122, 158)
LAST = PassNumbers(112, 96, 98, 108)
IMAGES = {
    "a whole study": ([PLAIN, LATE, PORTAL, LAST], [U, LA, PV, D]),
    "early and late arterial": ([PLAIN, EARLY, LATE, PORTAL], [U, EA, LA, PV]),
    "a fatty liver": ([replace(PLAIN, liver=10), replace(LATE, liver=26), replace(PORTAL, liver=60)], [U, LA, PV]),
    "half the dose": ([PLAIN, PassNumbers(171, 66, 85, 73), PassNumbers(104, 83, 85, 100)], [U, LA, PV]),
    "early arterial without a portal vein in view": ([PLAIN, replace(EARLY, portal=None)], [U, EA]),
    "late arterial with a thrombosed portal vein": ([PLAIN, replace(LATE, portal=None)], [U, LA]),
    "arterial between early and late": ([PLAIN, replace(LATE, portal=62)], [U, A]),
    "portal or delayed is not told alone": ([PLAIN, PassNumbers(130, 108, 122, 125)], [U, NOTHING]),
    "no unenhanced pass": ([LATE, PORTAL, LAST], [LA, NOTHING, D]),
    "two fallen passes without a spleen in view (real: late arterial, portal venous)": (
        [PassNumbers(340, 49), PassNumbers(200, 69), PassNumbers(129, 95)], [A, NOTHING, NOTHING]),
    "one arterial pass alone names nothing without its tube voltage": ([LATE], [NOTHING]),
    "one portal venous pass alone": ([PORTAL], [NOTHING]),
    "one unenhanced pass alone": ([PLAIN], [U]),
    "dark blood alone may be a late pass of an anaemic patient": ([replace(PLAIN, aorta=66)], [NOTHING]),
    "dark blood without a liver in view may be no aorta": ([PassNumbers(aorta=45)], [NOTHING]),
    "dark blood beside an arterial pass is not": ([replace(PLAIN, aorta=66), LATE], [U, LA]),
    "the bolus has just arrived": ([PLAIN, replace(PLAIN, aorta=76)], [U, NOTHING]),
    "portal blood as bright as the aorta is not arterial": ([PLAIN, PassNumbers(150, 62, 90, 140)], [U, NOTHING]),
    "contrast in the urine": ([PLAIN, replace(PORTAL, urine_above_kidney=160.0)], [U, D]),
    "no landmark": ([PassNumbers(), PassNumbers()], [NOTHING, NOTHING]),
}  # fmt: skip


@pytest.mark.parametrize("case", IMAGES)
def test_images_name(case):
    numbers, phases = IMAGES[case]
    read = read_passes({str(i): n for i, n in enumerate(numbers)})

    assert [r.says for r in read.values()] == phases


def test_a_single_arterial_pass_is_arterial_at_a_usual_tube_voltage_only():
    assert read_passes({"0": LATE}, {"0": 120.0})["0"].says is A
    assert read_passes({"0": LATE}, {"0": 80.0})["0"].says is NOTHING


WRONG_NAMES = {
    "arterial image called portal venous": (LATE, PV, True),
    "arterial image called unenhanced": (LATE, U, True),
    "arterial image called arterial": (LATE, A, False),
    "late arterial image called early": (LATE, EA, True),
    "unenhanced image called delayed": (PLAIN, D, True),
    "unenhanced image called enhanced": (PLAIN, SOME, True),
    "unenhanced image of a triphasic protocol": (PLAIN, SEVERAL, False),
    "portal venous image called arterial": (PORTAL, A, True),
    "portal venous image called delayed": (PORTAL, D, True),
    "portal venous image called enhanced": (PORTAL, SOME, False),
    "delayed image called late arterial": (LAST, LA, True),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG_NAMES)
def test_images_exclude(case):
    numbers, phase, excluded = WRONG_NAMES[case]
    others = {"plain": PLAIN, "late": LATE, "portal": PORTAL}
    read = read_passes({**{k: n for k, n in others.items() if n is not numbers}, "this": numbers})["this"]

    assert read.excludes(phase) is excluded


@settings(max_examples=200, deadline=None)
@given(dose=st.floats(0.65, 1.6), fat=st.floats(-45, 10))
def test_dose_and_fat_in_the_liver_change_no_answer(dose, fat):
    def scaled(n):
        gains = (
            p + dose * (x - p)
            for p, x in zip((42, 58, 48, 41), (n.aorta, n.liver, n.spleen, n.portal), strict=True)
        )
        aorta, liver, spleen, portal = gains
        return PassNumbers(aorta, liver + fat, spleen, portal)

    read = read_passes({str(i): scaled(n) for i, n in enumerate((PLAIN, LATE, PORTAL, LAST))})

    assert [r.says for r in read.values()] == [U, LA, PV, D]


def test_a_delayed_pass_brighter_than_the_portal_venous_one_is_named_on_both():
    found = darker_before_brighter({"a": 160.0, "b": 115.0}, {"a": D, "b": PV})

    assert set(found) == {"a", "b"}
    assert darker_before_brighter({"a": 115.0, "b": 160.0}, {"a": D, "b": PV}) == {}
