"""Delays written into a description: "70 sec", "3MIN DELAY", "20 min HBP", "70초", "3分後"."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Shorter times in a description are rotation times, temporal resolutions or slips. [s]
SHORTEST_DELAY_S = 10.0
#: Nobody holds his breath, and no pass lasts, longer than this. [s]
LONGEST_BREATH_HOLD_S = 32.0

_NUMBER = r"\d{1,4}(?:[.,]\d+)?"
_SECONDS = r"(?:s|secs?|seconds?|secondes?|sek|sekunden?|segundos?|초|秒)"
_MINUTES = r"(?:mins?|minutes?|minuten?|minutos?|mn|분|分|['′’](?!['′’\"]))"
_HOURS = r"(?:h|hr|hrs|hours?|heures?|stunden?|시간|時間)"
#: A number that starts a word: not the 31 of kernel "B31s", nor the 0.6 of "T1.0.6s".
_START = r"(?<![a-z0-9.,=])"
_END = r"(?![a-z0-9]|\s*/\s*mm|\s*ip(?![a-z]))"

_MINUTES_AND_SECONDS = re.compile(rf"{_START}(\d{{1,2}})\s*(?:m|{_MINUTES})\s*(\d{{1,2}})\s*{_SECONDS}{_END}")
_LIST = re.compile(
    rf"{_START}({_NUMBER}(?:\s*(?:,|/|&|\+|and|-)\s*{_NUMBER})*)\s*-?\s*"
    rf"(?:({_SECONDS})|({_MINUTES})|({_HOURS})){_END}"
)
#: Words that make a time the length of a scan or a breath-hold and not a delay.
_LENGTH_BEFORE = re.compile(
    r"(?:\b(?:bh|breath\s?-?hold|hold|apnea|apnee|ta|tr|te|ti|acq|rot\w*|res|scan time)\W*)$"
)
_LENGTH_AFTER = re.compile(r"^\W*(?:bh|breath|hold|apnea|apnee|rot\w*|temporal|scan(?:\s?time)?\b|res\b|acq)")


@dataclass(frozen=True, slots=True)
class WrittenDelay:
    """A delay as written, and where it stands in the normalized text.

    Attributes
    ----------
    seconds : float
        The delay. [s]
    written : str
    span : (int, int)
    """

    seconds: float
    written: str
    span: tuple[int, int]


def written_delays(text: str) -> tuple[WrittenDelay, ...]:
    """Every delay that a normalized description states, in order.

    Examples
    --------
    >>> [d.seconds for d in written_delays("30, 70, 120 sec delay")]
    [30.0, 70.0, 120.0]
    >>> [d.seconds for d in written_delays("topogram 0.6 t20s")]
    []
    """
    found: list[WrittenDelay] = []
    rest = text
    for match in _MINUTES_AND_SECONDS.finditer(text):
        seconds = 60.0 * int(match[1]) + int(match[2])
        found.append(WrittenDelay(seconds, match[0], match.span()))
        rest = rest[: match.start()] + " " * len(match[0]) + rest[match.end() :]
    for match in _LIST.finditer(rest):
        unit = 1.0 if match[2] else 60.0 if match[3] else 3600.0
        times = [unit * float(number.replace(",", ".")) for number in re.findall(_NUMBER, match[1])]
        if max(times) > LONGEST_BREATH_HOLD_S or not _is_length(rest, match):
            found += [WrittenDelay(seconds, match[0], match.span()) for seconds in times]
    kept = [delay for delay in found if delay.seconds >= SHORTEST_DELAY_S]
    return tuple(sorted(kept, key=lambda delay: delay.span))


def _is_length(text: str, match: re.Match[str]) -> bool:
    return bool(_LENGTH_BEFORE.search(text[: match.start()]) or _LENGTH_AFTER.match(text[match.end() :]))
