"""The four answers a number can give."""

from __future__ import annotations

from enum import StrEnum


class Finding(StrEnum):
    """What a measurement says of a feature; never the last word on vascular invasion."""

    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"
    INDETERMINATE = "INDETERMINATE"
    NOT_COMPUTABLE = "NOT_COMPUTABLE"
