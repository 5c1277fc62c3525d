"""Which read answers for a case: never simply that of whoever saved last, once two readers have signed."""

from __future__ import annotations

from dataclasses import dataclass

from workup.case.adjudication import Adjudication, adjudicate, discordances
from workup.case.reads import History, SavedVersion, SignedRead
from workup.errors import CaseError


@dataclass(frozen=True)
class Standing:
    """The version that answers for a case, and what its readers say of it.

    Attributes
    ----------
    version : SavedVersion or None
        None as long as nobody has saved.
    signed : SignedRead or None
        The signature that this version bears and that may count as the case's; None also for a signed
        read that another one contradicts, unless that was settled in its favor.
    words : str
        Whose read this is, and what became of the others; empty where one reader alone has saved.
    """

    version: SavedVersion | None
    signed: SignedRead | None
    words: str = ""


def standing(history: History, who: str | None = None) -> Standing:
    """Whose version answers for a case.

    Where two readers have signed and differ: the later signed read of a third reader, else the read that
    every decision of the adjudicator was made for. Where they agree, or fewer have signed: the newest
    version.

    Parameters
    ----------
    history
        What the case's log tells.
    who
        The reader whose own newest version is wanted, whatever the others say.

    Raises
    ------
    CaseError
        ``READS_DISAGREE`` if signed reads differ and no signed read says what was decided; with ``who``,
        ``NO_VERSION`` if that reader saved none.
    """
    state = _compared(history)
    if who is not None:
        return _of_reader(history, who, state)
    if state is None:
        return _bearing(history, history.latest_version(), state)
    if not state.discordances:
        readers = (state.first.reader, state.second.reader)
        newest = max((v for r in readers if (v := history.latest_version(r))), key=lambda v: v.number)
        return _bearing(history, newest, state)
    read = _standing_read(history, state)
    if read is None:
        raise CaseError(
            "READS_DISAGREE",
            f"{state.first.reader} and {state.second.reader} signed reads that differ in "
            f"{len(state.discordances)} items, of which {len(state.open)} are open",
            expected="one signed read that says what was decided",
            advice=f"{_NEXT_STEP[not state.open]}; --who NAME assesses one reader's own read",
            details={"differ": [d.id for d in state.discordances], "open": [d.id for d in state.open]},
        )
    return Standing(
        history.version(read.version), read, _words(history, history.version(read.version), read, state)
    )


#: What to do about reads that differ, by whether everything is decided.
_NEXT_STEP = {
    False: "Settle them with `veinvasion case adjudicate`",
    True: "Decisions went to both sides: the third reader saves and signs a read that holds them",
}


def _compared(history: History) -> Adjudication | None:
    try:
        return adjudicate(history)
    except CaseError as error:
        if error.code != "READS_MISSING":
            raise
        return None


def _third(history: History, state: Adjudication) -> SignedRead | None:
    """The signed read of a third reader who knew both reads; the planned one, if there is a plan."""
    readers = (state.first.reader, state.second.reader)
    later = (
        read
        for read in reversed(history.signed)
        if read.n > max(state.first.n, state.second.n)
        and read.reader not in readers
        and history.plan.adjudicator in (None, read.reader)
    )
    return next(later, None)


def _standing_read(history: History, state: Adjudication) -> SignedRead | None:
    """The signed read that says what the case's readers came to; None if none does."""
    third = _third(history, state)
    if third is not None or not state.settled:
        return third
    decided = [(d, state.decisions[d.id].value) for d in state.discordances]
    if all(value == d.first for d, value in decided):
        return state.first
    return state.second if all(value == d.second for d, value in decided) else None


def _of_reader(history: History, who: str, state: Adjudication | None) -> Standing:
    version = history.latest_version(who)
    if version is None:
        raise CaseError("NO_VERSION", f"{who!r} has saved no version of this case")
    return _bearing(history, version, state)


def _bearing(history: History, version: SavedVersion | None, state: Adjudication | None) -> Standing:
    """A version with its signature, as far as no other signed read stands against it."""
    if version is None:
        return Standing(None, None)
    read = history.current_read(version.reader)
    if read is None or read.version != version.number:
        return Standing(version, None, _words(history, version, None, state))
    against = [o for o in history.current_reads if o.reader != read.reader and _differ(o, read)]
    if state is not None and state.discordances:
        chosen = _standing_read(history, state)
        stands = not against if chosen is None else chosen.n == read.n or not _differ(chosen, read)
    else:
        stands = not against
    return Standing(version, read if stands else None, _words(history, version, read, state))


def _differ(one: SignedRead, other: SignedRead) -> bool:
    return bool(discordances(one.summary, other.summary))


def _words(
    history: History, version: SavedVersion, read: SignedRead | None, state: Adjudication | None
) -> str:
    if all(v.reader == version.reader for v in history.versions):
        return ""  # there is no other's read to be told from
    signed = f"signed on {read.when[:10]}" if read else "not signed"
    words = f"Assessed is version {version.number}, by {version.reader}, {signed}."
    if state is None or not state.discordances:
        return words
    items = "; ".join(
        f"{d.subject}: {d.first} | {d.second}, {_decision(state, d.id)}" for d in state.discordances
    )
    return f"{words} The signed reads of {state.first.reader} and {state.second.reader} differ: {items}."


def _decision(state: Adjudication, item: str) -> str:
    decision = state.decisions.get(item)
    return f"decided {decision.value} by {decision.who}" if decision else "open"
