"""One file that holds a state and its own hash: what an autosave is made of."""

from __future__ import annotations

from dataclasses import dataclass

from workup.case.log import sha256
from workup.case.state import CaseState
from workup.case.state_codec import decode_state, encode_state
from workup.case.strict_json import canonical, parse


@dataclass(frozen=True, eq=False)
class Autosave:
    """Work that was not saved when a session ended.

    Attributes
    ----------
    when : str
        Clock time, ISO 8601.
    log_n : int
        Length of the case's log at that time; a later save of the same session makes it stale.
    session : str
        Which opening of the case wrote it: two windows of one reader keep their work beside each other.
    """

    reader: str
    when: str
    log_n: int
    state: CaseState
    session: str


def encode_autosave(autosave: Autosave) -> bytes:
    """A line with the hash of what follows, a line of JSON, and the masks."""
    document, masks = encode_state(autosave.state)
    head = {
        "reader": autosave.reader,
        "when": autosave.when,
        "log_n": autosave.log_n,
        "session": autosave.session,
        "state": document,
    }
    body = canonical(head) + b"\n" + masks
    return sha256(body).encode() + b"\n" + body


def decode_autosave(data: bytes) -> Autosave | None:
    """The inverse of ``encode_autosave``; None if a byte is not what was written."""
    digest, _, body = data.partition(b"\n")
    if sha256(body).encode() != digest:
        return None
    head, _, masks = body.partition(b"\n")
    document = parse(head)
    state = decode_state(document["state"], masks)
    session = document.get("session", "")  # absent where one file a reader was kept
    return Autosave(document["reader"], document["when"], document["log_n"], state, session)


def autosave_name(reader: str, session: str) -> str:
    """File name of a session's autosave; a hash, so that any name of a person is a good file name."""
    return f"{sha256(reader.encode())[:16]}{session and '-'}{session}.autosave"


def view_name(reader: str) -> str:
    """File name of how a reader last looked at the case: an autosave of nothing but notes."""
    return f"{sha256(reader.encode())[:16]}.view"
