"""The leaf types of a patient record: exact numbers, partial dates, true or false.

Nothing is guessed: a number is what its digits say, never a float; "yes" is not true; 30 February is refused.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from eligibility.dates import PartialDate

_NUMBER = re.compile(r"[+-]?(\d{1,18}(\.\d{1,18})?|\.\d{1,18})([eE][+-]?\d{1,2})?\Z", re.ASCII)


def exact_number(value: Any) -> Decimal:
    """A decimal number from its digits."""
    if isinstance(value, bool | float):
        raise PydanticCustomError(
            "NUMBER_NOT_EXACT",
            "{found} is not an exact number: write it in quotes, as text",
            {"found": repr(value)},
        )
    if isinstance(value, Decimal) and not value.is_finite():
        raise PydanticCustomError("NUMBER_UNREADABLE", "{found} is not a number", {"found": str(value)})
    text = str(value).strip()
    if isinstance(value, Decimal | int) and len(text) < 40:
        return Decimal(value)
    if not isinstance(value, str) or not _NUMBER.match(text):
        advice = ""
        if text.startswith(("<", ">", "≤", "≥")):
            advice = " (a comparator such as '<' has its own field)"
        elif "," in text:
            advice = " (a point before the decimals, nothing between thousands)"
        raise PydanticCustomError(
            "NUMBER_UNREADABLE",
            "{found} is not a decimal number{advice}",
            {"found": repr(value)[:60], "advice": advice},
        )
    return Decimal(text)


def whole_number(value: Any) -> int:
    """A count or a grade."""
    number = exact_number(value)
    if number != number.to_integral_value():
        raise PydanticCustomError("NUMBER_NOT_WHOLE", "{found} is not a whole number", {"found": str(value)})
    return int(number)


def partial_date(value: Any) -> PartialDate:
    """A date of which the day or the month may be unknown."""
    if isinstance(value, PartialDate):
        return value
    if isinstance(value, date) and not isinstance(value, datetime):
        return PartialDate.on(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise PydanticCustomError("DATE_UNREADABLE", "{found} is not a date", {"found": repr(value)[:60]})
    try:
        return PartialDate.parse(value.strip())
    except ValueError as error:
        raise PydanticCustomError("DATE_UNREADABLE", "{found}", {"found": str(error)[:120]}) from error


def true_or_false(value: Any) -> bool:
    """Only true and false."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise PydanticCustomError(
        "NOT_TRUE_OR_FALSE", "{found} is neither true nor false nor null", {"found": repr(value)[:60]}
    )


def words(value: Any) -> str:
    """Text, without surrounding blanks."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise PydanticCustomError("NOT_TEXT", "{found} is not text", {"found": repr(value)[:60]})
    return str(value).strip()


_NUMBER_SCHEMA = {
    "anyOf": [{"type": "string", "pattern": r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$"}, {"type": "number"}]
}
_DATE_SCHEMA = {"type": "string", "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$"}

Number = Annotated[
    Decimal,
    BeforeValidator(exact_number),
    PlainSerializer(lambda v: f"{v:f}", return_type=str),
    WithJsonSchema(_NUMBER_SCHEMA),
]
Whole = Annotated[int, BeforeValidator(whole_number)]
Day = Annotated[
    PartialDate,
    BeforeValidator(partial_date),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(_DATE_SCHEMA),
]
Flag = Annotated[bool, BeforeValidator(true_or_false)]
Words = Annotated[str, BeforeValidator(words)]
