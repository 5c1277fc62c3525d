"""Text of others made harmless for where it goes: a spreadsheet, a terminal, a file name.

HTML is escaped by the report's template engine (``autoescape=True``), JSON by ``print_json``.

References
----------
OWASP, CSV Injection (https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable

#: A cell that begins so is run as a formula by Excel, LibreOffice or Google Sheets. The last two are the
#: full-width forms that Excel of East Asian systems takes for the same.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")

#: Begin like formulas and are none: a unit, and a place left empty.
_HARMLESS = ("%", "-")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*(%|mm|HU|ml|cm)?")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)

#: Longest file name that every file system takes. [bytes]
MAX_NAME_BYTES = 120


def csv_cell(value: object) -> str:
    """The value as a cell that no spreadsheet runs; numbers stay numbers.

    Examples
    --------
    >>> csv_cell("=cmd|'/c calc'!A0"), csv_cell("-3.2"), csv_cell("%"), csv_cell(None)
    ("'=cmd|'/c calc'!A0", '-3.2', '%', '')
    """
    if value is None:
        return ""
    text = without_controls(str(value), keep="\n")
    if _NUMBER.fullmatch(text.strip()) or text.strip() in _HARMLESS:
        return text.strip()
    return f"'{text}" if text.lstrip(" \u00a0\u3000").startswith(_FORMULA_STARTS) else text


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV, every cell safe, each line ended by a line feed."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([csv_cell(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def without_controls(text: str, keep: str = "") -> str:
    r"""The text without characters that steer a terminal or turn the writing direction around.

    Examples
    --------
    >>> without_controls("liver\x1b[31m\u202e")
    'liver[31m'
    """
    return "".join(c for c in text if c in keep or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def file_name(text: str, instead: str = "unnamed") -> str:
    """A plain file name made of a text: no folder, no hidden file, no reserved word.

    Examples
    --------
    >>> file_name("../etc/passwd"), file_name("CON"), file_name("간 CT 1")
    ('etc_passwd', '_CON', '간_CT_1')
    """
    name = re.sub(r"[^\w.\-]+", "_", unicodedata.normalize("NFC", without_controls(text))).strip("._-")
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    return name.encode()[:MAX_NAME_BYTES].decode("utf-8", "ignore") or instead
