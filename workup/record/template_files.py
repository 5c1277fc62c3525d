"""The record template as a file."""

from __future__ import annotations

from pathlib import Path

from workup.errors import RecordError
from workup.record.template import template_text


def write_template(path: str | Path) -> None:
    """Write the template; a file that exists is never overwritten."""
    try:
        with Path(path).open("x", encoding="utf-8") as file:
            file.write(template_text())
    except FileExistsError as error:
        advice = "Choose another name"
        raise RecordError("FILE_EXISTS", f"{Path(path).name} exists already", advice=advice) from error
    except OSError as error:
        raise RecordError("FILE_UNWRITABLE", f"{Path(path).name}: {error.strerror}") from error
