"""What can be wrong with a protocol or with a question asked of it.

* EligibilityError
  - ProtocolError   a rule file contradicts itself, its text or the rules it names
  - PolicyError     a reading was asked for that the protocol does not know

A patient's missing or contradictory data is never an error: it is a verdict, ``UNKNOWN``, with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class EligibilityError(Exception):
    """Root of everything that ``eligibility`` refuses.

    Parameters
    ----------
    code : str
        Stable upper-case word, such as ``POLICY_UNKNOWN``.
    found : str
        What was found.
    expected : str
        What was expected instead.
    advice : str
        What the user can do now.
    details : mapping
        The same facts for scripts; must serialize to strict JSON.
    """

    def __init__(
        self,
        code: str,
        found: str,
        *,
        expected: str = "",
        advice: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.code = code
        self.found = found
        self.expected = expected
        self.advice = advice
        self.details: dict[str, Any] = dict(details or {})
        super().__init__(code, found)  # its arguments, and its attributes, cross a process border

    def __str__(self) -> str:
        text = f"{self.found}; expected {self.expected}" if self.expected else self.found
        return f"{text}. {self.advice}" if self.advice else text


class ProtocolError(EligibilityError):
    """A rule file cannot be understood, or does not hold what it claims."""


class PolicyError(EligibilityError):
    """A reading of an ambiguous clause was asked for that does not exist."""
