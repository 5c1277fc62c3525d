"""What libraries and tracebacks say, without what it says of a patient.

Our own messages hold no names, IDs or birth dates. Those of libraries may quote any value ("Invalid value
for VR CS: 'HONG'"), so whatever reaches a log, a warning or a traceback goes through here: quoted values,
and everything that looks like a registration number, a phone number, a date, a mail address or a DICOM
person name, become a mark.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
import warnings
from types import TracebackType
from typing import TextIO

MARK = "[removed]"

_PATTERNS = re.compile(
    r"""
    \b\d{6}\s?-?\s?[1-8]\d{6}\b                          # Korean resident registration number
    | (?:\+82[-.\s]?|\b0)\d{1,2}[-.\s]?\d{3,4}[-.\s]?\d{4}\b     # telephone
    | \b(?:19|20)\d\d[-./]?[01]\d[-./]?[0-3]\d\b          # date
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+                        # mail address
    | [^\s,;'"<>^(){}\[\]=]+(?:\^[^\s,;'"<>^(){}\[\]=]*)+     # DICOM person name
    """,
    re.VERBOSE,
)
#: What libraries put around the values they complain about.
_QUOTED = re.compile(r"(?<![\w])(b?)(['\"])(?:\\.|(?!\2).)*\2")


def redact(text: str) -> str:
    """The text without what looks like an identity.

    Examples
    --------
    >>> redact("patient Hong^Gildong, 800101-1234567, tel 010-1234-5678")
    'patient [removed], [removed], tel [removed]'
    """
    return _PATTERNS.sub(MARK, text)


def redact_foreign(text: str) -> str:
    """As ``redact``, and every quoted value goes: for the messages of libraries.

    Examples
    --------
    >>> redact_foreign("Invalid value for VR CS: 'HONG GILDONG'.")
    'Invalid value for VR CS: [removed].'
    """
    return redact(_QUOTED.sub(MARK, text))


class RedactingFilter(logging.Filter):
    """Cleans every record of a logger or handler before it is written."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the record in place; always lets it pass."""
        record.msg, record.args = redact_foreign(record.getMessage()), ()
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = redacted_traceback(record.exc_info[1])
            record.exc_info = None
        return True


def redacted_traceback(error: BaseException) -> str:
    """The traceback without values: places stay, messages are cleaned, source lines are left out."""
    lines = []
    chain: BaseException | None = error
    while chain is not None:
        lines.append(f"{type(chain).__name__}: {redact_foreign(str(chain))}")
        frames = traceback.extract_tb(chain.__traceback__)
        lines += [f"  in {frame.name}, {_place(frame.filename)}:{frame.lineno}" for frame in frames[-20:]]
        chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)
    return "\n".join(lines)


def _place(path: str) -> str:
    return "/".join(path.replace("\\", "/").split("/")[-2:])


def install() -> None:
    """Clean what the root logger, pydicom's logger, warnings and uncaught errors print.

    The command line calls it once; a library that is imported changes nothing.
    """
    cleaner = RedactingFilter()
    handlers = [*logging.getLogger().handlers, *logging.getLogger("pydicom").handlers]
    for handler in [*handlers, logging.lastResort]:
        if handler is not None and not any(isinstance(f, RedactingFilter) for f in handler.filters):
            handler.addFilter(cleaner)
    warnings.showwarning = _show_warning
    sys.excepthook = _show_error
    threading.excepthook = _show_error_of_thread


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    (file or sys.stderr).write(f"{category.__name__}: {redact_foreign(str(message))}\n")


def _show_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    sys.stderr.write(redacted_traceback(error.with_traceback(trace)) + "\n")


def _show_error_of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None and ended.exc_type is not SystemExit:
        _show_error(ended.exc_type, ended.exc_value, ended.exc_traceback)
