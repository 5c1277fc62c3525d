"""The elements FHIR resources are made of: read tolerantly, dates as recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eligibility.dates import PartialDate
from workup.errors import RecordError


def dicts(value: Any) -> list[Mapping[str, Any]]:
    """The elements of a list; what is no element is skipped."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def mapping(value: Any) -> Mapping[str, Any]:
    """An element, empty where there is none."""
    return value if isinstance(value, Mapping) else {}


def day(value: Any, place: str) -> PartialDate | None:
    """The calendar day of a FHIR dateTime, as recorded (local); partial dates stay partial.

    Raises
    ------
    RecordError
        ``DATE_UNREADABLE``, since a date that is not one may be the latest.
    """
    if not isinstance(value, str):
        return None
    try:
        return PartialDate.parse(value.split("T")[0])
    except ValueError as error:
        raise RecordError("DATE_UNREADABLE", f"{place}: {str(error)[:120]}") from error


def is_modified(element: Mapping[str, Any], *apart: str) -> bool:
    """Whether something we do not know changes what an element means; FHIR forbids to process it.

    Parameters
    ----------
    element
        A bundle, a resource or a part of one; looked through at every depth.
    apart
        Parts that are judged by themselves. Contained resources never speak of the one around them.

    References
    ----------
    HL7 FHIR R4, 2.4.1 (modifierExtension) and 2.26.3.3 (implicitRules).
    """
    if element.get("modifierExtension") or element.get("implicitRules"):
        return True
    parts = (value for key, value in element.items() if key not in (*apart, "contained"))
    inner = (each for part in parts for each in (part if isinstance(part, list) else [part]))
    return any(is_modified(each) for each in inner if isinstance(each, Mapping))
