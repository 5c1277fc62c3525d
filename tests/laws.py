"""Laws: properties that hold for every example, tried on a few in the fast suite, else on 2,000."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

#: Examples of a law in the fast suite, and in the long one.
FEW, MANY = 12, 2000

Law = tuple[Callable[..., None], tuple[SearchStrategy[Any], ...]]


def hold(laws: Mapping[str, Law], name: str, examples: int) -> None:
    """Try one law on so many examples."""
    check, strategies = laws[name]
    tried = given(*strategies)(check)
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    phases = [Phase.explicit, Phase.generate]  # the first counterexample will do: shrinking takes minutes
    settings(max_examples=examples, deadline=None, suppress_health_check=quiet, database=None, phases=phases)(
        tried
    )()
