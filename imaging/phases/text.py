"""Which phase a description names, and where it names none.

The rule of this module: a wrong definite phase is worse than no phase. Two phases without a joint
are a conflict, two with a joint ("ART/PV", "30, 70, 120 sec") are ``multiple``, and contrast without
a time is ``contrast_unspecified``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from imaging.phases.agent import Agent, named_agent
from imaging.phases.arterial_injection import arterial_injection
from imaging.phases.delays import WrittenDelay, written_delays
from imaging.phases.normalize import normalize
from imaging.phases.phase import DEFINITE, Phase
from imaging.phases.vocabulary import VOCABULARY, Sense, compiled
from imaging.phases.windows import DELAYED_S, HEPATOBILIARY_GADOBENATE_S, HEPATOBILIARY_GADOXETATE_S, phase_at

#: A delay in a description may count from the injection or from the bolus trigger, 15-25 s later, and is
#: rounded; a phase named in words stands if the delay written beside it lies in these bounds. [s]
PLAUSIBLE_S: dict[Phase, tuple[float, float]] = {
    Phase.EARLY_ARTERIAL: (5.0, 35.0),
    Phase.LATE_ARTERIAL: (10.0, 50.0),
    Phase.ARTERIAL: (5.0, 50.0),
    Phase.PORTAL_VENOUS: (35.0, 110.0),
    Phase.DELAYED: (100.0, 3600.0),
    Phase.TRANSITIONAL: (100.0, 420.0),
    Phase.HEPATOBILIARY: (540.0, 14400.0),
}
_ARTERIAL = frozenset({Phase.ARTERIAL, Phase.EARLY_ARTERIAL, Phase.LATE_ARTERIAL})
#: "70 sec delay", "70초 지연": the word for the time that passed, not for the delayed phase.
_DELAY_AS_NOUN = re.compile(r"delay(?!ed)|retard(?!e)|지연(?![기상])|遅延(?![相期])|딜레이")
#: Regions whose veins are not the liver's: "venous" and "PV" name no portal venous phase there.
_ELSEWHERE = compiled(
    r"""<(?:head|brain|cran\w*|neck|carotids?|legs?|extrem\w*|lower|dvt|run~offs?|knee|foot|pulm\w*|cardiac|heart|
    atri\w*|mapping|cryo\w*|sinus(?:es)?|orbits?|temporal)>"""
)
#: A breath-hold is as long as an arterial delay; on MR so short a time needs a word beside it. [s]
_LONGEST_BREATH_HOLD_S = 25.0
_BREATH_HOLD = compiled(r"<bh> | <mbh> | <breath\w* | <apnea>")
_JOINT = re.compile(r"[/&+,;|・、]|\b(?:and|et|und|y|to|then)\b|\d\s*-\s*\d")


@dataclass(frozen=True, slots=True)
class Mark:
    """A word (or delay) of a description and what it says."""

    says: Sense | Phase
    written: str
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class TextReading:
    """What a description says about the phase.

    Attributes
    ----------
    phase : Phase
    written : str
        The words that say so, as normalized; empty where nothing was said.
    conflict : str
        A sentence if the words contradict each other, else empty.
    """

    phase: Phase
    written: str = ""
    conflict: str = ""


def marks(text: str) -> tuple[Mark, ...]:
    """Every word of a normalized description that the vocabulary knows, in the order of the text."""
    found: list[Mark] = []
    for says, pattern in VOCABULARY:
        for match in pattern.finditer(text):
            if not match[0].strip():
                continue
            if says is not Sense.NOTHING:
                found.append(Mark(says, match[0].strip(), match.span()))
            text = text[: match.start()] + "\0" * len(match[0]) + text[match.end() :]
    return tuple(sorted(found, key=lambda mark: mark.span))


def read_phase(description: str | None, modality: str = "", agent: Agent = Agent.UNKNOWN) -> TextReading:
    """The phase that a series description (or protocol name) names.

    Parameters
    ----------
    description : str or None
        SeriesDescription or ProtocolName as recorded.
    modality : str
        ``CT`` or ``MR``; decides what "20 min" means.
    agent : Agent
        Contrast agent known from elsewhere; one named in the description goes before it.

    Returns
    -------
    TextReading
        ``undetermined`` where the text names no phase or contradicts itself.

    Examples
    --------
    >>> read_phase("Late Art. phase  3.0  B40f", "CT").phase.value
    'late_arterial'
    >>> read_phase("70 SEC DELAY", "CT").phase.value
    'portal_venous'
    >>> read_phase("PORTAL ARTERIAL", "CT").conflict
    'the text names arterial ("arterial") and portal_venous ("portal")'
    """
    reading = _words_and_delays(normalize(description or ""), modality, agent)
    injection = "" if modality == "MR" else arterial_injection(description)
    if injection and reading.phase is not Phase.UNENHANCED:
        return TextReading(Phase.UNDETERMINED, reading.written, injection)
    return reading


def _words_and_delays(text: str, modality: str, agent: Agent) -> TextReading:
    here = named_agent(text, modality=modality)
    agent = agent if here is Agent.UNKNOWN else here
    delays = written_delays(text)
    found = marks(_blank(text, delays))
    words = [mark for mark in found if mark.says in DEFINITE and _can_be(mark, text, modality)]
    senses = {mark.says for mark in found if isinstance(mark.says, Sense)}
    if modality == "MR":
        delays = _without_breath_holds(text, delays, bool(words or senses))
    reading = _from_words_and_delays(text, words, delays, modality, agent)
    if reading.phase is not Phase.UNDETERMINED or reading.conflict:
        return reading
    return _from_senses(found, senses, delays)


def names_several_passes(description: str | None) -> bool:
    """Whether a text names a multiphase protocol: "triphasic", "3 PHASE LIVER", "ART/PV".

    Examples
    --------
    >>> [names_several_passes(text) for text in ("LIVER 3 PHASE (AP)", "CT ABDOMEN W/WO CONTRAST")]
    [True, False]
    """
    found = marks(normalize(description or ""))
    named = {mark.says for mark in found if mark.says in DEFINITE} - {Phase.UNENHANCED}
    return len(named) > 1 or any(mark.says is Sense.SEVERAL_PASSES for mark in found)


def _can_be(mark: Mark, text: str, modality: str) -> bool:
    """Whether a word can mean its phase on this modality and in this part of the body."""
    if modality == "CT" and mark.says in (Phase.HEPATOBILIARY, Phase.TRANSITIONAL):
        return False  # the name of an examination: CT has no such phase
    unclear = mark.says is Phase.PORTAL_VENOUS and "port" not in mark.written
    return not (unclear and _ELSEWHERE.search(text))


def _without_breath_holds(
    text: str, delays: tuple[WrittenDelay, ...], worded: bool
) -> tuple[WrittenDelay, ...]:
    if len(delays) > 1 or (worded and not _BREATH_HOLD.search(text)):
        return delays
    return tuple(delay for delay in delays if delay.seconds > _LONGEST_BREATH_HOLD_S)


def _blank(text: str, delays: tuple[WrittenDelay, ...]) -> str:
    for delay in delays:
        first, last = delay.span
        text = text[:first] + " " * (last - first) + text[last:]
    return text


def _from_words_and_delays(
    text: str, words: list[Mark], delays: tuple[WrittenDelay, ...], modality: str, agent: Agent
) -> TextReading:
    named = _merged({mark.says for mark in words if isinstance(mark.says, Phase)})
    written = ", ".join(dict.fromkeys(mark.written for mark in words))
    if len(named) > 1:
        return _several(text, words, named)
    timed = {_phase_of(delay.seconds, modality, agent) for delay in delays}
    if not named:
        return _from_delays(delays, timed)
    (phase,) = named
    if len(delays) > 1 and len(timed - {Phase.UNDETERMINED}) > 1:
        return TextReading(Phase.MULTIPLE, f"{written}, {delays[0].written}")
    if phase is Phase.DELAYED:
        return _delayed(text, written, delays, timed, modality, agent)
    return _checked(phase, written, delays)


def _merged(named: set[Phase]) -> set[Phase]:
    """``arterial`` beside "late arterial", and "delayed" beside "hepatobiliary", say no more."""
    if named & {Phase.EARLY_ARTERIAL, Phase.LATE_ARTERIAL}:
        named = named - {Phase.ARTERIAL}
    if named & {Phase.HEPATOBILIARY, Phase.TRANSITIONAL}:
        named = named - {Phase.DELAYED}
    return named


def _several(text: str, words: list[Mark], named: set[Phase]) -> TextReading:
    written = ", ".join(dict.fromkeys(mark.written for mark in words))
    last = text[slice(*words[-1].span)]
    between = text[words[0].span[1] : words[-1].span[0]] + last[: len(last) - len(last.lstrip(" ./+&,"))]
    if len(named) > 2 or named <= _ARTERIAL or _JOINT.search(between):
        return TextReading(Phase.MULTIPLE, written)
    first: dict[Phase, str] = {}
    for mark in words:
        if isinstance(mark.says, Phase) and mark.says in named:
            first.setdefault(mark.says, mark.written)
    said = " and ".join(f'{phase} ("{first[phase]}")' for phase in sorted(first))
    return TextReading(Phase.UNDETERMINED, written, f"the text names {said}")


def _phase_of(delay_s: float, modality: str, agent: Agent) -> Phase:
    """Phase of a delay that stands in a text; unlike a clock it may count from the bolus trigger."""
    if modality == "CT" and delay_s >= DELAYED_S[0]:
        return Phase.DELAYED  # CT has no later phase, however long one waits
    phase = phase_at(delay_s, agent)
    if phase is Phase.EARLY_ARTERIAL:
        return Phase.ARTERIAL  # 20 s after the trigger is late, 20 s after the injection early arterial
    if phase is not Phase.UNDETERMINED:
        return phase
    first, last = HEPATOBILIARY_GADOXETATE_S
    if agent is Agent.UNKNOWN and first <= delay_s <= last:
        return Phase.HEPATOBILIARY  # nobody waits that long after an extracellular agent
    if agent is Agent.EXTRACELLULAR and delay_s > DELAYED_S[1]:
        return Phase.DELAYED
    if agent is Agent.GADOBENATE and DELAYED_S[1] < delay_s < HEPATOBILIARY_GADOBENATE_S[0]:
        return Phase.DELAYED
    return Phase.UNDETERMINED


def _from_delays(delays: tuple[WrittenDelay, ...], timed: set[Phase]) -> TextReading:
    if not delays:
        return TextReading(Phase.UNDETERMINED)
    written = ", ".join(dict.fromkeys(delay.written.strip() for delay in delays))
    if len({delay.seconds for delay in delays}) > 1 and (len(timed) > 1 or Phase.UNDETERMINED in timed):
        return TextReading(Phase.MULTIPLE, written)
    (phase,) = timed
    return TextReading(Phase.CONTRAST_UNSPECIFIED if phase is Phase.UNDETERMINED else phase, written)


def _delayed(
    text: str, written: str, delays: tuple[WrittenDelay, ...], timed: set[Phase], modality: str, agent: Agent
) -> TextReading:
    """Tell a delay ("70 sec delay") from the delayed phase ("delayed"); "delay 70" may be either."""
    if not delays:
        number = re.search(
            r"delay(?:ed|s)?[\s-]{0,2}(\d{2,3})(?![\d.]|\s*(?:mm|kv))|(?<![\d.])(\d{2,3})\s*delay", text
        )
        if number and int(number[1] or number[2]) < DELAYED_S[0]:
            return TextReading(Phase.CONTRAST_UNSPECIFIED, number[0])
        if agent is Agent.GADOXETATE:  # transitional or hepatobiliary: the word does not say
            return TextReading(Phase.CONTRAST_UNSPECIFIED, written)
        return TextReading(Phase.DELAYED, written)
    said = f"{delays[0].written.strip()} {written}"
    phase = next(iter(timed))
    if phase is Phase.UNDETERMINED:
        long = delays[0].seconds > DELAYED_S[1] and agent is not Agent.GADOXETATE
        return TextReading(Phase.DELAYED if long else Phase.CONTRAST_UNSPECIFIED, said)
    if phase in _ARTERIAL | {Phase.PORTAL_VENOUS} and not _DELAY_AS_NOUN.search(written):
        return TextReading(
            Phase.UNDETERMINED, said, f'the text says "{written}", but {delays[0].written.strip()}'
        )
    return TextReading(phase, said)


def _checked(phase: Phase, written: str, delays: tuple[WrittenDelay, ...]) -> TextReading:
    """A phase in words, unless the delay written beside it is out of all reason."""
    said = ", ".join([written, *dict.fromkeys(delay.written.strip() for delay in delays)])
    for delay in delays:
        first, last = PLAUSIBLE_S.get(phase, (0.0, 0.0))
        if not first <= delay.seconds <= last:
            return TextReading(
                Phase.UNDETERMINED,
                said,
                f'the text names {phase} ("{written}"), but a delay of {delay.seconds:g} s',
            )
    if phase is Phase.ARTERIAL and len(delays) == 1 and phase_at(delays[0].seconds) is Phase.LATE_ARTERIAL:
        return TextReading(Phase.LATE_ARTERIAL, said)
    return TextReading(phase, said)


def _from_senses(
    found: tuple[Mark, ...], senses: set[Sense], delays: tuple[WrittenDelay, ...]
) -> TextReading:
    written = ", ".join(dict.fromkeys(mark.written for mark in found if isinstance(mark.says, Sense)))
    if senses & {Sense.BEFORE_AND_AFTER, Sense.SEVERAL_PASSES}:
        return TextReading(Phase.MULTIPLE, written)
    if senses & {Sense.CONTRAST, Sense.VAGUE} or delays:
        return TextReading(Phase.CONTRAST_UNSPECIFIED, written)
    return TextReading(Phase.UNDETERMINED, written)
