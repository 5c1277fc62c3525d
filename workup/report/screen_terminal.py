"""A screening result on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workup.report.screen_report import Row, ScreenReport

_STYLES = {"PASS": "green", "FAIL": "bold red", "UNKNOWN": "yellow", "NA": "dim"}
_HEADLINES = {"ELIGIBLE": "bold green", "INELIGIBLE": "bold red", "UNDETERMINED": "bold yellow"}


def print_screen(report: ScreenReport, console: Console, *, full: bool = False) -> None:
    """The headline, then tables of what fails and what is open; what passes in one line unless ``full``."""
    console.print(f"[{_HEADLINES[report.overall]}]{escape(report.headline)}[/]", soft_wrap=True)
    if report.left_out:
        console.print("[bold yellow]Given, but not read:[/]")
        for text in report.left_out:
            console.print(f"- {escape(text)}", soft_wrap=True)
    for section in report.sections:
        if section.collapsed and not full:
            console.print(f"[dim]{escape(section.title)}: {', '.join(row.id for row in section.rows)}[/]")
            continue
        table = Table(title=escape(section.title), title_justify="left", show_lines=True, expand=True)
        for name, ratio in (("criterion", 4), ("verdict", 4), ("values and what is missing", 6)):
            table.add_column(name, ratio=ratio, overflow="fold")
        for row in section.rows:
            table.add_row(*_cells(row))
        console.print(table)
    if report.smallest:
        console.print(escape(f"Next: {report.smallest}"))
    console.print("[dim]Research use only. ELIGIBLE means: criteria satisfied on the supplied data.[/]")


def _cells(row: Row) -> tuple[str, str, str]:
    clears = f"\nclears {row.clears_on}" if row.clears_on else ""
    verdict = f"[{_STYLES[row.status]}]{row.status}[/] ({row.reason})\n{escape(row.message)}{clears}"
    lines = [*row.values, *(f"missing: {m}" for m in row.missing), *(f"reading {r}" for r in row.readings)]
    return f"[bold]{row.id}[/]\n{escape(row.text)}", verdict, escape("\n".join([*lines, *row.notes]))
