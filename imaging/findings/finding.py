"""The four answers a number can give."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Finding(StrEnum):
    """What a measurement says of a feature; never the last word on vascular invasion."""

    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"
    INDETERMINATE = "INDETERMINATE"
    NOT_COMPUTABLE = "NOT_COMPUTABLE"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a finding is what it is.

    Attributes
    ----------
    code : str
        Stable upper-case word, such as ``NO_UNENHANCED``.
    message : str
        One sentence with the numbers, for people.
    """

    code: str
    message: str
