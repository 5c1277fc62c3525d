"""Kleene's three truth values: whole truth tables, and laws on random expressions."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import strategies as st

from eligibility.answers import all_of, any_of, count_at_least, if_then, known, negated, unknown
from eligibility.truth import Truth, agreed, all_true, any_true, not_, truth_of
from eligibility.verdict import Answer, Reason
from tests.laws import FEW, MANY, Law, hold

F, U, T = Truth.FALSE, Truth.UNKNOWN, Truth.TRUE

# fmt: off
AND = {(F, F): F, (F, U): F, (F, T): F, (U, F): F, (U, U): U, (U, T): U, (T, F): F, (T, U): U, (T, T): T}
OR = {(F, F): F, (F, U): U, (F, T): T, (U, F): U, (U, U): U, (U, T): T, (T, F): T, (T, U): T, (T, T): T}
IMPLIES = {(F, F): T, (F, U): T, (F, T): T, (U, F): U, (U, U): U, (U, T): T, (T, F): F, (T, U): U, (T, T): T}
NOT = {F: T, U: U, T: F}
# fmt: on


def answer(truth: Truth) -> Answer:
    return unknown("open", Reason.MISSING) if truth is U else known(truth, str(truth))


@pytest.mark.parametrize(("a", "b"), [*product(Truth, repeat=2)])
def test_operators_follow_the_whole_truth_table(a: Truth, b: Truth) -> None:
    assert all_true((a, b)) is AND[a, b]
    assert any_true((a, b)) is OR[a, b]
    assert not_(a) is NOT[a]


@pytest.mark.parametrize(("a", "b"), [*product(Truth, repeat=2)])
def test_answers_combine_by_the_same_tables(a: Truth, b: Truth) -> None:
    assert all_of(answer(a), answer(b)).truth is AND[a, b]
    assert any_of(answer(a), answer(b)).truth is OR[a, b]
    assert if_then(answer(a), answer(b)).truth is IMPLIES[a, b]
    assert negated(answer(a)).truth is NOT[a]


@pytest.mark.parametrize("truths", [*product(Truth, repeat=3)])
@pytest.mark.parametrize("least", [1, 2, 3])
def test_counting_agrees_with_counting_every_completion(truths: tuple[Truth, ...], least: int) -> None:
    completions = product(*[(False, True) if t is U else (t is T,) for t in truths])
    expected = agreed(truth_of(sum(each) >= least) for each in completions)

    assert count_at_least([answer(t) for t in truths], least, "things").truth is expected


def test_nothing_recorded_is_neither_true_nor_false() -> None:
    assert [truth_of(v) for v in (True, False, None)] == [T, F, U]
    assert all_true(()) is T
    assert any_true(()) is F
    assert agreed(()) is U


def test_an_unknown_answer_must_say_why_and_every_answer_must_speak() -> None:
    with pytest.raises(ValueError, match="needs a reason"):
        Answer(U, "open")
    with pytest.raises(ValueError, match="needs a message"):
        Answer(T, "")


# --- laws on random rule trees -------------------------------------------------------------------------

_LEAVES = st.integers(0, 3)
TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), inner, inner),
    ),
    max_leaves=8,
)
VALUES = st.tuples(*[st.sampled_from(list(Truth))] * 4)


def evaluate(tree: Any, values: tuple[Truth, ...]) -> Answer:
    if isinstance(tree, int):
        return answer(values[tree])
    if tree[0] == "not":
        return negated(evaluate(tree[1], values))
    combine = all_of if tree[0] == "and" else any_of
    return combine(evaluate(tree[1], values), evaluate(tree[2], values))


def de_morgan_double_negation_and_absorption(a: Any, b: Any, values: tuple[Truth, ...]) -> None:
    def value(tree: Any) -> Truth:
        return evaluate(tree, values).truth

    assert value(("not", ("and", a, b))) is value(("or", ("not", a), ("not", b)))
    assert value(("not", ("or", a, b))) is value(("and", ("not", a), ("not", b)))
    assert value(("not", ("not", a))) is value(a)
    assert value(("or", a, ("and", a, b))) is value(a)
    assert value(("and", a, ("or", a, b))) is value(a)
    assert value(("and", a, ("and", b, a))) is value(("and", ("and", a, b), a))


def what_is_decided_holds_in_every_completion(tree: Any, values: tuple[Truth, ...]) -> None:
    truth = evaluate(tree, values).truth
    completions = product(*[(F, T) if v is U else (v,) for v in values])
    found = {evaluate(tree, each).truth for each in completions}

    assert truth is U or found == {truth}


LAWS: dict[str, Law] = {
    "De Morgan, double negation, absorption": (
        de_morgan_double_negation_and_absorption,
        (TREES, TREES, VALUES),
    ),
    "what is decided holds in every completion": (
        what_is_decided_holds_in_every_completion,
        (TREES, VALUES),
    ),
}


@pytest.mark.parametrize("name", LAWS)
def test_a_law_of_logic_holds(name: str) -> None:
    hold(LAWS, name, FEW)


@pytest.mark.long
@pytest.mark.parametrize("name", LAWS)
def test_a_law_of_logic_holds_on_many_examples(name: str) -> None:
    hold(LAWS, name, MANY)
