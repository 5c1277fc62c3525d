"""Record files: JSON and YAML, read so that nothing is lost, doubled or executed.

Numbers are kept as their digits. Keys that stand twice, YAML aliases, NaN, files of more than 4 MB and
anything nested absurdly deep are refused before the record itself is looked at.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import yaml

from eligibility.patient import PatientFacts
from workup.errors import RecordError
from workup.record.fhir import is_bundle, record_of_bundle
from workup.record.record import check_record, parse_record
from workup.record.remarks import remarks

#: The largest record file accepted; a full record has about 10 kB. [bytes]
LARGEST_BYTES = 4_000_000

_YAML_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class RecordFile:
    """A record as read: the facts, what the file held, and the SHA-256 of its bytes."""

    facts: PatientFacts
    raw: dict[str, Any]
    sha256: str
    name: str
    warnings: tuple[str, ...] = ()


def read_record(path: str | Path) -> PatientFacts:
    """The facts of one patient from a JSON, YAML or FHIR file.

    Raises
    ------
    RecordError
        With the place of every fault.
    """
    return read_record_file(path).facts


SUFFIXES = (".json", *_YAML_SUFFIXES)


def record_files(folder: str | Path) -> list[Path]:
    """Record files of a folder in order of their names."""
    directory = Path(folder)
    if not directory.is_dir():
        raise RecordError("RECORD_UNREADABLE", f"{directory.name} is not a folder")
    files = sorted(f for f in directory.iterdir() if f.suffix.lower() in SUFFIXES)
    if not files:
        raise RecordError("NO_RECORDS", f"{directory.name} holds no record", expected="*.json, *.yaml")
    return files


def read_folder(folder: str | Path) -> tuple[list[tuple[str, PatientFacts]], list[dict[str, str]]]:
    """Every record of a folder by file name, and those refused with the reason."""
    patients, refused = [], []
    for file in record_files(folder):
        try:
            patients.append((file.name, read_record(file)))
        except RecordError as error:
            refused.append({"record": file.name, "error": f"{error.code}: {error}"})
    return patients, refused


def read_record_file(path: str | Path) -> RecordFile:
    """A record with the bytes it came from."""
    file = Path(path)
    data = read_bytes(file)
    raw = parse_text(data, file.suffix.lower())
    if not isinstance(raw, dict):
        raise RecordError("RECORD_NOT_A_MAPPING", f"{file.name} does not hold named blocks")
    warnings: tuple[str, ...] = ()
    if is_bundle(raw):
        read = record_of_bundle(raw)
        raw, warnings = read.raw, tuple(read.warnings)
    return RecordFile(parse_record(raw), raw, hashlib.sha256(data).hexdigest(), file.name, warnings)


def read_bytes(file: Path) -> bytes:
    """The bytes of a record file of acceptable size."""
    try:
        size = file.stat().st_size
        if size > LARGEST_BYTES:
            raise RecordError(
                "RECORD_TOO_LARGE",
                f"{file.name} has {size} bytes",
                expected=f"at most {LARGEST_BYTES}",
                advice="A record of one patient has a few kilobytes",
            )
        return file.read_bytes()
    except OSError as error:
        raise RecordError("RECORD_UNREADABLE", f"{file.name}: {error.strerror}") from error


def parse_text(data: bytes, suffix: str) -> Any:
    """What JSON or YAML bytes hold."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecordError("RECORD_NOT_UTF8", f"byte {error.start} is not UTF-8 text") from error
    if "\x00" in text:
        raise RecordError("RECORD_NOT_TEXT", "the file holds binary data")
    return parse_yaml(text) if suffix in _YAML_SUFFIXES else parse_json(text)


# --- JSON -----------------------------------------------------------------------------------------


def parse_json(text: str) -> Any:
    """JSON with exact numbers; a key that stands twice is refused by name."""
    try:
        return json.loads(
            text,
            parse_float=_exact,
            parse_int=_whole,
            parse_constant=_no_constant,
            object_pairs_hook=_unique_keys,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise RecordError(
            "RECORD_NOT_JSON",
            f"{place}: {error.msg}",
            expected="a patient record in JSON, or YAML in a .yaml file",
        ) from error
    except RecursionError as error:
        raise RecordError("RECORD_TOO_DEEP", "the file is nested too deeply") from error


_DIGITS = 40


def _exact(text: str) -> Decimal:
    if len(text) > _DIGITS:
        raise RecordError("NUMBER_UNREADABLE", f"a number of {len(text)} characters")
    return Decimal(text)


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise RecordError("NUMBER_UNREADABLE", f"a number of {len(text)} digits")
    return int(text)


def _no_constant(text: str) -> Any:
    raise RecordError("NUMBER_UNREADABLE", f"{text} is not a number", advice="Write null for unknown")


def _unique_keys(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise RecordError("KEY_TWICE", f"the key {key!r} stands twice in one block", details={"key": key})
        found[key] = value
    return found


# --- YAML -----------------------------------------------------------------------------------------


class UniqueKeyLoader(yaml.SafeLoader):
    """YAML without aliases and without keys that stand twice."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse aliases: they can blow a small file up to fill the memory."""
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise RecordError(
                "YAML_ALIAS",
                f"line {event.start_mark.line + 1}: the alias *{event.anchor} is not accepted",
                advice="Write the values out",
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Refuse keys that stand twice: the last would silently win."""
        found: set[str] = set()
        for key_node, _ in node.value:
            key = str(key_node.value)
            if key in found:
                line = key_node.start_mark.line + 1
                raise RecordError("KEY_TWICE", f"line {line}: the key {key!r} stands twice in one block")
            found.add(key)
        return super().construct_mapping(node, deep)


class _PlainLoader(UniqueKeyLoader):
    """YAML whose scalars stay text except null, true and false."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]


_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_TRUE_OR_FALSE = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:null", _NULL, ["~", "n", "N", ""])
_PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", _TRUE_OR_FALSE, list("tTfF"))


def parse_yaml(text: str) -> Any:
    """YAML with exact numbers: every scalar is its text, except null, true and false."""
    try:
        return yaml.load(text, Loader=_PlainLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise RecordError("RECORD_NOT_YAML", f"{place}{error.problem}") from error
    except yaml.YAMLError as error:
        raise RecordError("RECORD_NOT_YAML", "the file is not YAML") from error
    except RecursionError as error:
        raise RecordError("RECORD_TOO_DEEP", "the file is nested too deeply") from error


# --- checking -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RecordCheck:
    """Faults that make a record unreadable, and remarks on what is probably not meant."""

    faults: list[dict[str, str]]
    remarks: tuple[str, ...]


def check_record_file(path: str | Path) -> RecordCheck:
    """Every fault of a record file, each with its place."""
    file = Path(path)
    try:
        raw = parse_text(read_bytes(file), file.suffix.lower())
        read = record_of_bundle(raw) if is_bundle(raw) else None
        faults, facts = check_record(raw if read is None else read.raw)
    except RecordError as error:
        return RecordCheck([{"path": "", "code": error.code, "message": str(error)}], ())
    notes = list(read.warnings) if read is not None else []
    return RecordCheck(faults, (*notes, *(remarks(facts) if facts is not None else ())))
