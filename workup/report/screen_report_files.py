"""A screening report as HTML, Markdown or JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from workup.replaced_files import replace_synced
from workup.report.screen_report import ScreenReport


def screen_html(report: ScreenReport) -> str:
    """One self-contained page; every recorded text is escaped."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = resources.files("workup") / "report" / "templates" / "screen.html.j2"
    return environment.from_string(template.read_text(encoding="utf-8")).render(report=report)


def screen_markdown(report: ScreenReport) -> str:
    """The same content as Markdown."""
    lines = [f"# {_plain(report.headline)}", ""]
    lines += [f"- {name}: {_plain(value)}" for name, value in report.facts]
    if report.left_out:
        lines += ["", "## Given, but not read", "", *(f"- {_plain(text)}" for text in report.left_out)]
    for section in report.sections:
        lines += ["", f"## {section.title}"]
        for row in section.rows:
            lines += ["", f"### {row.id}: {row.status} ({row.reason})", "", f"> {_plain(row.text)}", ""]
            lines.append(_plain(row.message) + (f" Clears {row.clears_on}." if row.clears_on else ""))
            details = [*row.values, *(f"missing: {m}" for m in row.missing)]
            details += [f"reading {reading}" for reading in row.readings]
            lines += ["", *(f"- {_plain(item)}" for item in (*details, *row.notes))]
    for title, items in (
        ("Next", [*report.next_steps, *([report.smallest] if report.smallest else [])]),
        ("Results that expire", report.expiring),
        ("Readings in force", [" ".join(policy) for policy in report.policies]),
    ):
        if items:
            lines += ["", f"## {title}", "", *(f"- {_plain(item)}" for item in items)]
    return "\n".join([*lines, "", "Research use only.", ""])


def _plain(text: str) -> str:
    """Recorded text that cannot become markup."""
    for character in "\\`*_{}[]<>#|":
        text = text.replace(character, "\\" + character)
    return text.replace("\n", " ")


def write_screen_report(folder: Path, report: ScreenReport, document: Mapping[str, Any]) -> list[str]:
    """Write screen.html, screen.md and screen.json into a folder; the names written."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "screen.html": screen_html(report),
        "screen.md": screen_markdown(report),
        "screen.json": json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
    }
    for name, text in contents.items():
        replace_synced(folder / name, text.encode())
    return list(contents)
