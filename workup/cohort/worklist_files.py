"""Which cases a cohort holds: a tree of folders and zip files, or a CSV worklist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from workup.case.case_files import has_log
from workup.cohort.item import CohortItem
from workup.errors import CaseError
from workup.spreadsheet_rows import spreadsheet_rows

#: How far below the root a case may lie.
DEEPEST = 4
_COLUMNS = ("case_id", "path", "regions", "record", "reading")


def find_items(root: str | Path) -> list[CohortItem]:
    """Every case below a folder, or every row of a CSV worklist, ordered by case id.

    A folder that holds ``regions.json``, a case log or a ``dicom`` folder is one case; a zip file is one
    study; any other folder directly below the root, without cases inside, is one study of DICOM files.

    Raises
    ------
    CaseError
        ``NO_COHORT`` if nothing is found, ``BAD_WORKLIST`` naming the row, ``CASE_TWICE`` if a folder and
        a zip file would be one case: nobody is counted twice, and neither result overwrites the other.
    """
    place = Path(root)
    if not place.exists():
        raise CaseError("NO_COHORT", f"nothing at {place.name!r}", expected="a folder or a CSV worklist")
    items = _read_worklist(place) if place.is_file() and place.suffix == ".csv" else _walked(place)
    if not items:
        raise CaseError("NO_COHORT", f"{place.name} holds no case", expected="cases, studies or zip files")
    return sorted(items, key=lambda item: item.case_id)


def is_case(folder: Path) -> bool:
    """Whether a folder is a case of its own; a damaged one too, so that it is refused and not passed over."""
    try:
        return has_log(folder) or (folder / "regions.json").is_file() or (folder / "dicom").is_dir()
    except PermissionError:
        return True


def _walked(root: Path) -> list[CohortItem]:
    items = list(_walk(root))
    places: dict[str, list[str]] = {}
    for item in items:
        places.setdefault(item.case_id, []).append(Path(item.path).name)
    for case_id, names in places.items():
        if len(names) > 1:
            raise CaseError(
                "CASE_TWICE",
                f"{' and '.join(names)} are both case {case_id!r}",
                expected="one folder or zip file a case",
                advice="Move one of them away; if they are two cases, name both in a CSV worklist.",
            )
    return items


def _walk(root: Path) -> Iterator[CohortItem]:
    if is_case(root):
        yield CohortItem(root.resolve().name, str(root))
        return
    for child in sorted(root.iterdir()):
        if child.name.startswith("."):
            continue
        if child.suffix.lower() == ".zip" and child.is_file():
            yield CohortItem(child.stem, str(child))
        elif child.is_dir():
            inside = list(_cases_below(child, DEEPEST - 1))
            for found in inside or [child]:
                yield CohortItem(found.relative_to(root).as_posix(), str(found))


def _cases_below(folder: Path, depth: int) -> Iterator[Path]:
    if is_case(folder):
        yield folder
    elif depth > 0:
        for child in sorted(p for p in folder.iterdir() if p.is_dir()):
            yield from _cases_below(child, depth - 1)


def _read_worklist(path: Path) -> list[CohortItem]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CaseError("BAD_WORKLIST", f"byte {error.start} is not UTF-8", expected="UTF-8 text") from error
    rows = list(spreadsheet_rows(text))
    unknown = [c for c in (rows[0] if rows else {}) if c not in _COLUMNS]
    if unknown:
        raise CaseError("BAD_WORKLIST", f"column {unknown[0]!r}", expected="columns " + ", ".join(_COLUMNS))
    items = [_item(number, row, path.parent) for number, row in enumerate(rows, 2) if any(row.values())]
    twice = [name for name, n in Counter(item.case_id for item in items).items() if n > 1]
    if twice:
        raise CaseError(
            "BAD_WORKLIST", f"case_id {twice[0]!r} stands in {path.name} twice", expected="one row a case"
        )
    return items


def _item(number: int, row: dict[str, str | None], beside: Path) -> CohortItem:
    def located(name: str) -> str | None:
        text = (row.get(name) or "").strip()
        if not text or "://" in text:
            return text or None
        return str(beside / text)

    path = located("path")
    if path is None:
        raise CaseError("BAD_WORKLIST", f"line {number} names no path", expected="a folder, zip file or URL")
    case_id = (row.get("case_id") or "").strip() or str(row["path"]).strip()
    return CohortItem(case_id, path, located("regions"), located("record"), located("reading"))
