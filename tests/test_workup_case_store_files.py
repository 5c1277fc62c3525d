"""Nothing that was acknowledged is ever lost, and every changed byte is found."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.crash_simulator import RecordingDisk, disk_states, losses, record_session
from tests.small_case import random_region, same_state, small_study, state
from workup.case.disk_files import Disk
from workup.case.state import CaseState
from workup.case.state_codec import decode_state, encode_state
from workup.case.store_files import CaseStore
from workup.case.strict_json import canonical, parse
from workup.case.unsaved_work import take_up
from workup.errors import CaseError

ROOT = Path(__file__).parent.parent


@pytest.fixture
def store(tmp_path):
    return CaseStore.create(tmp_path / "case", small_study(), "case-1", "Reader A")


def code_of(action, *arguments, **named):
    with pytest.raises(CaseError) as caught:
        action(*arguments, **named)
    return caught.value.code


def problems(store):
    return [p for p in store.verify() if p.code != "IMAGE_MISSING"]  # the images are made in memory


# -- what is saved comes back ----------------------------------------------------------------------


def test_a_saved_state_comes_back_bit_for_bit(store):
    number = store.save(state(7), why="first")

    assert same_state(CaseStore.open(store.folder).load(number), state(7))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 4))
def test_overlapping_masks_on_oblique_grids_keep_every_voxel(seed, count):
    made = np.random.default_rng(seed)
    given_state = CaseState(regions=tuple(random_region(made, f"r{i}") for i in range(count)))

    document, masks = encode_state(given_state)

    assert same_state(decode_state(parse(canonical(document)), masks), given_state)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False)
    | st.floats(allow_nan=False, allow_infinity=False) | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["$date", "$$x"]), inner),
    max_leaves=12,
)  # fmt: skip


@given(values)
def test_strict_json_is_its_own_inverse(value):
    assert parse(canonical(value)) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, {"a": object()}, b"bytes"])
def test_what_json_cannot_say_is_refused(value):
    assert code_of(canonical, value) == "NOT_JSON"


def test_every_version_stays_as_it_was(store):
    for token in range(1, 6):
        store.save(state(token))

    assert [store.load(n).notes["token"] for n in range(1, 6)] == [1, 2, 3, 4, 5]
    assert problems(store) == []


def test_the_log_tells_who_when_what_and_why(store):
    store.save(state(1), why="outlined the thrombus")
    entry = store.log()[-1]

    assert (entry.who, entry.what, entry.why) == ("Reader A", "saved", "outlined the thrombus")
    assert datetime.fromisoformat(entry.when).utcoffset() is not None


def test_a_case_is_private_to_its_owner(store):
    store.save(state(1))
    modes = {oct(p.stat().st_mode & 0o077) for p in [store.folder, *store.folder.rglob("*")]}

    assert modes == {"0o0"}


# -- autosave --------------------------------------------------------------------------------------


def test_an_autosave_is_offered_until_a_real_save(store):
    store.save(state(1))
    store.autosave(state(2))

    reopened = CaseStore.open(store.folder)
    assert same_state(reopened.pending_autosave("Reader A").state, state(2))

    reopened.save(take_up(reopened, "Reader A")[-1].kept.state)
    assert reopened.pending_autosave() is None
    assert reopened.load().notes["token"] == 2


def test_an_unwanted_autosave_is_set_aside_and_not_lost(store):
    store.save(state(1))
    store.autosave(state(2))
    number = store.set_aside(store.pending_autosave("Reader A"))

    assert store.load().notes["token"] == 1
    assert store.load(number).notes["token"] == 2
    assert store.pending_autosave() is None


def test_two_readers_autosave_beside_each_other(store):
    store.autosave(state(1, "Reader A"))
    store.autosave(state(2, "Reader B"))

    assert store.pending_autosave("Reader A").state.notes["token"] == 1
    assert store.pending_autosave("Reader B").state.notes["token"] == 2


def test_two_windows_of_one_reader_autosave_beside_each_other(store):
    here, there = CaseStore.open(store.folder), CaseStore.open(store.folder)
    here.autosave(state(1))
    there.autosave(state(2))
    here.autosave(state(3))
    assert [kept.state.notes["token"] for kept in store.pending_autosaves("Reader A")] == [2, 3]

    here.save(state(4))  # holds this window's work, not the other's
    assert [kept.state.notes["token"] for kept in store.pending_autosaves("Reader A")] == [2]
    assert problems(store) == []


def test_the_newest_unsaved_work_is_taken_up_and_the_rest_set_aside(store):
    for token in (1, 2):
        CaseStore.open(store.folder).autosave(state(token))
    CaseStore.open(store.folder).autosave(state(9, "Reader B"))
    window = CaseStore.open(store.folder)
    found = take_up(window, "Reader A")

    assert [(w.kept.state.notes["token"], w.version, w.saved_since) for w in found] == [
        (1, 1, None),
        (2, None, None),
    ]
    assert window.load(1).notes["token"] == 1
    assert [kept.state.notes["token"] for kept in window.pending_autosaves("Reader A")] == [2]
    assert take_up(window, "Reader A") == ()  # its own now
    window.save(state(3))  # what was set aside is no save of another window
    assert window.pending_autosaves("Reader A") == ()
    assert window.pending_autosave("Reader B").state.notes["token"] == 9


def test_unsaved_work_is_not_taken_up_over_a_later_save(store):
    CaseStore.open(store.folder).autosave(state(1))
    number = CaseStore.open(store.folder).save(state(2))
    (found,) = take_up(CaseStore.open(store.folder), "Reader A")

    assert (found.version, found.saved_since) == (number + 1, number)
    assert store.load().notes["token"] == 2
    assert store.pending_autosaves() == ()


def test_work_set_aside_under_an_open_window_does_not_refuse_its_save(store):
    window = CaseStore.open(store.folder)
    window.load(who="Reader A")
    window.autosave(state(1))
    CaseStore.open(store.folder).autosave(state(2))
    take_up(CaseStore.open(store.folder), "Reader A")  # sets 1 aside

    assert window.save(state(3)) == 2


# -- crashes ---------------------------------------------------------------------------------------


def test_no_power_cut_loses_what_was_acknowledged(tmp_path):
    acts = record_session(tmp_path, RecordingDisk(), saves=2)
    found = [losses(facts, folder) for facts, folder in disk_states(acts, tmp_path, each=5)]

    assert len(found) >= 250
    assert [lost for lost in found if lost] == []


@pytest.mark.parametrize("omitted", ["sync_file", "sync_folder"])
def test_without_its_syncs_the_store_would_lose_saves(tmp_path, omitted):
    """The simulator bites: the same session without one kind of sync loses acknowledged work."""
    acts = record_session(tmp_path, RecordingDisk(omit={omitted}), saves=1)
    found = [losses(facts, folder) for facts, folder in disk_states(acts, tmp_path, each=1)]

    assert sum(bool(lost) for lost in found) > len(found) // 20


def killed(rounds, seed):
    command = [sys.executable, "-m", "tests.crash_simulator", "kill", str(rounds), str(seed)]
    longest_s = 60 + 10 * rounds  # a process that saves nothing would be waited for without end
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=longest_s)
    return json.loads(done.stdout)


def test_kill_9_loses_no_acknowledged_save():
    counts = killed(30, 1)

    assert (counts["rounds"], counts["lost"]) == (30, 0), counts
    assert counts["acknowledged"] >= counts["awaited"] > 30


@pytest.mark.long
def test_kill_9_three_hundred_times():
    counts = killed(300, 2)

    assert (counts["rounds"], counts["lost"]) == (300, 0), counts
    assert counts["acknowledged"] >= counts["awaited"] > 300


@pytest.mark.long
def test_no_power_cut_loses_what_was_acknowledged_in_a_long_session(tmp_path):
    acts = record_session(tmp_path, RecordingDisk(), saves=8)
    found = [losses(facts, folder) for facts, folder in disk_states(acts, tmp_path, each=6, seed=3)]

    assert len(found) >= 700
    assert [lost for lost in found if lost] == []


# -- a disk that refuses ---------------------------------------------------------------------------


class RefusingDisk(Disk):
    """Raises a given error at the n-th act."""

    ACTS = ("make_folder", "write_new", "append", "sync_file", "sync_folder", "rename", "remove")

    def __init__(self, refuse_at, number):
        self.left = refuse_at
        self.number = number

    def __getattribute__(self, name):
        if name in RefusingDisk.ACTS:
            self.left -= 1
            if self.left == 0:
                raise OSError(self.number, os.strerror(self.number))
        return super().__getattribute__(name)


@pytest.mark.parametrize(("number", "code"), [(28, "DISK_FULL"), (30, "READ_ONLY"), (5, "DISK_ERROR")])
def test_whatever_act_a_disk_refuses_nothing_is_lost(store, number, code):
    store.save(state(1))
    refused = 0
    for act in range(1, 40):
        failing = CaseStore.open(store.folder, disk=RefusingDisk(act, number))
        try:
            failing.save(state(100 + act), why="on a failing disk")
        except CaseError as error:
            refused += 1
            assert error.code == code
        healthy = CaseStore.open(store.folder)
        assert problems(healthy) == []
        assert healthy.load(1).notes["token"] == 1
        assert healthy.save(state(act)) > 1

    assert refused > 10


def test_a_save_can_be_repeated_after_the_disk_refused_to_log_it(store):
    store.save(state(1))
    failing = CaseStore.open(store.folder, disk=RefusingDisk(10_000, 28))
    failing.load()
    failing._journal.disk.left = 9  # the append to the log
    assert code_of(failing.save, state(2)) == "DISK_FULL"

    number = failing.save(state(2))

    assert failing.load().notes["token"] == 2
    assert number in [v.number for v in failing.history().versions]


def mounted(tmp_path, *commands):
    """Run a script in a mount namespace of its own; skip where the machine does not allow one."""
    script = " && ".join(["set -e", *commands])
    probe = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("this machine allows no mount namespace")
    return subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, check=False)


SAVE_UNTIL_REFUSED = """
import sys
from tests.small_case import state
from workup.case.store_files import CaseStore
from workup.errors import CaseError
store, done = CaseStore.open(sys.argv[1]), 0
try:
    for token in range(1, 2000):
        store.save(state(token)); done = token
except CaseError as error:
    print(error.code, done)
again = CaseStore.open(sys.argv[1])
assert [again.load(n).notes["token"] for n in range(1, done + 1)] == list(range(1, done + 1))
assert [p.code for p in again.verify() if p.code not in ("IMAGE_MISSING", "LEFTOVER", "NOT_LOGGED")] == []
print("kept", done)
"""


def test_a_full_disk_is_said_and_loses_nothing(store, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SAVE_UNTIL_REFUSED)
    mount = tmp_path / "small"
    mount.mkdir()
    done = mounted(
        tmp_path,
        f"mount -t tmpfs -o size=400k tmpfs {mount}",
        f"cp -r {store.folder} {mount}/case",
        f"cd {ROOT}",
        f"PYTHONPATH={ROOT} {sys.executable} {script} {mount}/case",
    )

    first, last = done.stdout.splitlines()
    assert first.split()[0] == "DISK_FULL", done.stderr
    assert int(last.split()[1]) > 3


def test_a_file_size_limit_is_said_and_loses_nothing(store, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SAVE_UNTIL_REFUSED)
    limit = f"ulimit -f 8; cd {ROOT}; PYTHONPATH={ROOT} {sys.executable} {script} {store.folder}"
    done = subprocess.run(["sh", "-c", limit], capture_output=True, text=True, check=False)

    assert done.stdout.splitlines()[0].split()[0] == "DISK_FULL", done.stderr
    assert int(done.stdout.splitlines()[1].split()[1]) > 1
    assert problems(CaseStore.open(store.folder)) == []  # with room again, what was finished is logged


def test_a_read_only_folder_can_be_read_and_says_so_on_saving(store, tmp_path):
    store.save(state(1))
    script = tmp_path / "script.py"
    script.write_text(SAVE_UNTIL_REFUSED.replace("done = CaseStore.open(sys.argv[1]), 0",
                                                 "done = CaseStore.open(sys.argv[1]), 1"))  # fmt: skip
    done = mounted(
        tmp_path,
        f"mount --bind {store.folder} {store.folder}",
        f"mount -o remount,bind,ro {store.folder}",
        f"cd {ROOT}",
        f"PYTHONPATH={ROOT} {sys.executable} {script} {store.folder}",
    )

    assert done.stdout.splitlines() == ["READ_ONLY 1", "kept 1"], done.stderr


# -- clocks and other writers ----------------------------------------------------------------------


class StubbornClock(Disk):
    """A machine whose clock is set by hand."""

    time = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=9)))

    def now(self):
        return self.time


def test_a_clock_that_goes_backwards_changes_no_order(tmp_path):
    machine = StubbornClock()
    store = CaseStore.create(tmp_path / "case", small_study(), "case-1", "Reader A", disk=machine)
    store.save(state(1))
    machine.time -= timedelta(days=400)
    store.save(state(2))

    assert store.load().notes["token"] == 2
    assert store.log()[-1].data["clock_behind_s"] == 400 * 86400
    assert problems(store) == []


def test_a_second_writer_is_told_and_writes_nothing(store):
    other = CaseStore.open(store.folder)
    with store.writer(), pytest.raises(CaseError) as caught, other.writer(patience_s=0.05):
        pass

    assert caught.value.code == "CASE_LOCKED"
    assert len(store.log()) == 1


def test_a_save_over_unseen_work_is_refused_and_kept_as_an_autosave(store):
    store.save(state(1))
    here, there = CaseStore.open(store.folder), CaseStore.open(store.folder)
    here.load(), there.load()
    there.save(state(2))

    assert code_of(here.save, state(3)) == "CASE_CHANGED"
    assert here.pending_autosave("Reader A").state.notes["token"] == 3
    assert here.load().notes["token"] == 2


@pytest.mark.parametrize("loads", [True, False], ids=["loaded", "not loaded"])
def test_the_first_save_of_two_windows_is_no_exception(store, loads):
    here, there = CaseStore.open(store.folder), CaseStore.open(store.folder)
    if loads:
        here.load(who="Reader A"), there.load(who="Reader A")
    there.save(state(1))

    assert code_of(here.save, state(2)) == "CASE_CHANGED"
    assert here.pending_autosave("Reader A").state.notes["token"] == 2
    assert code_of(CaseStore.open(store.folder, seen=0).save, state(3)) == "CASE_CHANGED"
    assert CaseStore.open(store.folder).save(state(4)) == 2
    there.save(state(5, "Reader B"), "Reader B")  # another reader's saves are no matter


@pytest.mark.parametrize("key", ["images", "sop_instance_uid", "acquisitions", "folder"])
def test_a_changed_key_of_source_json_is_told_as_such(key, store):
    path = store.folder / "source.json"
    path.write_bytes(path.read_bytes().replace(f'"{key}"'.encode(), f'"{key[:-1]}x"'.encode(), 1))

    assert [(p.code, p.path) for p in store.verify()] == [("CHANGED", "source.json")]


def test_two_readers_save_into_one_case_at_the_same_time(store):
    script = (
        "import sys; from tests.small_case import state; from workup.case.store_files import CaseStore\n"
        "for t in range(12): CaseStore.open(sys.argv[1]).save(state(t, sys.argv[2]))"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(store.folder), name], cwd=ROOT)
        for name in ("Reader A", "Reader B")
    ]

    assert [w.wait() for w in writers] == [0, 0]
    assert sorted(v.number for v in store.history().versions) == list(range(1, 25))
    assert problems(store) == []


def test_a_folder_that_holds_something_is_not_made_a_case(tmp_path, store):
    assert code_of(CaseStore.create, store.folder, small_study(), "x", "A") == "CASE_EXISTS"
    assert code_of(CaseStore.open, tmp_path) == "NO_CASE"


# -- verify ----------------------------------------------------------------------------------------


@pytest.fixture
def full_case(tmp_path):
    store = CaseStore.create(tmp_path / "full", small_study(), "case-1", "Reader A")
    for token in range(3):
        store.save(state(token), why="outlined")
    store.sign("Reader A", {"report.json": b'{"status":"PASS"}', "report.html": b"<p>report</p>"})
    store.autosave(state(9))
    return store


def test_each_of_a_thousand_changed_bytes_is_found(full_case):
    luck = random.Random(5)
    files = [p for p in full_case.folder.rglob("*") if p.is_file() and p.stat().st_size]
    sizes = [p.stat().st_size for p in files]
    missed = []
    for _ in range(1000):
        path = luck.choices(files, sizes)[0]
        before = path.read_bytes()
        place, change = luck.randrange(len(before)), luck.randrange(1, 256)
        path.write_bytes(before[:place] + bytes([before[place] ^ change]) + before[place + 1 :])
        if not problems(full_case):
            missed.append((path.name, place, change))
        path.write_bytes(before)

    assert missed == []
    assert problems(full_case) == []


LINES_WRONG = {
    "a line in the middle is gone": lambda lines: lines[:2] + lines[3:],
    "the first line is gone": lambda lines: lines[1:],
    "the last line is gone": lambda lines: lines[:-1],
    "two lines changed places": lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
    "a line stands twice": lambda lines: [*lines[:2], lines[1], *lines[2:]],
    "everything is gone": lambda lines: [],
}


@pytest.mark.parametrize("wrong", LINES_WRONG.values(), ids=LINES_WRONG)
def test_a_removed_or_reordered_log_line_is_found(full_case, wrong):
    log = full_case.folder / "log.jsonl"
    log.write_bytes(b"".join(wrong(log.read_bytes().splitlines(keepends=True))))

    assert "LOG_DAMAGED" in {p.code for p in problems(full_case)}
    damaged = CaseStore.open(full_case.folder)
    assert damaged.trouble.code == "LOG_DAMAGED"
    assert code_of(damaged.save, state(3)) == "LOG_DAMAGED"


def test_files_that_appear_or_vanish_are_found(full_case):
    (full_case.folder / "versions" / "000002" / "masks.bin").unlink()
    (full_case.folder / "versions" / "000009").mkdir()
    (full_case.folder / "versions" / "000009" / "meta.json").write_text("{}")
    (full_case.folder / "notes.txt").write_text("hello")

    found = {(p.code, p.path) for p in problems(full_case)}
    assert ("MISSING", "versions/000002/masks.bin") in found
    assert ("NOT_LOGGED", "versions/000009/meta.json") in found
    assert ("UNEXPECTED", "notes.txt") in found


def test_a_damaged_version_is_refused_and_the_others_still_read(full_case):
    path = full_case.folder / "versions" / "000002" / "masks.bin"
    path.write_bytes(path.read_bytes()[:-1] + b"?")

    assert code_of(full_case.load, 2) == "VERSION_DAMAGED"
    assert full_case.load(1).notes["token"] == 0
