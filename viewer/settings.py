"""A reader's habits, kept in napari's preferences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Habits:
    """What a newly opened study starts with."""

    reader: str | None = None
    window: str = "liver"
    wheel_scrolls: bool = True
    brush_mm: float = 8.0


DEFAULT_HABITS = Habits()


def habits() -> Habits:
    """The habits set in napari's preferences; the defaults where the plugin is not installed."""
    from napari.settings import get_plugin_settings

    try:
        kept: Any = get_plugin_settings("veinvasion").reading
    except (KeyError, ValueError, AttributeError):
        return Habits()
    values = {name: getattr(kept, name, None) for name in ("reader", "window", "wheel_scrolls", "brush_mm")}
    given = {name: value for name, value in values.items() if value not in (None, "")}
    return Habits(**given)
