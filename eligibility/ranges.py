"""Numbers of which only bounds are known: censored results, partial scores, ages from partial dates."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from eligibility.truth import Truth, not_

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Range:
    """All values between two bounds; ``high`` None has no upper bound.

    >>> str(Range.censored("<", Decimal("0.2")))
    '< 0.2'
    """

    low: Decimal
    high: Decimal | None
    low_open: bool = False
    high_open: bool = False

    @classmethod
    def exactly(cls, value: Decimal) -> Range:
        """One value."""
        return cls(value, value)

    @classmethod
    def censored(cls, comparator: str | None, value: Decimal) -> Range:
        """What ``< 0.2`` or ``>= 200`` leaves open; measured quantities are never negative."""
        if comparator == "<":
            return cls(ZERO, value, high_open=True)
        if comparator == "<=":
            return cls(ZERO, value)
        if comparator == ">":
            return cls(value, None, low_open=True)
        if comparator == ">=":
            return cls(value, None)
        return cls.exactly(value)

    @property
    def exact(self) -> bool:
        """Whether it is one value."""
        return self.low == self.high

    def widened(self, share: Decimal) -> Range:
        """The range with a relative guard on either side, such as 0.005 for 0.5 %."""
        high = None if self.high is None else self.high * (1 + share)
        return Range(self.low * (1 - share), high, self.low_open, self.high_open)

    def at_least(self, bound: Decimal) -> Truth:
        """Whether the value is at least the bound."""
        if self.low >= bound:
            return Truth.TRUE
        if self.high is not None and (self.high < bound or (self.high == bound and self.high_open)):
            return Truth.FALSE
        return Truth.UNKNOWN

    def above(self, bound: Decimal) -> Truth:
        """Whether the value is above the bound."""
        if self.low > bound or (self.low == bound and self.low_open):
            return Truth.TRUE
        if self.high is not None and self.high <= bound:
            return Truth.FALSE
        return Truth.UNKNOWN

    def below(self, bound: Decimal) -> Truth:
        """Whether the value is below the bound."""
        return not_(self.at_least(bound))

    def at_most(self, bound: Decimal) -> Truth:
        """Whether the value is at most the bound."""
        return not_(self.above(bound))

    def __str__(self) -> str:
        if self.high is None:
            return f"{'>' if self.low_open else '>='} {plain(self.low)}"
        if self.exact:
            return plain(self.low)
        if self.low == 0:
            return f"{'<' if self.high_open else '<='} {plain(self.high)}"
        return f"{plain(self.low)} to {plain(self.high)}"


def plain(value: Decimal) -> str:
    """A number as people write it, without exponent, no digit lost.

    >>> plain(Decimal("1E+2")), plain(Decimal("2.50"))
    ('100', '2.50')
    """
    return f"{value:f}"
