"""Tables that spreadsheets save: which sign separates the cells is up to the country."""

from __future__ import annotations

import csv
import io


def spreadsheet_rows(text: str) -> csv.DictReader[str]:
    r"""Rows of a table by column name, separated by what its first line has most of: comma, semicolon or tab.

    >>> list(spreadsheet_rows("analyte;value\nalbumin;3.5\n"))
    [{'analyte': 'albumin', 'value': '3.5'}]
    """
    header = text.partition("\n")[0]
    return csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=header.count))
