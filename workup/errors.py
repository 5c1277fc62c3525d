"""What can be wrong with a case, a record or a request.

* WorkupError
  - CaseError      the case folder or its reading cannot be understood
  - RecordError    the patient record cannot be understood
  - DeidentifyError  images cannot leave without saying whose they are
  - ExchangeError  another system's object or server refused
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class WorkupError(Exception):
    """Root of what ``workup`` refuses; the same shape as ``imaging.errors.ImagingError``."""

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
        return (
            f"{text.removesuffix('.')}{'' if text.endswith('?') else '.'} {self.advice}"
            if self.advice
            else text
        )


class CaseError(WorkupError):
    """The case folder or a reader's file is unusable."""


class RecordError(WorkupError):
    """The patient record is unusable."""


class ExchangeError(WorkupError):
    """An object of another system, or the system itself, cannot be used."""


class DeidentifyError(WorkupError):
    """Images cannot be de-identified, or something of the patient was left in them."""
