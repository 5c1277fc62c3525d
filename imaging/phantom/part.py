"""One piece of anatomy as it is drawn: what it is called, what it is made of, where it lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from imaging.phantom.shapes import Shape


@dataclass(frozen=True, eq=False)
class Part:
    """A shape filled with a tissue. Later parts cover earlier ones.

    Attributes
    ----------
    name : str
        Name of the true mask; several parts may share one (the pieces of a vessel).
    tissue : str
        Row of the contrast table.
    shape : Shape
    moves : bool
        Whether it moves with breathing.
    texture : str or None
        Pattern that varies around the tissue's value, with mean zero.
    """

    name: str
    tissue: str
    shape: Shape
    moves: bool = True
    texture: str | None = None


def parts(name: str, tissue: str, shapes: Iterable[Shape], *, moves: bool = True) -> tuple[Part, ...]:
    """The same name and tissue for each of the shapes."""
    return tuple(Part(name, tissue, shape, moves) for shape in shapes)
