"""Values that carry their origin: ``{"value": …, "source": …, "recorded_on": …, "note": …}``.

Any leaf of a record may be written so. ``unwrapped`` gives back the plain record and, by path, where each
such value comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eligibility.patient import Provenance
from workup.errors import RecordError
from workup.record.scalars import partial_date

_KEYS = frozenset({"value", "source", "recorded_on", "note"})
#: A record is a handful of levels deep; more is an accident or an attack.
DEEPEST = 20


def unwrapped(raw: Any) -> tuple[Any, dict[str, Provenance]]:
    """A record without wrappers, and the origin of each value that had one."""
    origins: dict[str, Provenance] = {}
    return _plain(raw, "", origins, 0), origins


def _plain(raw: Any, path: str, origins: dict[str, Provenance], depth: int) -> Any:
    if depth > DEEPEST:
        raise RecordError("RECORD_TOO_DEEP", f"{path} is nested more than {DEEPEST} levels deep")
    if isinstance(raw, Mapping):
        if "value" in raw and set(raw) <= _KEYS and not path.startswith("labs["):
            origins[path] = _origin(raw, path)
            return _plain(raw["value"], path, origins, depth + 1)
        if _is_wrapped_lab_leaf(raw, path):
            origins[path] = _origin(raw, path)
            return _plain(raw["value"], path, origins, depth + 1)
        return {
            str(key): _plain(value, f"{path}.{key}" if path else str(key), origins, depth + 1)
            for key, value in raw.items()
        }
    if isinstance(raw, list | tuple):
        return [
            _plain(item, f"{path}[{_name(item, index)}]", origins, depth + 1)
            for index, item in enumerate(raw)
        ]
    return raw


def _is_wrapped_lab_leaf(raw: Mapping[Any, Any], path: str) -> bool:
    """A laboratory result has ``value`` and ``source`` itself; its leaves may be wrapped all the same."""
    return "value" in raw and set(raw) <= _KEYS and "]." in path


def _name(item: Any, index: int) -> str:
    id_ = item.get("id") if isinstance(item, Mapping) else None
    if isinstance(id_, Mapping):
        id_ = id_.get("value")
    return str(id_ or index)


def _origin(raw: Mapping[str, Any], path: str) -> Provenance:
    recorded = raw.get("recorded_on")
    try:
        day = None if recorded is None else partial_date(recorded)
    except ValueError as error:
        raise RecordError("DATE_UNREADABLE", f"{path}.recorded_on: {error}") from error
    return Provenance(_text(raw.get("source")), day, _text(raw.get("note")))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
