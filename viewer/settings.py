"""A reader's habits, kept in napari's preferences."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Habits:
    """What a newly opened study starts with."""

    reader: str | None = None
    window: str = "liver"
    layout: str = "grid"
    wheel_scrolls: bool = True
    brush_mm: float = 8.0


DEFAULT_HABITS = Habits()


def habits() -> Habits:
    """The habits set in napari's preferences; the defaults where the plugin is not installed."""
    kept = _kept()
    values = {field.name: getattr(kept, field.name, None) for field in fields(Habits)}
    given = {name: value for name, value in values.items() if value not in (None, "")}
    return Habits(**given)


def remember(*, window: str, layout: str) -> None:
    """Start the next new study as this one was looked at: window preset and layout."""
    kept = _kept()
    for name, value in (("window", window), ("layout", layout)):
        if kept is not None and getattr(kept, name, value) != value:
            setattr(kept, name, value)


def _kept() -> Any:
    """The plugin's settings; None where it is not installed."""
    from napari.settings import get_plugin_settings

    try:
        return get_plugin_settings("veinvasion").reading
    except (KeyError, ValueError, AttributeError):
        return None
