"""``veinvasion case``: the folder that loses nothing, its reads, and what its log tells."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workup.commands.case_agreement import agreement

if TYPE_CHECKING:
    from workup.assessment import Assessment
    from workup.case.adjudication import Adjudication
    from workup.case.reads import History
    from workup.case.store_files import CaseStore
    from workup.case.trace import Origin

app = typer.Typer(
    no_args_is_help=True, help="Case folders: append-only, with a log, blinded reads and signatures."
)

app.command()(agreement)

Folder = Annotated[Path, typer.Argument(metavar="CASE", help="The case folder.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def _named(who: str) -> str:
    if not who.strip():
        raise typer.BadParameter("a blank name is nobody's")
    return who


Who = Annotated[str, typer.Option(help="Name of the person who acts; it stands in the log.", callback=_named)]
Why = Annotated[str, typer.Option(help="The reason; it stands in the log.")]
#: What a signature says in words, in the log; the rest of its entry are numbers and hashes.
_SAID = ("summary", "meaning")

Images = Annotated[Path | None, typer.Option("--dicom", help="Folder of the images, if they moved.")]


@app.command()
def new(
    folder: Folder,
    dicom: Annotated[Path, typer.Option(help="Folder of DICOM files, or a plain case.")],
    who: Who,
    case_id: Annotated[str, typer.Option(help="Pseudonym of the case.")] = "",
    reader: Annotated[list[str] | None, typer.Option(help="A blinded reader; give two or none.")] = None,
    adjudicator: Annotated[str | None, typer.Option(help="Who settles what the readers differ in.")] = None,
    copy_images: Annotated[bool, typer.Option(help="Copy the images into the case.")] = False,
    as_json: Json = False,
) -> None:
    """Make a case folder for the images of one study.

    Example: veinvasion case new cases/0001 --dicom ./study --who "Dr. Lee" --reader A --reader B
    """
    from workup.case.case_files import image_place, read_case
    from workup.case.new_files import check_is_no_case_folder
    from workup.case.reads import History, ReadPlan, check_plan, check_reader
    from workup.case.state import state_of
    from workup.case.store_files import CaseStore
    from workup.command_line import loading_progress

    check_is_no_case_folder(dicom)
    plan = ReadPlan(tuple(reader or ()), adjudicator)
    check_plan(plan)
    with loading_progress("reading images") as progress:
        case = read_case(dicom, progress=progress)
    state = state_of(case, case.reader or who)
    if state.is_reading:  # before anything is written: a planned reader's own work, or nobody is blind
        check_reader(History(plan=plan), case.reader or who)
    taken_over = state.is_reading or (state.record is not None and not plan.readers)
    store = CaseStore.create(
        folder,
        case.study,
        case_id or folder.name,
        who,
        dicom_folder=image_place(dicom),
        copy_images=copy_images,
        plan=plan,
    )
    if taken_over:
        store.save(state, why=f"taken over from a plain case by {who}")
    left = ["record"] if state.record is not None and not taken_over else []
    lines = [f"case {case_id or folder.name} made"]
    lines += ["record not taken over: each reader gives it with `case read --record`"] if left else []
    _print(as_json, {**_overview(store), "not_taken_over": left}, "\n".join(lines))


@app.command()
def show(folder: Folder, as_json: Json = False) -> None:
    """Say what a case holds: images, versions, reads, unsaved work.

    Example: veinvasion case show cases/0001
    """
    from workup.case.store_files import CaseStore

    store = CaseStore.open(folder)
    document = _overview(store)
    lines = [f"case {document['case_id']}: {len(document['acquisitions'])} acquisitions"]
    lines += [f"version {v['version']}  {v['when']}  {v['reader']}  {v['why']}" for v in document["versions"]]
    lines += [f"signed by {r['reader']}, version {r['version']}, {r['when']}" for r in document["reads"]]
    if document["unsaved"]:
        lines.append(f"unsaved work of {document['unsaved']['reader']} of {document['unsaved']['when']}")
    if document["trouble"]:
        lines.append(f"cannot be written: {document['trouble']}")
    _print(as_json, document, "\n".join(lines))


def _overview(store: CaseStore) -> dict[str, Any]:
    source, history = store.source(), store.history()
    unsaved = store.pending_autosave()
    return {
        "case_id": source["case_id"],
        "acquisitions": [
            {"key": a["key"], "modality": a["modality"], "shape": a["shape"]} for a in source["acquisitions"]
        ],
        "versions": [
            {
                "version": v.number,
                "reader": v.reader,
                "when": v.when,
                "why": v.why if history.may_see(None, v.reader) else "",  # a reason can tell a finding
                "how": v.how,
            }
            for v in history.versions
        ],
        "plan": {"readers": list(history.plan.readers), "adjudicator": history.plan.adjudicator},
        "blinded": history.blinded,
        "reads": [_read_json(history, r.n) for r in history.signed],
        "unsaved": {"reader": unsaved.reader, "when": unsaved.when} if unsaved else None,
        "trouble": str(store.trouble) if store.trouble else None,
    }


def _read_json(history: History, n: int) -> dict[str, Any]:
    read = next(r for r in history.signed if r.n == n)
    current = history.current_read(read.reader)
    return {
        "read": read.n,
        "reader": read.reader,
        "version": read.version,
        "when": read.when,
        "supersedes": read.supersedes,
        "superseded": current is not None and current.n != read.n,
        "why": read.why if history.may_see(None, read.reader) else "",
    }


@app.command()
def log(folder: Folder, who: Annotated[str | None, typer.Option(help="Who looks.")] = None,
        as_json: Json = False) -> None:  # fmt: skip
    """Print who did what, when and why. What a blinded read says is left out until it opens.

    Example: veinvasion case log cases/0001
    """
    from workup.case.store_files import CaseStore

    store = CaseStore.open(folder)
    history, entries = store.history(), []
    for entry in store.log():
        seen = history.may_see(who, entry.who)
        data = {k: v for k, v in entry.data.items() if seen or k not in _SAID}
        why = entry.why if seen else ""  # a reason can tell a finding
        entries.append({**entry.body, "why": why, "data": data, "sha256": entry.sha256})
    lines = [f"{e['n']:>4}  {e['when']}  {e['who']}  {e['what']}  {e['why']}".rstrip() for e in entries]
    _print(as_json, {"entries": entries}, "\n".join(lines))


@app.command()
def verify(folder: Folder, dicom: Images = None, as_json: Json = False) -> None:
    """Compare every byte of a case, and of its images, with what was written. Changes nothing.

    Example: veinvasion case verify cases/0001
    """
    from workup.case.verify_files import verify_case

    problems = verify_case(folder, images=dicom)
    document = {
        "sound": not problems,
        "problems": [{"code": p.code, "path": p.path, "message": p.message} for p in problems],
    }
    lines = [f"{p.code}  {p.path}  {p.message}" for p in problems] or ["every byte is what was written"]
    _print(as_json, document, "\n".join(lines))
    if problems:
        raise typer.Exit(1)


@app.command()
def export(folder: Folder, archive: Annotated[Path, typer.Argument(help="New zip file.")],
           who: Who, as_json: Json = False) -> None:  # fmt: skip
    """Write the whole case, verified, into one zip file (without images that lie elsewhere).

    Example: veinvasion case export cases/0001 0001.zip --who "Dr. Lee"
    """
    from workup.case.archive_files import check_sound, export_case
    from workup.case.store_files import CaseStore

    check_sound(folder)
    CaseStore.open(folder).record_act(who, "exported", data={"archive": archive.name})
    files = export_case(folder, archive)
    _print(as_json, {"files": files, "archive": archive.name}, f"{files} files written to {archive.name}")


@app.command()
def restore(archive: Annotated[Path, typer.Argument(help="A zip file that export wrote.")],
            folder: Folder, as_json: Json = False) -> None:  # fmt: skip
    """Unpack an exported case into a new folder; refused unless every byte verifies.

    Example: veinvasion case restore 0001.zip restored/0001
    """
    from workup.case.archive_files import restore_case

    files = restore_case(archive, folder)
    _print(as_json, {"files": files, "case": folder.name}, f"{files} files restored to {folder.name}")


@app.command()
def read(
    folder: Folder,
    who: Who,
    regions: Annotated[Path | None, typer.Option(help="regions.json or a label map.")] = None,
    reading: Annotated[Path | None, typer.Option(help="reading.json: what the reader says.")] = None,
    record: Annotated[Path | None, typer.Option(help="record.json.")] = None,
    why: Why = "",
    dicom: Images = None,
    as_json: Json = False,
) -> None:
    """Save a reader's work, given as files; parts that are not given stay as the reader last saved them.

    Example: veinvasion case read cases/0001 --who A --regions a/regions.json --reading a/reading.json
    """
    from imaging.dicom.study_files import load_study
    from workup.case.case_files import check_names
    from workup.case.part_files import with_parts
    from workup.case.source import images_of_case
    from workup.case.source_files import image_folder
    from workup.case.state import CaseState
    from workup.case.store_files import CaseStore
    from workup.command_line import loading_progress

    store = CaseStore.open(folder)
    source = store.source()
    with loading_progress("reading images") as progress:
        loaded = load_study(image_folder(store.folder, source, dicom), progress=progress)
    study = images_of_case(loaded, source)
    latest = store.history().latest_version(who)
    state = store.load(latest.number, who=who) if latest else CaseState()
    state = with_parts(state, who, study, regions, reading, record)
    check_names(state, study, state.regions)
    number = store.save(state, who, why)
    _print(as_json, {"version": number, "reader": who}, f"version {number} saved")


@app.command()
def sign(
    folder: Folder,
    who: Who,
    version: Annotated[int | None, typer.Option(help="The reader's newest by default.")] = None,
    protocol: Annotated[str, typer.Option(help="Protocol name or rule file.")] = "NCT06828380",
    why: Why = "",
    dicom: Images = None,
    as_json: Json = False,
) -> None:
    """Assess a reader's version, make its report, and put the reader's name to both.

    Example: veinvasion case sign cases/0001 --who A
    """
    from workup.assess import assess
    from workup.case.assessed_summary import assessed_summary
    from workup.case.case_files import read_case
    from workup.case.origin_files import stored_origin
    from workup.case.store_files import CaseStore
    from workup.command_line import loading_progress
    from workup.protocol_files import read_protocol

    store = CaseStore.open(folder)
    latest = store.history().latest_version(who)
    number = version or (latest.number if latest else 0)
    with loading_progress("reading images") as progress:
        case = read_case(folder, version=number, who=who, dicom=dicom, progress=progress)
    assessment = assess(case, read_protocol(protocol))
    summary = assessed_summary(assessment)
    reports = _reports(assessment, stored_origin(store, number))
    signed = store.sign(who, reports, version=number, summary=summary, why=why)
    document = {"read": signed, "version": number, "reader": who, "summary": summary.document()}
    _print(as_json, document, f"read {signed}: version {number} signed by {who}")


def _reports(assessment: Assessment, origin: Origin) -> dict[str, bytes]:
    import tempfile

    from workup.assessment_json import assessment_document
    from workup.case.software_files import software_lock
    from workup.case.trace import trace_document
    from workup.command_line import SCHEMA_VERSION, version
    from workup.report.assessment_report import assessment_report
    from workup.report.report_files import write_report

    head = {"schema_version": SCHEMA_VERSION, "veinvasion_version": version()}
    traced = trace_document(assessment, origin, software_lock())
    report = assessment_report(assessment, footer=f"veinvasion {version()}", trace=traced)
    document = {**head, **assessment_document(assessment), "trace": traced}
    with tempfile.TemporaryDirectory() as folder:
        written = write_report(report, document, folder, ["html", "json"])
        return {path.name: path.read_bytes() for path in written}


@app.command()
def adjudicate(
    folder: Folder,
    who: Annotated[str | None, typer.Option(help="The third reader.")] = None,
    item: Annotated[str | None, typer.Option(help="Id of the discordance to settle.")] = None,
    choice: Annotated[str, typer.Option(help="first, second, or another value in words.")] = "",
    why: Why = "",
    as_json: Json = False,
) -> None:
    """List what two signed reads differ in, or settle one of it.

    Example: veinvasion case adjudicate cases/0001 --who C --item 1a2b3c4d5e6f --choice first --why "…"
    """
    from workup.case.adjudication import adjudicate as state_of_case
    from workup.case.store_files import CaseStore

    store = CaseStore.open(folder)
    if item is not None:
        store.adjudicate(who or "", item, choice, why)
    document = _adjudication_json(state_of_case(store.history()))
    lines = [
        f"{d['id']}  {d['kind']}  {d['subject']}: {d['first']} | {d['second']}  ->  {d['decision'] or 'open'}"
        for d in document["discordances"]
    ]
    _print(as_json, document, "\n".join(lines) or "both reads agree")


def _adjudication_json(state: Adjudication) -> dict[str, Any]:
    items = []
    for d in state.discordances:
        decision = state.decisions.get(d.id)
        items.append(
            {
                "id": d.id,
                "kind": d.kind.value,
                "subject": d.subject,
                "first": d.first,
                "second": d.second,
                "decision": decision.value if decision else None,
                "by": decision.who if decision else None,
                "why": decision.why if decision else None,
            }
        )
    return {
        "first": state.first.reader,
        "second": state.second.reader,
        "settled": state.settled,
        "discordances": items,
    }


@app.command()
def trace(
    folder: Folder,
    region: Annotated[str, typer.Option(help="Id of the region.")],
    acquisition: Annotated[str, typer.Option(help="Key of the acquisition.")],
    version: Annotated[int | None, typer.Option(help="The newest by default.")] = None,
    who: Annotated[str | None, typer.Option(help="Who looks.")] = None,
    as_json: Json = False,
) -> None:
    """Lead a region's numbers back to mask, slices, files, pixel hashes and code.

    Example: veinvasion case trace cases/0001 --region defect1 --acquisition 1.2.3
    """
    from workup.case.store_files import CaseStore
    from workup.case.trace import trace_region

    store = CaseStore.open(folder)
    history = store.history()
    latest = history.latest_version(who if history.blinded else None)
    number = version or (latest.number if latest else 0)
    store.load(number, who=who)  # refuses a read that is not open yet
    document = trace_region(store.source(), store.version_meta(number), region, acquisition)
    lines = [f"{name}: {value}" for name, value in document["region"].items()]
    lines += [f"slice {s['index']}: {s['sop_instance_uid']}" for s in document["images"]["slices"]]
    _print(as_json, document, "\n".join(lines))


def _print(as_json: bool, document: Mapping[str, Any], text: str) -> None:
    from workup.command_line import print_json
    from workup.safe_text import without_controls

    if as_json:
        print_json(document)
    else:
        sys.stdout.write(without_controls(text, keep="\n") + "\n")
