"""What a power cut or a ``kill -9`` leaves of a case folder, and whether anything was lost.

Two ways, since neither is enough alone:

* ``RecordingDisk`` writes down every act of a session. ``disk_states`` rebuilds, for every moment of
  the session, disks that a power cut could legally leave: bytes that were not synced may be missing,
  cut short or zero, and names that were not synced may be missing, each by itself.
* ``python -m tests.crash_simulator kill ROUNDS SEED`` kills a real process that saves as fast as it
  can. The page cache survives that, so it shows the order of the acts, not the syncs.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.small_case import small_study, state
from workup.case.disk_files import Disk
from workup.case.store_files import CaseStore
from workup.errors import CaseError


class RecordingDisk(Disk):
    """Does everything, and notes it; acts named in ``omit`` are neither done nor noted."""

    def __init__(self, omit=()):
        self.acts = []
        self.omit = set(omit)

    def acknowledge(self, **fact):
        self.acts.append(("acknowledged", fact))


def _recorded(name):
    def act(self, *arguments):
        if name in self.omit:
            return
        getattr(super(RecordingDisk, self), name)(*arguments)
        self.acts.append((name, arguments))

    return act


for _name in (
    "make_folder",
    "write_new",
    "append",
    "truncate",
    "sync_file",
    "sync_folder",
    "rename",
    "remove",
):
    setattr(RecordingDisk, _name, _recorded(_name))


@dataclass
class File:
    durable: bytes = b""
    now: bytes = b""


@dataclass
class Folder:
    durable: dict = field(default_factory=dict)
    now: dict = field(default_factory=dict)
    pending: list = field(default_factory=list)  # changes of names since the last sync

    def change(self, change):
        self.pending.append(change)
        apply_change(self.now, change)


def apply_change(names, change):
    """One change of names: the old name goes, the new one points to its thing. Atomic."""
    old, new, thing = change
    if old is not None:
        names.pop(old, None)
    if new is not None:
        names[new] = thing


class ModelDisk:
    """What the acts did, and what of it is certain to survive."""

    def __init__(self, root):
        self.root = Path(root)
        self.top = Folder()

    def at(self, path):
        thing = self.top
        for part in Path(path).absolute().relative_to(self.root.absolute()).parts:
            thing = thing.now[part]
        return thing

    def do(self, name, arguments):
        path = Path(arguments[0])
        match name:
            case "make_folder":
                self.at(path.parent).change((None, path.name, Folder()))
            case "write_new":
                self.at(path.parent).change((None, path.name, File(now=arguments[1])))
            case "append":
                self.at(path).now += arguments[1]
            case "truncate":
                self.at(path).now = self.at(path).now[: arguments[1]]
            case "sync_file":
                self.at(path).durable = self.at(path).now
            case "sync_folder":
                folder = self.at(path)
                folder.durable, folder.pending = dict(folder.now), []
            case "rename":
                new = Path(arguments[1])
                assert new.parent == path.parent, "a rename between folders is not atomic on every disk"
                self.at(path.parent).change((path.name, new.name, self.at(path)))
            case "remove":
                self.at(path.parent).change((path.name, None, None))

    def leave(self, where, luck):
        """Write one disk that a power cut now could leave."""
        self._leave_folder(self.top, Path(where), luck)

    def _leave_folder(self, folder, where, luck):
        names = dict(folder.durable)
        for change in _survivors(folder.pending, luck):
            apply_change(names, change)
        for name, thing in names.items():
            if isinstance(thing, Folder):
                (where / name).mkdir()
                self._leave_folder(thing, where / name, luck)
            else:
                (where / name).write_bytes(_left_bytes(thing, luck))


def _survivors(pending, luck):
    match luck.choice(("all", "none", "first", "any")):
        case "all":
            return pending
        case "none":
            return []
        case "first":
            return pending[: luck.randint(0, len(pending))]
    return [change for change in pending if luck.random() < 0.5]


def _left_bytes(file, luck):
    if file.durable == file.now:
        return file.now
    kept = len(file.durable) if file.now.startswith(file.durable) else 0
    match luck.choice(("new", "old", "cut", "zero")):
        case "new":
            return file.now
        case "old":
            return file.durable
        case "cut":
            return file.now[: luck.randint(kept, len(file.now))]
    return file.now[:kept] + bytes(len(file.now) - kept)


def record_session(root, disk, saves=3):
    """A session with every kind of act: create, save, autosave, set aside, sign; what it acknowledged."""
    folder = Path(root) / "case"
    store = CaseStore.create(folder, small_study(), "case-1", "Reader A", disk=disk)
    disk.acknowledge(created=True)
    for token in range(1, saves + 1):
        store.autosave(state(100 + token))
        disk.acknowledge(autosave=100 + token)
        disk.acknowledge(version=store.save(state(token), why=f"save {token}"), token=token)
    store.autosave(state(200))
    disk.acknowledge(autosave=200)
    disk.acknowledge(version=store.set_aside(store.pending_autosave("Reader A")), token=200)
    disk.acknowledge(read=store.sign("Reader A", {"report.json": b'{"a":1}'}))
    return disk.acts


def disk_states(acts, root, each=6, seed=0):
    """For every moment of a session: (acknowledged facts, disk that could be left), ``each`` times."""
    luck = random.Random(seed)
    model, acknowledged = ModelDisk(root), []
    for name, arguments in [*acts, ("end", ())]:
        if name == "acknowledged":
            acknowledged.append(arguments)
        elif name != "end":
            model.do(name, arguments)
        if name.startswith("sync_"):
            continue  # fewer disks than a moment before; the acknowledgement that follows is looked at
        for _ in range(each):
            with tempfile.TemporaryDirectory() as where:
                model.leave(where, luck)
                yield list(acknowledged), Path(where) / "case"


def losses(acknowledged, folder):
    """What is missing or unreadable in a left folder, in words; empty if nothing is lost."""
    if not folder.exists():
        return ["the case is gone"] if acknowledged else []
    try:
        store = CaseStore.open(folder)
        problems = [p for p in store.verify() if p.code != "IMAGE_MISSING"]
        lost = [f"{p.code} {p.path}" for p in problems]
        if store.trouble:
            lost.append(f"cannot be written: {store.trouble.code}")
        lost += [word for fact in acknowledged for word in _missing(store, fact, acknowledged)]
        store.save(state(999), why="after the crash")
    except (CaseError, OSError, ValueError, KeyError) as error:
        return [f"unreadable: {type(error).__name__} {error}"]
    return lost


def _missing(store, fact, acknowledged):
    if "version" in fact and store.load(fact["version"]).notes["token"] != fact["token"]:
        yield f"version {fact['version']} holds something else"
    if "read" in fact and fact["read"] not in [read.n for read in store.history().signed]:
        yield f"read {fact['read']} is gone"
    if "autosave" in fact:
        later = [f for f in acknowledged[acknowledged.index(fact) + 1 :] if "autosave" in f or "version" in f]
        pending = store.pending_autosave("Reader A")
        finished = [v.number for v in store.history().versions]
        newest = max(finished, default=0)
        kept = pending is not None and pending.state.notes["token"] >= fact["autosave"]
        replaced = newest > max((f["version"] for f in acknowledged if "version" in f), default=0)
        if not later and not kept and not replaced:
            yield f"autosave {fact['autosave']} is gone"


# -- kill -9 ---------------------------------------------------------------------------------------


def _save_forever(folder, pipe, token):
    store = CaseStore.open(folder)
    while True:
        token += 1
        if token % 3 == 0:
            store.autosave(state(token))
            fact = {"autosave": token}
        else:
            fact = {"version": store.save(state(token), why="kill test"), "token": token}
        os.write(pipe, json.dumps(fact).encode() + b"\n")


def kill_rounds(rounds, seed, each_case=10):
    """Kill a saving process ``rounds`` times; counts of what was acknowledged, lost, recovered.

    ``awaited`` is how many acknowledgements the kills waited for: it depends on the seed alone, so that
    a slow machine takes longer and shows no less.
    """
    luck = random.Random(seed)
    counts = {"rounds": 0, "awaited": 0, "acknowledged": 0, "lost": 0, "recovered": 0, "leftovers": 0}
    examples = []
    while counts["rounds"] < rounds:
        with tempfile.TemporaryDirectory() as where:
            folder = Path(where) / "case"
            CaseStore.create(folder, small_study(), "case-1", "Reader A")
            facts = []
            for _ in range(min(each_case, rounds - counts["rounds"])):
                awaited = luck.choice((0, 1, 1, 2, 3))
                told = _killed(folder, awaited, luck.random(), counts["rounds"] * 1000)
                counts["awaited"] += awaited
                counts["acknowledged"] += len(told)
                facts += told
                counts["leftovers"] += sum(1 for _ in folder.rglob(".tmp-*"))
                lost = losses(facts, folder)
                counts["lost"] += len(lost)
                examples += lost[:3]
                facts = [f for f in facts if "version" in f]
                counts["rounds"] += 1
            history = CaseStore.open(folder).history()
            counts["recovered"] += sum(v.how == "recovered" for v in history.versions)
    return {**counts, "examples": examples}


#: A kill comes at most this long after the acknowledgements it waited for: about one save of a machine
#: with nothing else to do. [s]
_LEAST_SPREAD_S = 0.1


def _killed(folder, awaited, moment, token):
    """What a saving process acknowledged before it was killed.

    Parameters
    ----------
    folder
        The case.
    awaited
        Acknowledgements to wait for; with 0 the kill can hit the opening of the case.
    moment
        In 0 to 1: how far into the save that follows, by the time that this machine took for one.
    token
        First number of the states saved.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            _save_forever(folder, writing, token)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        began = time.monotonic()
        told = b"".join(stream.readline() for _ in range(awaited))
        one_save_s = (time.monotonic() - began) / max(awaited, 1)
        time.sleep(moment * max(one_save_s, _LEAST_SPREAD_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        lines = (told + stream.read()).split(b"\n")
    return [json.loads(line) for line in lines[:-1]]


if __name__ == "__main__":
    print(json.dumps(kill_rounds(int(sys.argv[2]), int(sys.argv[3]))))
