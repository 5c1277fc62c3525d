"""The ``veinvasion`` command: arguments in, one function called, answer out.

Each command lives in ``workup/commands/<name>.py``, which holds a function with typer-annotated
parameters and heavy imports inside its body, so that ``veinvasion --help`` stays instant.
"""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

#: Command name -> (module, function). Only the modules' top level is imported for ``--help``.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("workup.commands.demo", "demo"),
    "assess": ("workup.commands.assess", "assess"),
    "phases": ("workup.commands.phases", "phases"),
    "convert": ("workup.commands.convert", "convert"),
    "enhancement": ("workup.commands.enhancement", "enhancement"),
    "screen": ("workup.commands.screen", "screen"),
    "cohort": ("workup.commands.cohort", "cohort"),
    "measure": ("workup.commands.measure", "measure"),
    "recist": ("workup.commands.recist", "recist"),
    "view": ("workup.commands.view", "view"),
    "deidentify": ("workup.commands.deidentify", "deidentify"),
    "import": ("workup.commands.import_", "import_"),
    "export": ("workup.commands.export", "export"),
    "pull": ("workup.commands.pull", "pull"),
    "push": ("workup.commands.push", "push"),
}
#: Command groups -> module with a ``typer.Typer`` called ``app``.
GROUPS: dict[str, str] = {
    "record": "workup.commands.record",
    "protocol": "workup.commands.protocol",
    "case": "workup.commands.case",
}

SCHEMA_VERSION = "1.0"


def version() -> str:
    """Version of the installed distribution."""
    from importlib import metadata

    return metadata.version("veinvasion")


def print_json(document: Mapping[str, Any]) -> None:
    """Write one strict JSON document (no NaN) to standard output, with its schema and version."""
    whole = {"schema_version": SCHEMA_VERSION, "veinvasion_version": version(), **document}
    ascii_only = (sys.stdout.encoding or "").lower() not in ("utf-8", "utf8")  # JSON is UTF-8 or escaped
    sys.stdout.write(json.dumps(whole, indent=1, ensure_ascii=ascii_only, allow_nan=False) + "\n")


def fail(code: str, message: str, details: Mapping[str, Any] | None = None, *, as_json: bool = False) -> int:
    """Report a refusal on standard error (and as JSON where asked); the exit code 1."""
    sys.stderr.write(f"error[{code}]: {message}\n")
    if as_json:
        with suppress(OSError):  # standard output itself may be what is full
            print_json({"error": {"code": code, "message": message, "details": dict(details or {})}})
    return 1


@contextmanager
def loading_progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, as a function of (done, in all)."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


#: What a path that was given, and no fault of ours, brings about.
_OF_THE_PLACE = (
    errno.ENOENT, errno.EACCES, errno.EPERM, errno.EEXIST, errno.ENOTDIR,
    errno.EISDIR, errno.EROFS,
)  # fmt: skip

_DISK_FULL = "no space is left where the command writes. Free some and run it again"


def _what_of_the_place(error: OSError) -> str:
    """One sentence of a file that is not there, not allowed, or no folder; the last part of its path only."""
    in_the_way = error.errno in (errno.EEXIST, errno.ENOTDIR)
    found = "a file stands where a folder is needed" if in_the_way else error.strerror
    return f"{Path(os.fsdecode(error.filename)).name!r}: {found}. Check the paths of the command"


def _typed(error: BaseException) -> bool:
    return isinstance(getattr(error, "code", None), str)


def build_app(only: str | None = None) -> typer.Typer:
    """The application with every command registered, or with the one that is going to run.

    Parameters
    ----------
    only : str, optional
        Name of a command or group; another word registers all, so that typer can say what there is.
    """
    named = {only} & {*COMMANDS, *GROUPS} or {*COMMANDS, *GROUPS}
    app = typer.Typer(
        name="veinvasion",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        help="Vascular invasion of liver cancer on dynamic CT and MR: phases, enhancement and washout, "
        "RECIST 1.1 measurability and trial eligibility, each with its reason. Research use only.",
    )
    app.callback()(_root)
    for name, (module, function) in COMMANDS.items():
        if name in named:
            app.command(name)(getattr(import_module(module), function))
    for name, module in GROUPS.items():
        if name in named:
            app.add_typer(import_module(module).app, name=name)
    return app


def _show_version(value: bool) -> None:
    if value:
        sys.stdout.write(f"veinvasion {version()}\n")
        raise typer.Exit


def _root(
    _version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Vascular invasion of liver cancer, measurable lesions and trial eligibility, each with its reason."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; typed errors become ``error[CODE]`` and exit code 1."""
    from workup import redaction

    given = sys.argv[1:] if arguments is None else arguments
    redaction.install()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a letter that the terminal lacks is spelled, not fatal
            stream.reconfigure(errors="backslashreplace")
    try:
        _run(given)
    except BrokenPipeError:
        os._exit(0)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            sys.exit(fail("DISK_FULL", _DISK_FULL, as_json="--json" in given))
        if not error.filename or error.errno not in _OF_THE_PLACE:
            raise
        sys.exit(fail("FILE_ACCESS", _what_of_the_place(error), as_json="--json" in given))
    except Exception as error:
        if not _typed(error):
            raise
        details = getattr(error, "details", {})
        sys.exit(fail(str(error.code), str(error), details, as_json="--json" in given))  # type: ignore[attr-defined]


def _run(given: list[str]) -> None:
    """The command, until all that it says is written; usage errors as JSON too, where asked."""
    try:
        build_app(given[0] if given else None)(args=given, standalone_mode=True)
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # rich and typer call it a failure
            raise BrokenPipeError from ended
        usage = getattr(ended.__context__, "format_message", None)  # typer has told it on standard error
        if usage is not None and "--json" in given:
            print_json({"error": {"code": "USAGE", "message": usage(), "details": {}}})
        sys.stdout.flush()
        raise
