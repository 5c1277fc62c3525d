"""Protocols from rule files: those that ship with veinvasion by name, others by path."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from eligibility.errors import ProtocolError
from eligibility.protocol import Protocol, build_protocol
from eligibility.rules import RULES
from workup.errors import RecordError
from workup.record.record_files import UniqueKeyLoader

DEFAULT_PROTOCOL = "NCT06828380"
_LARGEST_BYTES = 2_000_000


def read_protocol(path_or_name: str | Path = DEFAULT_PROTOCOL) -> Protocol:
    """A protocol by the name of one that ships, or by the path of a rule file.

    Raises
    ------
    ProtocolError
        If there is none, or if it contradicts itself.

    Examples
    --------
    >>> read_protocol().id
    'NCT06828380'
    """
    return build_protocol(protocol_document(path_or_name), RULES)


def protocol_names() -> tuple[str, ...]:
    """Names of the protocols that ship."""
    folder = resources.files("workup") / "protocols"
    return tuple(sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml")))


def protocol_document(path_or_name: str | Path) -> dict[str, Any]:
    """The content of a rule file."""
    shipped = resources.files("workup") / "protocols" / f"{path_or_name}.yaml"
    if "/" not in str(path_or_name) and shipped.is_file():
        return _parse(shipped.read_text(encoding="utf-8"), str(path_or_name))
    file = Path(path_or_name)
    if not file.is_file():
        raise ProtocolError(
            "PROTOCOL_NOT_FOUND",
            f"there is no protocol {str(path_or_name)!r}",
            expected="the path of a rule file, or one of " + ", ".join(protocol_names()),
        )
    if file.stat().st_size > _LARGEST_BYTES:
        raise ProtocolError("PROTOCOL_TOO_LARGE", f"{file.name} has {file.stat().st_size} bytes")
    return _parse(file.read_text(encoding="utf-8"), file.name)


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        document = yaml.load(text, Loader=UniqueKeyLoader)
    except yaml.YAMLError as error:
        raise ProtocolError("PROTOCOL_NOT_YAML", f"{name}: {error}") from error
    except RecordError as error:
        raise ProtocolError("PROTOCOL_NOT_YAML", f"{name}: {error}") from error
    if not isinstance(document, dict):
        raise ProtocolError("PROTOCOL_NOT_YAML", f"{name} does not hold named blocks")
    return document
