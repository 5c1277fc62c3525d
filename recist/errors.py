"""What can be wrong with the numbers and tables a user gives us.

* RecistError
  - LengthError          a length is negative, not a number, or finer than a recorded tenth
  - LesionError          a lesion, visit or choice of targets contradicts itself

Every error has a ``code`` that scripts may rely on and says what was found, what was expected and
what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class RecistError(Exception):
    """Root of everything that ``recist`` refuses.

    Parameters
    ----------
    code : str
        Stable upper-case word, such as ``NOT_A_LENGTH``.
    found, expected, advice : str
        What was found, what was expected instead, and what to do now.
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


class LengthError(RecistError):
    """A length cannot be taken as it was written."""


class LesionError(RecistError):
    """A lesion, a visit or a choice of targets contradicts itself."""
