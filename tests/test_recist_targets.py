"""The proposal of targets, and the reader's choice beside it."""

# ruff: noqa: E501  (tables read as tables)

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recist.lesion import LesionKind, MeasuredLesion, Modality
from recist.organs import at_porta_hepatis, kind_of_organ, organ_of
from recist.targets import baseline_age_warning, check_choice, limits_broken, propose_targets


def lesion(name, mm, organ="liver", **known):
    facts = {
        "kind": LesionKind.SOLID,
        "modality": Modality.CT,
        "long_axis_mm": mm,
        "slice_thickness_mm": 2.5,
        "margins_measurable": True,
        "previously_treated": False,
    }
    return MeasuredLesion(id=name, organ=organ, **{**facts, **known})


def node(name, short):
    return lesion(name, short + 5, "lymph node", kind=LesionKind.NODE, short_axis_mm=short)


A28 = [
    lesion("a", 40.0),
    lesion("b", 30.0),
    lesion("c", 25.0),
    node("n1", 18.0),
    node("n2", 16.0),
    node("n3", 15.5),
]

# fmt: off
PROPOSALS = {
    "A-28 two of the liver, two nodes":           (A28,                                                       {"a", "b", "n1", "n2"},            1040),
    "both lungs are one organ":                   ([lesion("l", 30.0, "left lung"), lesion("r", 25.0, "right lung"), lesion("x", 20.0, "lung")],
                                                                                                              {"l", "r"},                         550),
    "segments of the liver are one organ":        ([lesion("a", 30.0, "liver S2"), lesion("b", 25.0, "liver S8"), lesion("c", 20.0, "hepatic dome")],
                                                                                                              {"a", "b"},                         550),
    "nodes anywhere are one organ":               ([replace(node("a", 20.0), organ="mediastinum"), replace(node("b", 18.0), organ="porta hepatis"), node("c", 16.0)],
                                                                                                              {"a", "b"},                         380),
    "five in all, every organ represented":       ([lesion("h1", 90.0), lesion("h2", 80.0), lesion("l1", 70.0, "lung"), lesion("l2", 60.0, "lung"),
                                                    lesion("k1", 50.0, "kidney"), lesion("k2", 40.0, "kidney"), lesion("s1", 12.0, "spleen")],
                                                                                                              {"h1", "h2", "l1", "k1", "s1"},    3020),
    "a cyst gives way to a smaller solid one":    ([lesion("cyst", 50.0, kind=LesionKind.CYSTIC), lesion("a", 20.0), lesion("b", 15.0)],
                                                                                                              {"a", "b"},                         350),
    "a cyst rather than nothing":                 ([lesion("cyst", 50.0, kind=LesionKind.CYSTIC), lesion("a", 20.0)],
                                                                                                              {"a", "cyst"},                      700),
    "thrombus never":                             ([lesion("t", 60.0, kind=LesionKind.THROMBUS), lesion("a", 12.0)],
                                                                                                              {"a"},                              120),
    "treated and not progressed never":           ([lesion("t", 60.0, previously_treated=True, progressed=False), lesion("a", 12.0)],
                                                                                                              {"a"},                              120),
    "nothing measurable":                         ([lesion("a", 9.0)],                                        set(),                                0),
    "no lesions":                                 ([],                                                        set(),                                0),
    "organ not recorded: two at the most":        ([lesion("a", 30.0, None), lesion("b", 20.0, None), lesion("c", 15.0, None)],
                                                                                                              {"a", "b"},                         500),
}
# fmt: on


@pytest.mark.parametrize(("lesions", "targets", "tenths"), PROPOSALS.values(), ids=PROPOSALS)
def test_proposal(lesions, targets, tenths):
    proposal = propose_targets(lesions)

    assert set(proposal.targets) == targets
    assert proposal.sum_tenths == tenths
    assert {p.lesion_id for p in proposal.placements} == {x.id for x in lesions}
    assert all(p.reason for p in proposal.placements)


def test_strictly_by_size_leaves_an_organ_out():
    lesions = PROPOSALS["five in all, every organ represented"][0]

    assert set(propose_targets(lesions, every_organ_first=False).targets) == {"h1", "h2", "l1", "l2", "k1"}


def test_equals_are_told_apart_by_margins_then_by_name():
    unsure = [lesion("a", 20.0, margins_measurable=None), lesion("c", 20.0), lesion("b", 20.0)]
    judged = [propose_targets([lesion("x", 20.0)]).placements[0].verdict] * 3

    assert propose_targets(unsure, judged).targets == ("b", "c")


def test_every_lesion_is_placed_with_its_reason():
    lesions = [
        lesion("target", 30.0),
        lesion("second", 20.0),
        lesion("third", 15.0),
        lesion("small", 8.0),
        lesion("open", 30.0, previously_treated=None),
        lesion("cyst", 30.0, kind=LesionKind.SIMPLE_CYST),
    ]
    proposal = propose_targets(lesions)
    roles = {p.lesion_id: p.role for p in proposal.placements}

    assert roles == {
        "target": "target",
        "second": "target",
        "third": "non_target",
        "small": "non_target",
        "open": "undecided",
        "cyst": "not_recorded",
    }


def test_the_readers_choice_stands_beside_the_proposal():
    proposal = propose_targets(A28)
    choice = check_choice(proposal, ["a", "c"])

    assert choice.proposed == proposal.targets
    assert choice.chosen == ("a", "c")
    assert choice.objections == ()


def test_a_choice_against_the_rules_is_objected_to_aloud():
    lesions = [*A28, lesion("small", 9.0, "lung"), lesion("d", 20.0)]
    choice = check_choice(propose_targets(lesions), ["a", "b", "c", "small", "n1", "nobody"])

    assert any("3 targets in one organ (liver)" in o for o in choice.objections)
    assert any(o.startswith("small: longest diameter 9.0 mm (< 10 mm)") for o in choice.objections)
    assert "nobody is not among the lesions" in choice.objections
    assert limits_broken(["liver", "lung", "kidney", "spleen", "bone", "skin"]) == [
        "6 targets, at most 5 are allowed"
    ]


@pytest.mark.parametrize(("days", "said"), [(0, None), (28, None), (29, "29 days old"), (-1, "1 day after")])
def test_baseline_images_are_warned_about_from_day_29(days, said):
    warning = baseline_age_warning(days)

    assert warning is None if said is None else said in warning


@given(st.permutations([*A28, lesion("d", 22.0, "lung"), lesion("e", 21.0, "spleen")]))
def test_the_order_in_which_lesions_are_given_does_not_matter(lesions):
    assert propose_targets(lesions) == propose_targets(sorted(lesions, key=lambda x: x.id))


@given(
    st.lists(
        st.tuples(
            st.floats(1, 80), st.sampled_from(["liver", "lung", "left lung", "spleen", "bone", "skin"])
        ),
        max_size=12,
    )
)
def test_limits_hold_for_any_patient(found):
    lesions = [lesion(f"L{i}", mm, organ) for i, (mm, organ) in enumerate(found)]
    proposal = propose_targets(lesions)
    organs = [p.organ for p in proposal.placements if p.role == "target"]

    assert limits_broken(organs) == []
    measurable = {p.organ for p in proposal.placements if p.verdict.status == "MEASURABLE"}
    assert len(set(organs)) == min(5, len(measurable))


@pytest.mark.parametrize(
    ("text", "kind", "organ"),
    [
        ("Right kidney, upper pole", None, "kidney"),
        ("LIVER_segment_4", None, "liver"),
        ("retroperitoneal lymph nodes", None, "lymph nodes"),
        ("left adrenal", None, "adrenal"),
        ("Thyroid, left", None, "thyroid"),
        ("left", None, "left"),
        ("Right lobe", None, "liver"),
        ("segments 5/8", None, "liver"),
        ("Seg IVb", None, "liver"),
        ("caudate lobe", None, "liver"),
        ("간우엽", None, "liver"),
        ("좌엽", None, "liver"),
        ("right lower lobe, segment 8 of the lung", None, "lung"),
        ("thyroid, right lobe", None, "thyroid"),
        ("left lateral segment", None, "liver"),
        ("right posterior section", None, "liver"),
        ("S8", None, "liver"),
        ("S5/6", LesionKind.SOLID, "liver"),
        ("S7 near IVC", LesionKind.SOLID, "liver"),
        ("S4/S8 junction", None, "liver"),
        ("S1", None, "s1"),  # of the liver or of the spine: not told,
        ("S1", LesionKind.SOLID, "liver"),  # unless it is known to be no bone
        ("RUL seg 3", None, "lung"),
        ("C5 segment", None, "bone"),
        ("segment 8 (L1)", None, "liver"),  # its name, no vertebra
        ("갑상선 우엽", None, "thyroid"),
        ("segment 9", None, "segment 9"),  # the liver has eight
        ("", None, "organ not recorded"),
        ("liver", LesionKind.NODE, "lymph nodes"),
    ],
)
def test_organs(text, kind, organ):
    assert organ_of(text, kind) == organ


@pytest.mark.parametrize(
    "text", ["segment 8", "S4b", "Seg. 6, subcapsular", "S7/8", "left lobe", "caudate lobe", "우엽"]
)
def test_a_place_that_names_a_part_of_the_liver_and_nothing_else_makes_a_lesion_solid(text):
    assert kind_of_organ(text) is LesionKind.SOLID


UNCLEAR = [
    "S1",
    "S5/6",
    "left",
    "segment 9",
    "right temporal lobe",
    "caudate nucleus",
    "coronary segment 6",
    "spinal segment 5",
    "segment 7 near IVC",
    "S8 by hepatic vein",
    "right lobe, abutting right portal vein",
]


@pytest.mark.parametrize("text", UNCLEAR)
def test_a_place_that_is_not_understood_makes_no_lesion_solid(text):
    assert kind_of_organ(text) is None


def test_lesions_of_several_segments_are_lesions_of_one_organ():
    found = [lesion(f"L{i}", 30.0 + i, f"segment {i}") for i in (2, 5, 8)]

    assert sum(p.role == "target" for p in propose_targets(found).placements) == 2


def test_places_where_nodes_are_often_reactive():
    assert all(map(at_porta_hepatis, ("Porta hepatis", "porta_hepatis LN", "periportal", "Peri-portal node")))
    assert not at_porta_hepatis("paraaortic") and not at_porta_hepatis(None)
