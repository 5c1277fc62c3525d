"""``veinvasion cohort``: a whole tree of cases, assessed in worker processes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from workup.cohort.item import CaseResult, CohortItem
    from workup.exchange.pacs import Address


def cohort(
    root: Annotated[
        str,
        typer.Argument(help="Folder of cases, studies or zip files, a CSV worklist, or a PACS (--query)."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for tables, reports and page.")],
    workers: Annotated[int, typer.Option(min=1, metavar="N", help="Worker processes on this machine.")] = 2,
    scheduler: Annotated[str | None, typer.Option(help="A Dask scheduler instead: tcp://host:port.")] = None,
    memory_limit: Annotated[
        float,
        typer.Option(min=0, metavar="MB", help="Memory for each worker; 0: what the machine has."),
    ] = 0.0,
    dashboard: Annotated[
        bool, typer.Option("--dashboard", help="Serve Dask's dashboard on this machine (needs bokeh).")
    ] = False,
    protocol: Annotated[str, typer.Option(help="Protocol name or rule file.")] = "NCT06828380",
    policy: Annotated[list[str] | None, typer.Option(help="NAME=VARIANT; may be repeated.")] = None,
    query: Annotated[
        list[str] | None,
        typer.Option(help="Studies of a PACS, KEYWORD=VALUE as StudyDate=20250601-; may be repeated."),
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="User of the PACS; the password is read from VEINVASION_PACS_SECRET.")
    ] = None,
    calling: Annotated[str, typer.Option(help="Our application entity title (DIMSE).")] = "VEINVASION",
    certificates: Annotated[
        Path | None, typer.Option(help="PEM file of the authorities to trust (TLS).")
    ] = None,
    client_certificate: Annotated[
        Path | None, typer.Option(help="PEM file with our certificate and key (TLS).")
    ] = None,
    allow_plain: Annotated[
        bool, typer.Option("--allow-plain", help="Send the password over unencrypted http.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Assess every case below a folder; run it again to do only what changed.

    Example: veinvasion cohort ./registry -o ./out --workers 2

    Example: veinvasion cohort worklist.csv -o ./out --scheduler tcp://127.0.0.1:8786

    Example: veinvasion cohort https://pacs.example/dicom-web -o ./out --query StudyDate=20250601-20250630
    """
    from eligibility.policies import choices_of
    from workup.cohort.dask_cluster import Engine
    from workup.cohort.engine import run_cohort
    from workup.cohort.log_files import RunLog
    from workup.cohort.one_case_files import Settings, settled
    from workup.cohort.query_files import is_server
    from workup.cohort.worklist_files import find_items
    from workup.command_line import version
    from workup.commands.pull import address_of

    settings = settled(
        Settings(
            output=str(output.resolve()),
            protocol=protocol,
            policies=tuple(sorted(choices_of(policy or []).items())),
            version=version(),
            memory_limit_mb=memory_limit,
            elsewhere=scheduler is not None,
        )
    )
    refused: list[CaseResult] = []
    if is_server(root):
        server = address_of(root, user, calling, certificates, client_certificate, allow_plain=allow_plain)
        items, refused = _pulled(server, query or [], output)
    else:
        items = find_items(root)
    engine = Engine(workers, scheduler, memory_limit, dashboard)
    output.mkdir(parents=True, exist_ok=True)
    with RunLog(output / "run.jsonl", len(items) + len(refused)) as log:
        results = run_cohort(items, settings, engine, log.told, log.linked)
        for result in refused:
            log.told(result, False)
    results = sorted([*results, *refused], key=lambda result: result.case_id)
    files = _write(results, items, output, version())
    _present(results, files, as_json)


def _pulled(server: Address, query: list[str], output: Path) -> tuple[list[CohortItem], list[CaseResult]]:
    """Studies of a PACS that match, and rows of those that could not be had."""
    from workup.cohort.query_files import filters_of, pull_cohort
    from workup.command_line import loading_progress
    from workup.exchange.pacs import connect

    filters = filters_of(query)
    pacs = connect(server)
    try:
        with loading_progress("fetching studies") as progress:
            pulled = pull_cohort(pacs, filters, output, progress)
    finally:
        pacs.close()
    return pulled.items, pulled.refused


def _write(results: list[CaseResult], items: list[CohortItem], output: Path, version: str) -> list[Path]:
    from workup.case.agreement_files import read_agreement
    from workup.case.case_files import has_log
    from workup.cohort.page import cohort_report
    from workup.cohort.table_files import tables_of, write_tables
    from workup.report.report_files import write_report

    files = write_tables(tables_of(results), output)
    stores = [(item.case_id, item.path) for item in items if has_log(Path(item.path))]
    report = cohort_report(
        results,
        title="Cohort",
        footer=f"veinvasion {version}",
        agreement=read_agreement(stores) if stores else None,
    )
    return [*files, *write_report(report, {}, output, ("html",))]


def _present(results: list[CaseResult], files: list[Path], as_json: bool) -> None:
    from collections import Counter

    from workup.cohort.rows import why_so
    from workup.command_line import print_json

    ended = Counter(r.status for r in results)
    peak = max((r.peak_mb for r in results), default=0.0)
    if as_json:
        document: dict[str, Any] = {
            "cases": [r.case for r in results],
            "ended": dict(ended),
            "peak_worker_mb": peak,
            "files": [str(f) for f in files],
        }
        print_json(document)
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from recist.counted import counted

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name, ratio in (("case", 2), ("overall", None), ("I4.a", None), ("I5", None), ("why", 3)):
        table.add_column(name, ratio=ratio, overflow="fold")
    for r in results[:40]:
        c = r.case
        row = (c.get("overall", r.status), c.get("vascular_invasion", ""), c.get("measurable_lesion", ""))
        table.add_row(escape(r.case_id), *row, escape(why_so(c)))
    console = Console()
    console.print(table)
    if len(results) > 40:
        console.print(f"(+{len(results) - 40} more in cases.csv)")
    counts = ", ".join(f"{n} {word}" for word, n in ended.items())
    console.print(f"{counted(len(results), 'case')}: {counts}; largest worker {peak:.0f} MB")
    for path in files:
        console.print(f"[dim]written[/] {path}", highlight=False, soft_wrap=True)
