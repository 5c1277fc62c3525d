"""A patient over time, against hand-made courses and against a literal second reading of the criteria."""

# ruff: noqa: E501  (tables read as tables)

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from recist.follow_up import follow_up
from recist.lesion import LesionKind
from recist.response import NewLesion, Response
from recist.visits import FollowedLesion, Reading, Role, Seen, Visit
from tests.recist_by_the_book import respond

START = date(2025, 1, 1)


def mm(*parts):
    return Reading(Seen.MEASURED, tuple(int(part * 10) for part in parts))


GONE, HERE, WORSE = Reading(Seen.ABSENT), Reading(Seen.PRESENT), Reading(Seen.PROGRESSED)
TINY, UNSEEN, MAYBE = Reading(Seen.TOO_SMALL), Reading(Seen.NOT_EVALUATED), Reading(Seen.EQUIVOCAL)
MASS = FollowedLesion("T1", Role.TARGET, "liver", LesionKind.SOLID)
OTHER = FollowedLesion("T2", Role.TARGET, "liver", LesionKind.SOLID)
NODE = FollowedLesion("T3", Role.TARGET, "lymph nodes", LesionKind.NODE)
BESIDE = FollowedLesion("N1", Role.NON_TARGET, "bone", LesionKind.BONE_BLASTIC)
SMALL_NODE = FollowedLesion("N2", Role.NON_TARGET, "lymph nodes", LesionKind.NODE)
NEW = FollowedLesion("X1", Role.NEW, "liver", LesionKind.SOLID)


def course(lesions, *visits, weeks=8, **known):
    """Responses of visits every eight weeks, each a mapping of lesion to reading."""
    dated = [
        Visit(f"V{i}", START + timedelta(weeks=weeks * i), {lesion.id: r for lesion, r in visit.items()})
        for i, visit in enumerate(visits)
    ]
    return follow_up(lesions, dated, **known)


def overall(*args, **known):
    return [r.overall.value if r.overall else None for r in course(*args, **known)]


def test_a_course_with_sum_nadir_and_changes():
    found = course(
        [MASS, NODE],
        {MASS: mm(60), NODE: mm(20)},
        {MASS: mm(30.5), NODE: mm(9.9)},
        {MASS: mm(40), NODE: mm(12)},
    )

    assert [r.sum_tenths for r in found] == [800, 404, 520]
    assert [r.from_baseline_percent for r in found] == [None, -49.5, -35]
    assert float(found[2].from_nadir_percent) == pytest.approx(28.7129, abs=1e-4)
    assert [r.target for r in found] == [None, Response.PR, Response.PD]


def test_once_partial_response_stays_until_progression():
    visits = [{MASS: mm(x)} for x in (100, 60, 71, 80, 71)]

    assert overall([MASS], *visits) == [None, "PR", "PR", "PD", "SD"]


def test_nodes_back_to_normal_are_a_complete_response_with_a_sum_above_zero():
    found = course([MASS, NODE], {MASS: mm(20), NODE: mm(18)}, {MASS: GONE, NODE: mm(9.9)})

    assert (found[1].sum_tenths, found[1].target) == (99, Response.CR)


@pytest.mark.parametrize(("short", "expected"), [(9.9, "CR"), (10.0, "PR")])
def test_every_pathological_node_must_be_normal_target_or_not(short, expected):
    found = course(
        [MASS, SMALL_NODE], {MASS: mm(20), SMALL_NODE: mm(12)}, {MASS: GONE, SMALL_NODE: mm(short)}
    )

    assert found[1].target.value == expected


def test_too_small_counts_five_millimeters():
    found = course([MASS], {MASS: mm(20)}, {MASS: TINY})

    assert (found[1].sum_tenths, found[1].target) == (50, Response.PR)
    assert "counts 5 mm" in found[1].notes[0]


def test_a_number_below_five_is_used():
    assert course([MASS], {MASS: mm(20)}, {MASS: Reading(Seen.TOO_SMALL, (31,))})[1].sum_tenths == 31


def test_fragments_are_added_and_a_merged_lesion_counts_once():
    found = course([MASS, OTHER], {MASS: mm(30), OTHER: mm(20)}, {MASS: mm(12, 9.5), OTHER: mm(20)},
                   {MASS: mm(48), OTHER: Reading(Seen.MERGED, (), "T1")})  # fmt: skip

    assert [r.sum_tenths for r in found] == [500, 415, 480]
    assert "split into 2 parts" in found[1].notes[0]
    assert "merged into T1" in found[2].notes[0]


def test_merged_into_a_lesion_that_was_not_measured_is_not_evaluated():
    found = course(
        [MASS, OTHER], {MASS: mm(30), OTHER: mm(20)}, {MASS: UNSEEN, OTHER: Reading(Seen.MERGED, (), "T1")}
    )

    assert (found[1].sum_tenths, found[1].target) == (None, Response.NE)


def test_a_target_nobody_measured_makes_the_visit_not_evaluable():
    found = course([MASS, OTHER], {MASS: mm(30), OTHER: mm(20)}, {MASS: mm(20)})

    assert (found[1].sum_tenths, found[1].target, found[1].overall) == (None, Response.NE, Response.NE)
    assert found[1].notes == ("target T2 was not evaluated",)


def test_unless_the_measured_ones_alone_prove_progression():
    assert overall([MASS, OTHER], {MASS: mm(30), OTHER: mm(20)}, {MASS: mm(60)}) == [None, "PD"]


def test_an_incomplete_sum_is_no_nadir():
    visits = [{MASS: mm(30), OTHER: mm(30)}, {MASS: mm(10)}, {MASS: mm(30), OTHER: mm(30)}]

    assert overall([MASS, OTHER], *visits) == [None, "NE", "SD"]


def test_non_targets_only():
    visits = [{BESIDE: HERE}, {BESIDE: HERE}, {BESIDE: UNSEEN}, {BESIDE: GONE}, {BESIDE: WORSE}]

    assert overall([BESIDE], *visits) == [None, "Non-CR/Non-PD", "NE", "CR", "PD"]


def test_elevated_markers_prevent_a_complete_response():
    visits = [
        Visit("V0", START, {"T1": mm(20), "N1": HERE}),
        Visit("V1", START + timedelta(56), {"T1": GONE, "N1": GONE}, markers_elevated=True),
    ]

    assert follow_up([MASS, BESIDE], visits)[1].overall is Response.PR


def test_a_new_lesion_is_progression():
    assert overall([MASS, NEW], {MASS: mm(30)}, {MASS: mm(10), NEW: mm(8)}) == [None, "PD"]


def test_an_equivocal_lesion_that_proves_true_is_dated_back():
    visits = [
        {MASS: mm(30)},
        {MASS: mm(30), NEW: MAYBE},
        {MASS: mm(30), NEW: UNSEEN},
        {MASS: mm(30), NEW: HERE},
    ]
    found = course([MASS, NEW], *visits)

    assert [r.overall for r in found] == [None, Response.PD, Response.PD, Response.PD]
    assert found[1].new_lesion is NewLesion.YES
    assert "certain at V3" in found[1].notes[-1]


def test_an_equivocal_lesion_that_goes_was_none():
    visits = [
        {MASS: mm(30)},
        {MASS: mm(30), NEW: MAYBE},
        {MASS: mm(30), NEW: GONE},
        {MASS: mm(30), NEW: HERE},
    ]

    assert overall([MASS, NEW], *visits) == [None, "SD", "SD", "PD"]


def test_reappearance_is_progression_after_a_confirmed_complete_response_only():
    back = {MASS: mm(4)}

    assert overall([MASS], {MASS: mm(30)}, {MASS: GONE}, {MASS: GONE}, back) == [None, "CR", "CR", "PD"]
    assert overall([MASS], {MASS: mm(30)}, {MASS: GONE}, back) == [None, "CR", "PR"]
    assert overall([MASS], {MASS: mm(30)}, {MASS: GONE}, {MASS: GONE}, back, weeks=2)[3] == "PR"


def test_a_non_target_that_reappears_after_a_confirmed_complete_response():
    lesions = [MASS, BESIDE]
    gone = {MASS: GONE, BESIDE: GONE}

    assert overall(lesions, {MASS: mm(30), BESIDE: HERE}, gone, gone, {MASS: GONE, BESIDE: HERE})[3] == "PD"


def test_a_reappearance_without_that_is_noted():
    found = course([MASS], {MASS: mm(30)}, {MASS: GONE}, {MASS: mm(4)})

    assert any("T1 reappeared" in note for note in found[2].notes)


def test_what_is_unknown_at_baseline_stays_unknown():
    targets = course(
        [MASS, BESIDE],
        {MASS: mm(30), BESIDE: HERE},
        {MASS: mm(10), BESIDE: HERE},
        unknown_at_baseline=[Role.TARGET],
    )
    others = course(
        [MASS, BESIDE],
        {MASS: mm(30), BESIDE: HERE},
        {MASS: GONE, BESIDE: GONE},
        unknown_at_baseline=[Role.NON_TARGET],
    )
    worse = course(
        [MASS, BESIDE],
        {MASS: mm(30), BESIDE: HERE},
        {MASS: GONE, BESIDE: WORSE},
        unknown_at_baseline=[Role.NON_TARGET],
    )

    assert (targets[0].sum_tenths, targets[1].sum_tenths, targets[1].target) == (None, None, Response.NE)
    assert (others[1].non_target, others[1].overall) == (Response.NE, Response.PR)
    assert worse[1].overall is Response.PD


def test_an_unread_entry_about_a_new_lesion_withholds_the_response():
    visits = [
        Visit("V0", START, {"T1": mm(30)}),
        Visit("V1", START + timedelta(56), {"T1": mm(10)}, unread_new=True),
    ]
    found = follow_up([MASS], visits)

    assert (found[1].target, found[1].overall) == (Response.PR, Response.NE)


def test_a_baseline_target_without_a_length_leaves_everything_open():
    assert overall([MASS], {}, {MASS: mm(10)}) == [None, "NE"]


def test_visits_may_come_in_any_order():
    visits = [
        Visit(f"V{i}", START + timedelta(weeks=8 * i), {"T1": mm(x)}) for i, x in enumerate((30, 20, 40))
    ]

    assert follow_up([MASS], visits) == follow_up([MASS], visits[::-1])


def at_least(mm_):
    return Reading(Seen.NOT_EVALUATED, at_least_tenths=int(mm_ * 10), why="cut off")


NEW_NODE = FollowedLesion("X2", Role.NEW, "lymph nodes", LesionKind.NODE)
# fmt: off
OPEN_ENDS = {
    "a target merged into a non-target has the length of both":    ([MASS, OTHER, BESIDE], [{MASS: mm(30), OTHER: mm(30), BESIDE: mm(20)}, {MASS: mm(30), OTHER: Reading(Seen.MERGED, (), "N1"), BESIDE: mm(55)}],              850,  "PD"),
    "two targets merged into one non-target count it once":        ([MASS, OTHER, BESIDE], [{MASS: mm(30), OTHER: mm(30), BESIDE: mm(20)}, {MASS: Reading(Seen.MERGED, (), "N1"), OTHER: Reading(Seen.MERGED, (), "N1"), BESIDE: mm(58)}], 580, "SD"),
    "merged into a lesion without a length is not evaluable":      ([MASS, OTHER, BESIDE], [{MASS: mm(30), OTHER: mm(30), BESIDE: mm(20)}, {MASS: mm(10), OTHER: Reading(Seen.MERGED, (), "N1"), BESIDE: HERE}],               None, "NE"),
    "a lower bound never makes a response":                        ([MASS, OTHER],         [{MASS: mm(30), OTHER: mm(30)}, {MASS: mm(10), OTHER: at_least(10)}],                                                            None, "NE"),
    "a lower bound may prove progression":                         ([MASS, OTHER],         [{MASS: mm(30), OTHER: mm(30)}, {MASS: mm(30), OTHER: at_least(42)}],                                                            None, "PD"),
    "a node of 8 mm is no new lesion":                             ([MASS, NEW_NODE],      [{MASS: mm(30)}, {MASS: mm(15), NEW_NODE: mm(8)}],                                                                               150,  "PR"),
    "a node of 10 mm is one":                                      ([MASS, NEW_NODE],      [{MASS: mm(30)}, {MASS: mm(15), NEW_NODE: mm(10)}],                                                                              150,  "PD"),
    "a new lesion counts where nobody looked for it again":        ([MASS, NEW],           [{MASS: mm(30)}, {MASS: mm(15), NEW: mm(8)}, {MASS: mm(12)}],                                                                    120,  "PD"),
    "a new lesion that is seen to be gone counts no more":         ([MASS, NEW],           [{MASS: mm(30)}, {MASS: mm(15), NEW: mm(8)}, {MASS: mm(12), NEW: GONE}],                                                         120,  "PR"),
}
# fmt: on


@pytest.mark.parametrize(("lesions", "visits", "tenths", "last"), OPEN_ENDS.values(), ids=OPEN_ENDS)
def test_what_was_not_wholly_seen(lesions, visits, tenths, last):
    found = course(lesions, *visits)[-1]

    assert (found.sum_tenths, found.overall.value) == (tenths, last)


# ---------------------------------------------------------------- the second reading

ROLES = {"target": Role.TARGET, "non-target": Role.NON_TARGET, "new": Role.NEW}
KINDS = {"node": LesionKind.NODE, "mass": LesionKind.SOLID}
PATIENTS = 20_000


def random_patient(chance):
    """A patient in the words of ``recist_by_the_book``: limits and odd readings are frequent."""
    kinds = ("mass", "mass", "node")
    lesions = {f"T{i}": ("target", chance.choice(kinds)) for i in range(chance.randint(0, 3))}
    lesions |= {f"N{i}": ("non-target", chance.choice(kinds)) for i in range(chance.randint(0, 2))}
    lesions |= {f"X{i}": ("new", chance.choice(kinds)) for i in range(chance.randint(0, 2))}
    lesions = lesions or {"T0": ("target", "mass")}
    day = START
    visits = [
        (day, {n: first_reading(role, kind, chance) for n, (role, kind) in lesions.items() if role != "new"})
    ]
    for _ in range(chance.randint(1, 4)):
        day += timedelta(days=chance.choice((14, 28, 42, 56)))
        visits.append((day, {n: reading(n, lesions, visits, chance) for n in lesions}))
    return {"lesions": lesions, "visits": visits}


def first_reading(role, kind, chance):
    if role == "target":
        return ("mm", [str(Decimal(chance.randint(150, 600)) / 10)])
    return ("mm", [str(Decimal(chance.randint(100, 149)) / 10)]) if kind == "node" else ("present",)


def reading(name, lesions, visits, chance):
    role, kind = lesions[name]
    if role == "new":
        words = ("not seen", "not seen", "perhaps", "gone", "present", "mm")
        size = chance.choice(("8.0", "10.0"))
        return ("mm", [size]) if (word := chance.choice(words)) == "mm" else (word,)
    if role == "non-target":
        word = chance.choice(("present", "gone", "gone", "gone", "worse", "not seen", "perhaps", "mm"))
        return ("mm", [str(Decimal(chance.choice((99, 100, 120))) / 10)]) if word == "mm" else (word,)
    word = chance.choice(("mm",) * 6 + ("gone",) * 4 + ("too small", "not seen", "split", "merged"))
    if word == "merged":
        others = [n for n, (r, k) in lesions.items() if r != "new" and n != name and k == kind]
        return ("merged", chance.choice(others)) if others else ("gone",)
    first = Decimal(visits[0][1][name][1][0])
    exact = chance.choice((Decimal("0.7"), Decimal("1.2"), Decimal("0.3"), None))
    length = (first * exact).quantize(Decimal("0.1")) if exact else Decimal(chance.randint(0, 700)) / 10
    if word == "split":
        return ("mm", [str(length), "5.0"])
    return ("mm", [str(length)]) if word == "mm" else (word, []) if word == "too small" else (word,)


SEEN = {
    "too small": Seen.TOO_SMALL, "gone": Seen.ABSENT, "present": Seen.PRESENT, "worse": Seen.PROGRESSED,
    "perhaps": Seen.EQUIVOCAL, "not seen": Seen.NOT_EVALUATED,
}  # fmt: skip


def translated(words):
    if words[0] == "mm":
        return Reading(Seen.MEASURED, tuple(int(Decimal(part) * 10) for part in words[1]))
    if words[0] == "merged":
        return Reading(Seen.MERGED, (), words[1])
    return Reading(SEEN[words[0]])


def test_twenty_thousand_patients_by_the_book():
    chance = random.Random(20260728)
    answers = set()
    for number in range(PATIENTS):
        patient = random_patient(chance)
        lesions = [FollowedLesion(n, ROLES[r], "liver", KINDS[k]) for n, (r, k) in patient["lesions"].items()]
        visits = [
            Visit(f"V{i}", day, {n: translated(words) for n, words in readings.items()})
            for i, (day, readings) in enumerate(patient["visits"])
        ]
        found = [
            {
                "sum": None if r.sum_tenths is None else Decimal(r.sum_tenths) / 10,
                "target": r.target and r.target.value,
                "non_target": r.non_target and r.non_target.value,
                "new": r.new_lesion.value,
                "overall": r.overall and r.overall.value,
            }
            for r in follow_up(lesions, visits)
        ]

        assert found == respond(patient), (number, patient)
        answers |= {(row["target"], row["non_target"], row["new"], row["overall"]) for row in found}

    assert len(answers) > 50  # the patients reach most rows of the tables
