"""JSON that means one thing: one spelling per value, no NaN, exact decimals and dates.

``canonical`` is the spelling that is hashed. A changed byte anywhere in it is either a different
value or not canonical, so both are found by comparing the spelling with the bytes read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from workup.errors import CaseError


def canonical(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces.

    Raises
    ------
    CaseError
        ``NOT_JSON`` if the value holds a NaN, an infinity or an object without a JSON form.
    """
    try:
        text = json.dumps(
            _tagged(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        return text.encode("utf-8")
    except (TypeError, ValueError) as error:
        raise CaseError(
            "NOT_JSON", f"a value cannot be written: {type(error).__name__}", expected="finite numbers, text"
        ) from error


def parse(data: bytes) -> Any:
    """The value of bytes that ``canonical`` wrote.

    Raises
    ------
    CaseError
        ``NOT_CANONICAL`` if the bytes are not exactly what ``canonical`` writes.
    """
    try:
        value = _untagged(json.loads(data.decode("utf-8")))
        same = canonical(value) == data
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError, CaseError):
        same, value = False, None
    if not same:
        raise CaseError("NOT_CANONICAL", f"{len(data)} bytes are not the JSON that was written")
    return value


def _tagged(value: Any) -> Any:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("a decimal is not finite")
        return {"$decimal": str(value)}
    if isinstance(value, datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    if isinstance(value, Mapping):
        return {_key(key): _tagged(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_tagged(item) for item in value]
    return value


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError("a key is not text")
    return f"${key}" if key.startswith("$") else key  # a user's "$date" is not ours


def _untagged(value: Any) -> Any:
    if isinstance(value, list):
        return [_untagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (key, item), *_ = value.items()
        match key:
            case "$decimal":
                return Decimal(item)
            case "$datetime":
                return datetime.fromisoformat(item)
            case "$date":
                return date.fromisoformat(item)
    return {key.removeprefix("$"): _untagged(item) for key, item in value.items()}
