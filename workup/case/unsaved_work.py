"""What sessions of a reader left unsaved, as the next one finds it.

A session keeps one autosave until it saves; after a crash the next session goes on from the newest and sets
the rest aside as versions that do not count. So nothing is lost, and nobody works on two states at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from workup.case.autosave_codec import Autosave
from workup.case.store_files import CaseStore


@dataclass(frozen=True, eq=False)
class UnsavedWork:
    """Work that its session did not save, as another session found it.

    Attributes
    ----------
    version : int or None
        The version that does not count by which it was set aside; None where it was not.
    saved_since : int or None
        The version that the same reader saved after it, in another session; None without.
    """

    kept: Autosave
    version: int | None
    saved_since: int | None


def unsaved_work(store: CaseStore, who: str | None = None) -> tuple[UnsavedWork, ...]:
    """What other sessions of the reader left, newest last; nothing is changed.

    Without a name it is the work of whoever was the last to leave some.
    """
    others = [kept for kept in store.pending_autosaves(who) if kept.session != store.session]
    return tuple(_found(store, kept) for kept in others if kept.reader == others[-1].reader)


def take_up(store: CaseStore, who: str | None = None) -> tuple[UnsavedWork, ...]:
    """Make the newest of ``unsaved_work`` this session's own, and set the rest aside; newest last.

    Nothing is taken up over a later save of the same reader: then all of it is set aside.

    Raises
    ------
    CaseError
        As ``CaseStore.save``, where nothing can be written.
    """
    with store.writer():
        store.recover()
        found = unsaved_work(store, who)
        taken = found[-1:] if found and found[-1].saved_since is None else ()
        for work in taken:
            store.adopt(work.kept)
        rest = found[: len(found) - len(taken)]
        return (*(replace(work, version=store.set_aside(work.kept)) for work in rest), *taken)


def _found(store: CaseStore, kept: Autosave) -> UnsavedWork:
    latest = store.history().latest_version(kept.reader)
    return UnsavedWork(kept, None, latest.number if latest and latest.n > kept.log_n else None)
