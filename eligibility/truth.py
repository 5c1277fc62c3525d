"""Kleene's three truth values: what is not known is neither true nor false.

``all_of`` is the minimum and ``any_of`` the maximum over FALSE < UNKNOWN < TRUE, so De Morgan's laws hold
and rewriting an exclusion as an inclusion never changes a verdict.

References
----------
S. C. Kleene, Introduction to Metamathematics (1952), section 64, strong three-valued logic.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Truth(IntEnum):
    """FALSE < UNKNOWN < TRUE."""

    FALSE = 0
    UNKNOWN = 1
    TRUE = 2


def truth_of(value: bool | None) -> Truth:
    """A recorded yes or no; None is not recorded.

    >>> truth_of(None).name
    'UNKNOWN'
    """
    if value is None:
        return Truth.UNKNOWN
    return Truth.TRUE if value else Truth.FALSE


def not_(a: Truth) -> Truth:
    """Negation leaves UNKNOWN unknown."""
    return Truth(2 - a)


def all_true(values: Iterable[Truth]) -> Truth:
    """Conjunction; TRUE of nothing."""
    return min(values, default=Truth.TRUE)


def any_true(values: Iterable[Truth]) -> Truth:
    """Disjunction; FALSE of nothing."""
    return max(values, default=Truth.FALSE)


def agreed(values: Iterable[Truth]) -> Truth:
    """The value all possibilities share; UNKNOWN where they differ or there are none.

    >>> agreed([Truth.TRUE, Truth.TRUE]).name
    'TRUE'
    """
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else Truth.UNKNOWN
