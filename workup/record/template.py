"""A commented record in which everything is unknown, made from the schema itself."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from workup.record import schema
from workup.record.scalars import Day, Flag, Number, Whole

_HEAD = """\
# Patient record, schema 1.0.
# null = unknown, [] = known to be none, false = known negative. Nothing is assumed for what is left null.
# Dates are YYYY-MM-DD, or YYYY-MM or YYYY where only that is known. Numbers are exact: "12.80" stays 12.80.
# A list that may lack entries has a sibling, such as  systemic_complete: false
# Any value may carry its origin:  ecog: {value: 1, source: visit note, recorded_on: 2025-07-03}
# Lists: remove the brackets and write one entry per "-" with the fields shown behind it.
"""


def template_text() -> str:
    """The template as YAML.

    >>> template_text().startswith("# Patient record")
    True
    """
    return _HEAD + "\n".join(_lines(schema.Record, 0)) + "\n"


def _lines(model: type[BaseModel], indent: int) -> Iterator[str]:
    pad = "  " * indent
    for name, field in model.model_fields.items():
        if name.endswith("_complete"):
            continue
        if name == "schema_version":
            yield f'{pad}schema_version: "1.0"'
            continue
        block = _block(field.annotation)
        if block is not None and not _is_list(field.annotation):
            yield f"{'' if indent else chr(10)}{pad}{name}:  # {_sentence(block)}"
            yield from _lines(block, indent + 1)
        elif block is not None:
            yield f"{pad}{name}: null  # list of {{{', '.join(_entry(block))}}}"
        else:
            several = "list of " if _is_list(field.annotation) else ""
            yield f"{pad}{name}: null  # {several}{_kind(field.annotation)}"


def _sentence(block: type[BaseModel]) -> str:
    return (block.__doc__ or "").strip().splitlines()[0]


def _entry(block: type[BaseModel]) -> list[str]:
    names = [n for n in block.model_fields if not n.endswith("_complete")]
    return [f"{n}: {_kind(block.model_fields[n].annotation)}" for n in names]


def _options(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of a union but None; the annotation itself otherwise."""
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(a for a in get_args(annotation) if a is not type(None))
    return (annotation,)


def _is_list(annotation: Any) -> bool:
    return any(get_origin(option) is tuple for option in _options(annotation))


def _block(annotation: Any) -> type[BaseModel] | None:
    for option in _options(annotation):
        inner = get_args(option)[0] if get_origin(option) is tuple else option
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return inner
    return None


def _kind(annotation: Any) -> str:
    """A leaf type in words."""
    option = _options(annotation)[0]
    if get_origin(option) is tuple:
        option = _options(get_args(option)[0])[0]
    for kind, word in ((Day, "date"), (Number, '"number"'), (Flag, "true/false"), (Whole, "whole number")):
        if option == kind:
            return word
    if get_origin(option) is Annotated:
        return _kind(get_args(option)[0])
    if get_origin(option) is Literal:
        return "/".join(str(choice) for choice in get_args(option))
    return {int: "whole number", str: "text", bool: "true/false"}.get(option, "text")
