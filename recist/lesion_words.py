"""The words of a lesion table's cells, understood or refused.

A cell is free text in many trials; what is not understood is refused with its text, never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from recist.errors import LesionError
from recist.lengths import recorded_tenths
from recist.lesion import LesionKind
from recist.organs import plain_words
from recist.visits import Role, Seen

#: No lesion is longer: a larger number is a slip of the pen or of the unit. [0.1 mm]
LONGEST_TENTHS = 6000

_ROLES = ((r"\bnon ?target\b", Role.NON_TARGET), (r"\btarget\b", Role.TARGET), (r"\bnew\b", Role.NEW))
_SEEN = {
    Seen.MEASURED: ("measured", "split"),
    Seen.TOO_SMALL: ("too small", "too small to measure", "tstm"),
    Seen.PRESENT: ("present", "stable", "yes", "unequivocal", "not progressed", "non cr/non pd"),
    Seen.ABSENT: ("absent", "gone", "disappeared", "resolved", "cr"),
    Seen.PROGRESSED: ("progressed", "progression", "unequivocal progression", "pd"),
    Seen.EQUIVOCAL: ("equivocal", "uncertain", "possible", "suspected"),
    Seen.NOT_EVALUATED: ("not evaluated", "not evaluable", "not done", "missing", "ne", "nd"),
}
_SEEN_BY_WORD = {word: seen for seen, words in _SEEN.items() for word in words}
_KINDS = {
    **{kind.value.replace("_", " "): kind for kind in LesionKind},
    "nodal": LesionKind.NODE,
    "lymph node": LesionKind.NODE,
    "lymphnode": LesionKind.NODE,
    "ln": LesionKind.NODE,
    "non nodal": LesionKind.SOLID,
    "non node": LesionKind.SOLID,
    "extranodal": LesionKind.SOLID,
    "mass": LesionKind.SOLID,
    "tumor": LesionKind.SOLID,
    "tumour": LesionKind.SOLID,
    "nodule": LesionKind.SOLID,
    "lesion": LesionKind.SOLID,
    "bone": LesionKind.BONE_BLASTIC,
}
_MERGED = re.compile(r"\b(?:merged|coalesced)(?: (?:into|with))? (?P<into>\S+)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Words:
    """What status and kind say: each None where nothing was said.

    ``split``: the row's length is one part of a lesion that split.
    """

    role: Role | None = None
    seen: Seen | None = None
    kind: LesionKind | None = None
    merged_into: str | None = None
    split: bool = False


def words_of(status: str, kind: str) -> Words:
    """Role, state and kind named in a row's ``status`` and ``kind``.

    Raises
    ------
    LesionError
        ``UNKNOWN_STATUS`` or ``UNKNOWN_KIND`` with the words that were not understood.

    Examples
    --------
    >>> words_of("Target", "node").role, words_of("non-target; unequivocal progression", "").seen
    (<Role.TARGET: 'target'>, <Seen.PROGRESSED: 'progressed'>)
    """
    role, seen, merged_into, split = None, None, None, False
    for written in re.split(r"[;,|:]", status):
        merged = _MERGED.search(written.strip())
        if merged:
            seen, merged_into = Seen.MERGED, merged["into"]
            continue
        found, rest = _role(plain_words(written))
        role = found or role
        if rest:
            seen, split = _seen(rest, status), split or rest == "split"
    kinds = [_role(part) for part in _parts(kind)]
    role = role or next((found for found, _ in kinds if found), None)
    named = [rest for _, rest in kinds if rest]
    unknown = [word for word in named if word not in _KINDS]
    if unknown:
        raise LesionError("UNKNOWN_KIND", f"kind {kind!r} is not understood", expected=", ".join(LesionKind))
    return Words(role, seen, _KINDS[named[0]] if named else None, merged_into, split)


def lengths_of(text: str) -> tuple[int, ...]:
    """Diameters of a cell in tenths; ``12.3+4.5`` are the parts of a lesion that split.

    Raises
    ------
    LengthError
        If a part is not a length in tenths of a millimeter.
    LesionError
        ``IMPLAUSIBLE_LENGTH`` above 600 mm.

    Examples
    --------
    >>> lengths_of("12.3 + 4.5 mm"), lengths_of("")
    ((123, 45), ())
    """
    plain = text.lower().removesuffix("mm").strip()
    tenths = tuple(recorded_tenths(part.strip()) for part in plain.split("+")) if plain else ()
    if sum(tenths) > LONGEST_TENTHS:
        raise LesionError(
            "IMPLAUSIBLE_LENGTH",
            f"a diameter of {text} mm",
            expected="at most 600 mm",
            advice="Check the unit.",
        )
    return tenths


def date_of(text: str) -> date:
    """A day, as YYYY-MM-DD or YYYYMMDD.

    Raises
    ------
    LesionError
        ``BAD_DATE``: nothing else is read, since 03/04/2025 is two days.
    """
    plain = text.strip()
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}|\d{8}", plain):
        try:
            return date.fromisoformat(plain)
        except ValueError:
            pass
    raise LesionError("BAD_DATE", f"{text!r} is not a date", expected="YYYY-MM-DD")


def _parts(text: str) -> list[str]:
    return [plain_words(part) for part in re.split(r"[;,|:]", text) if part.strip()]


def _role(part: str) -> tuple[Role | None, str]:
    """The role a part names, and what else it says."""
    for pattern, role in _ROLES:
        if re.search(pattern, part):
            return role, " ".join(re.sub(rf"{pattern}(?: lesions?\b)?", " ", part).split())
    return None, part


def _seen(words: str, status: str) -> Seen:
    try:
        return _SEEN_BY_WORD[words]
    except KeyError:
        raise LesionError(
            "UNKNOWN_STATUS",
            f"status {status!r} is not understood",
            expected="target, non-target or new, and measured, present, absent, too small, not evaluated, "
            "progressed, equivocal or merged into LESION",
        ) from None
