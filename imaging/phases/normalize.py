"""One spelling for descriptions typed in five languages by hurried people."""

from __future__ import annotations

import re
import unicodedata

#: Words that are recognized with one slip of the finger (one letter more, less, other, or two
#: swapped); all are long enough that no other word of the field is that near.
_OFTEN_MISTYPED = (
    "arterial",
    "arteriell",
    "portal",
    "venous",
    "delayed",
    "contrast",
    "unenhanced",
    "enhanced",
    "equilibrium",
    "hepatobiliary",
    "hepatocyte",
    "transitional",
    "coronal",
    "sagittal",
    "localizer",
    "monitoring",
    "subtraction",
    "dynamic",
    "triphasic",
    "biphasic",
)
#: Right words that look like a slip of one above, and common slips too short for the rule.
_LEAVE = frozenset({"postal", "contact", "contract", "venus", "dynamics", "vascular", "portals", "nonvenous"})
_SHORT_SLIPS = {
    "dealy": "delay", "deley": "delay", "dely": "delay", "delya": "delay", "dealyed": "delayed",
    "atrerial": "arterial", "atr": "art", "veneous": "venous", "phasese": "phase",
}  # fmt: skip


def normalize(description: str) -> str:
    r"""Lower case, half width, no accents on Latin letters, one blank between words.

    Hangul, kana and han stay as they are. ``_``, ``^`` and ``\`` separate like a blank or slash,
    and a capital inside a word starts a new word (``PreMonitoring``, ``LateArt``).

    Examples
    --------
    >>> normalize("T1_VIBE  Artériel  tardif")
    't1 vibe arteriel tardif'
    >>> normalize("PreMonitoring porotal")
    'pre monitoring portal'
    """
    text = unicodedata.normalize("NFKC", description)
    text = re.sub(r"[‐-―−]", "-", text)
    text = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", text)
    text = _without_latin_accents(text).casefold()
    text = text.replace("\\", "/")
    text = re.sub(r"[_^\s]+", " ", text).strip()
    return re.sub(r"[a-z]{3,}", lambda word: _respell(word.group()), text)


def _without_latin_accents(text: str) -> str:
    out = []
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        out.append(parts[0] if parts[0].isascii() and parts[0].isalpha() else letter)
    return "".join(out)


def _respell(word: str) -> str:
    if word in _SHORT_SLIPS:
        return _SHORT_SLIPS[word]
    if len(word) < 5 or word in _LEAVE or word in _OFTEN_MISTYPED:
        return word
    for right in _OFTEN_MISTYPED:
        if word[0] == right[0] and abs(len(word) - len(right)) <= 1 and _one_slip(word, right):
            return right
    return word


def _one_slip(word: str, right: str) -> bool:
    """Whether one insertion, deletion, replacement or swap of neighbors leads from word to right.

    A plural or adjective ending is no slip ("portals", "portale", "arteriell" against "arterial").
    """
    if word[:-1] == right or right[:-1] == word:
        return False
    if len(word) == len(right):
        differ = [i for i in range(len(word)) if word[i] != right[i]]
        if len(differ) == 1:
            return differ[0] < len(word) - 2
        swapped = len(differ) == 2 and differ[1] == differ[0] + 1
        return swapped and word[differ[0]] == right[differ[1]] and word[differ[1]] == right[differ[0]]
    long, short = (word, right) if len(word) > len(right) else (right, word)
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
