"""Counts in words."""

from __future__ import annotations


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun; ``many`` where the plural is more than an s.

    >>> counted(1, "day"), counted(2, "day"), counted(0, "criterion", "criteria")
    ('1 day', '2 days', '0 criteria')
    """
    return f"{count} {one if count == 1 else many or f'{one}s'}"
