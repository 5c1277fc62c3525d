"""The case folder: append-only, one atomic rename a save, nothing acknowledged before it is on the disk.

::

    case/
      lock                empty; held by the one writer
      log.jsonl           who, when, what, why: a hash chain (``log``)
      head.json           number and hash of the log's last acknowledged line
      source.json         the images it was read on (``source``)
      versions/000007/    meta.json, masks.bin (``state_codec``); never changed again
      autosave/           one file a reader and session, kept until its save; and how each looked at the case
      signed/000002/      the reports as signed, and read.json
      images/             only with ``copy_images``

``CaseStore`` is what everybody uses; ``journal_files`` holds how bytes get onto the disk.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from imaging.volume import Study
from workup.case.adjudication import decision_data
from workup.case.autosave_codec import Autosave, autosave_name, encode_autosave, view_name
from workup.case.case import Case
from workup.case.disk_files import Disk, told
from workup.case.journal_files import hashes
from workup.case.lock_files import PATIENCE_S
from workup.case.log import sha256
from workup.case.read_summary import summary_of
from workup.case.reader_files import ANONYMOUS, CaseReader
from workup.case.reads import (
    History,
    ReadPlan,
    ReadSummary,
    check_plan,
    check_reader,
    check_signature,
    replay,
)
from workup.case.software_files import software_lock
from workup.case.state import CaseState, case_of
from workup.case.state_codec import encode_state
from workup.case.strict_json import canonical
from workup.errors import CaseError

VERSION_FORMAT = "veinvasion-version"
VERSION_FORMAT_NUMBER = 1

#: What a signature says unless the signer says otherwise (21 CFR 11.50: name, time, meaning).
MEANING = "I have read these images and this report is my reading."

#: Refusals with which a case can still be opened to look at it.
_STILL_READABLE = ("CASE_LOCKED", "READ_ONLY", "DISK_FULL", "DISK_ERROR", "LOG_DAMAGED")


class CaseStore(CaseReader):
    """An open case folder. Make one with ``create`` or ``open``.

    Attributes
    ----------
    trouble : CaseError or None
        Why nothing can be written at the moment (read-only, damaged, another writer); None if all is
        well. Reading works all the same.
    session : str
        Names this session's autosave among those of its reader.
    """

    def __init__(self, folder: str | Path, *, disk: Disk | None = None) -> None:
        super().__init__(folder, disk=disk)
        self.trouble: CaseError | None = None
        self.session = secrets.token_hex(4)
        self._attempted: set[int] = set()  # versions this session finished, acknowledged or not
        self._seen = 0  # newest version when this session began, of whomever

    @classmethod
    def create(
        cls,
        folder: str | Path,
        study: Study,
        case_id: str,
        author: str,
        *,
        dicom_folder: str | Path | None = None,
        copy_images: bool = False,
        plan: ReadPlan | None = None,
        disk: Disk | None = None,
    ) -> CaseStore:
        """A new case folder for the images of ``study``; it appears whole or not at all.

        Parameters
        ----------
        folder
            Must be new or empty.
        study
            The images as loaded.
        case_id
            Name of the case; a pseudonym, since it stands in every log and report.
        author
            Who makes the case.
        dicom_folder
            Where the images lie; ``study.source`` by default.
        copy_images
            Copy the image files into the case instead of naming their folder.
        plan
            Two blinded readers and an adjudicator; nobody is blind without one.
        disk
            Where the acts go; tests give one that records or fails.

        Raises
        ------
        CaseError
            ``CASE_EXISTS``, ``BAD_READ_PLAN``, ``DISK_FULL``, ``READ_ONLY``.
        """
        from workup.case.new_files import write_new_case

        images = Path(dicom_folder or study.source) if (dicom_folder or study.source) else None
        write_new_case(
            Path(folder),
            study,
            case_id,
            author,
            images=images,
            copy_images=copy_images,
            plan=plan or ReadPlan(),
            disk=disk or Disk(),
        )
        return cls.open(folder, disk=disk)

    @classmethod
    def open(cls, folder: str | Path, *, disk: Disk | None = None, seen: int | None = None) -> CaseStore:
        """Open a case folder, finishing what a crash left half done.

        Parameters
        ----------
        folder
            The case folder.
        disk
            Where the acts go.
        seen
            Number of the newest version that the work to be saved knows of (0: of none); that of the
            folder as it is now by default.

        Raises
        ------
        CaseError
            ``NO_CASE`` if the folder holds none.
        """
        store = cls(folder, disk=disk)
        if not (store.folder / "log.jsonl").is_file():
            raise CaseError("NO_CASE", f"{store.folder.name!r} is no case folder", expected="log.jsonl in it")
        try:
            with store.writer(patience_s=0):
                store._journal.recover()
        except CaseError as error:
            if error.code not in _STILL_READABLE:
                raise
            store.trouble = error
        store._seen = max((v.number for v in store.history().versions), default=0) if seen is None else seen
        return store

    def recover(self) -> None:
        """Finish what a crash left half done.

        Raises
        ------
        CaseError
            ``CASE_LOCKED``, ``DISK_FULL``, ``READ_ONLY``, ``LOG_DAMAGED``.
        """
        with self.writer():
            self._journal.recover()

    def __enter__(self) -> CaseStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is buffered, so there is nothing to close."""

    @contextlib.contextmanager
    def writer(self, patience_s: float = PATIENCE_S) -> Iterator[CaseStore]:
        """Hold the writer's lock over several acts; each act takes it by itself otherwise.

        Raises
        ------
        CaseError
            ``CASE_LOCKED`` if another program holds it for longer than ``patience_s``.
        """
        with self._journal.held(patience_s):
            yield self

    # -- saving ------------------------------------------------------------------------------------

    def save(self, state: CaseState, who: str | None = None, why: str = "") -> int:
        """Keep a state for good; its version number, once it is on the disk.

        Raises
        ------
        CaseError
            ``READER_NOT_PLANNED`` if others were to read, ``CASE_CHANGED`` if the same reader saved
            elsewhere since this store was opened (the state is autosaved), ``DISK_FULL``,
            ``READ_ONLY``, ``CASE_LOCKED``, ``LOG_DAMAGED``. Earlier versions are never touched.
        """
        reader = who or state.reader or ANONYMOUS
        with self.writer():
            history = replay(self._journal.recover())
            check_reader(history, reader)
            self._check_base(history, reader, state)
            return self._commit(state, reader, why, "saved")

    def _check_base(self, history: History, reader: str, state: CaseState) -> None:
        latest = history.latest_version(reader)
        newest = latest.number if latest else 0
        known = self._base.get(reader, self._seen)
        if newest > known and newest not in self._attempted:
            self.autosave(state, reader)
            raise CaseError(
                "CASE_CHANGED",
                f"version {newest} was saved by the same reader in another window",
                advice=f"Your work is kept as an autosave; load version {newest} and compare, then save",
                details={"version": newest},
            )

    def _commit(self, state: CaseState, reader: str, why: str, what: str, session: str | None = None) -> int:
        """Write a version; it settles the autosave of this session, or of the one that is given."""
        session = self.session if session is None else session
        number = max(self._journal.numbers("versions"), default=0) + 1
        document, masks = encode_state(state)
        meta = {
            "format": VERSION_FORMAT,
            "format_version": VERSION_FORMAT_NUMBER,
            "version": number,
            "reader": reader,
            "when": self._journal.disk.now().isoformat(),
            "why": why,
            "what": what,
            "software": {k: software_lock()[k] for k in ("veinvasion", "code_sha256")},
            "state": document,
        }
        files = {"meta.json": canonical(meta), "masks.bin": masks}
        self._attempted.add(number)
        self._journal.commit("versions", number, files)
        facts = {"version": number, "reader": reader, "files": hashes(files), "session": session}
        self._journal.append(who=reader, what=what, why=why, data=facts)
        if what == "saved":
            self._base[reader] = number
        self._drop_autosave(reader, session)
        return number

    # -- autosave ----------------------------------------------------------------------------------

    def autosave(self, state: CaseState, who: str | None = None) -> None:
        """Keep a state until this session's next save; only its newest one is kept."""
        reader = who or state.reader or ANONYMOUS
        journal = self._journal
        with self.writer():
            kept = self._autosave_of(reader, state)
            path = self.folder / "autosave" / autosave_name(reader, self.session)
            told(lambda: journal.disk.replace_synced(path, encode_autosave(kept)), "autosave")

    def keep_view(self, view: Mapping[str, Any], who: str | None = None) -> None:
        """Keep how a reader looks at the case (JSON values): presentation, no part of any version."""
        reader, journal = who or ANONYMOUS, self._journal
        with self.writer():
            kept = self._autosave_of(reader, CaseState(notes=view))
            path = self.folder / "autosave" / view_name(reader)
            told(lambda: journal.disk.replace_synced(path, encode_autosave(kept)), "keeping the view")

    def _autosave_of(self, reader: str, state: CaseState) -> Autosave:
        return Autosave(reader, self._journal.disk.now().isoformat(), len(self.log()), state, self.session)

    def adopt(self, kept: Autosave) -> None:
        """Make another session's unsaved work this session's own."""
        with self.writer():
            self.autosave(kept.state, kept.reader)  # on the disk under its new name before the old one goes
            self._drop_autosave(kept.reader, kept.session)

    def set_aside(self, kept: Autosave) -> int:
        """Make another session's unsaved work a version that does not count: nothing is lost; its number."""
        with self.writer():
            self._journal.recover()
            why = "unsaved work of another session"
            return self._commit(kept.state, kept.reader, why, "set_aside", kept.session)

    def _drop_autosave(self, reader: str, session: str) -> None:
        with contextlib.suppress(OSError):  # a stale one is told by the log and does no harm
            self._journal.disk.remove(self.folder / "autosave" / autosave_name(reader, session))

    # -- reads -------------------------------------------------------------------------------------

    def sign(
        self,
        who: str,
        reports: Mapping[str, bytes],
        *,
        version: int | None = None,
        summary: ReadSummary | None = None,
        meaning: str = MEANING,
        why: str = "",
    ) -> int:
        """Put the reader's name to a version and the reports made of it; the number of the read.

        Parameters
        ----------
        who
            The reader.
        reports
            File name -> bytes, kept as they are in ``signed/`` and bound by their sha256.
        version
            The reader's own; their newest by default.
        summary
            What is signed, for comparison with the other reader; made from the state by default.
        meaning
            What the signature says.
        why
            Needed where the reader signed before: the earlier read is superseded, not overwritten.
        """
        _check_names(reports)
        with self.writer():
            history = replay(self._journal.recover())
            newest = history.latest_version(who)
            number = version or (newest.number if newest else 0)
            supersedes = check_signature(history, number, who, why)
            saved = history.version(number)
            read = {
                "version": number,
                "meaning": meaning,
                "supersedes": supersedes,
                "summary": (summary or summary_of(self._state(number, saved.files))).document(),
                "bound": {
                    "reports": hashes(reports),
                    "version": dict(saved.files),
                    "source.json": sha256(self._journal.read("source.json")),
                    "software": software_lock(),
                },
            }
            return self._commit_signature(who, why, read, reports)

    def _commit_signature(
        self, who: str, why: str, read: Mapping[str, Any], reports: Mapping[str, bytes]
    ) -> int:
        act = {"who": who, "why": why, "when": self._journal.disk.now().isoformat(), "read": read}
        files = {**reports, "read.json": canonical(act)}
        folder = max(self._journal.numbers("signed"), default=0) + 1
        self._journal.commit("signed", folder, files)
        facts = {**read, "folder": folder, "files": hashes(files)}
        return self._journal.append(who=who, what="signed", why=why, data=facts).n

    def plan_reads(self, plan: ReadPlan, who: str) -> None:
        """Name two blinded readers and an adjudicator; only before anybody signed."""
        check_plan(plan)
        with self.writer():
            if replay(self._journal.recover()).signed:
                raise CaseError("BAD_READ_PLAN", "a read is signed already", expected="a plan before it")
            facts = {"readers": list(plan.readers), "adjudicator": plan.adjudicator}
            self._journal.append(who=who, what="reads_planned", data=facts)

    def adjudicate(self, who: str, discordance: str, choice: str, why: str) -> int:
        """Settle one discordance of the two signed reads; the number of the log entry.

        Raises
        ------
        CaseError
            As ``adjudication.decision_data``.
        """
        with self.writer():
            data = decision_data(replay(self._journal.recover()), who, discordance, choice, why)
            return self._journal.append(who=who, what="adjudicated", why=why, data=data).n

    def record_act(self, who: str, what: str, why: str = "", data: Mapping[str, Any] | None = None) -> int:
        """Write one more kind of act (an export, a decision) into the log; its number."""
        with self.writer():
            self._journal.recover()
            return self._journal.append(who=who, what=what, why=why, data=dict(data or {})).n


def read_store_case(
    folder: str | Path,
    *,
    version: int | None = None,
    who: str | None = None,
    images: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Case:
    """The case of a case folder, on the images it was read on: loaded, and compared with ``source.json``.

    Raises
    ------
    CaseError
        ``NO_IMAGES`` if they are not where the case says, ``IMAGES_CHANGED`` if an acquisition that
        was read on has other pixels or another place now.
    """
    from imaging.dicom.study_files import load_study
    from workup.case.source import images_of_case
    from workup.case.source_files import image_folder

    store = CaseStore.open(folder)
    source = store.source()
    loaded = load_study(image_folder(store.folder, source, images), progress=progress)
    study = images_of_case(loaded, source)
    return case_of(store.load(version, who=who), study, source["case_id"])


def _check_names(reports: Mapping[str, bytes]) -> None:
    for name in reports:
        if not name or name != Path(name).name or name.startswith(".") or name == "read.json":
            raise CaseError("BAD_FILE_NAME", f"a report called {name!r}", expected="a plain file name")
