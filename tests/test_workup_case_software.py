"""Which code computed a number, and what is known of the code it calls."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from workup.case.software_files import run_time_dependencies, software_lock

ROOT = Path(__file__).parent.parent


def declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {re.split(r"[<>=!~\[ ]", each)[0].lower() for each in project["dependencies"]}


def test_every_run_time_dependency_has_a_row_in_soup():
    rows = re.findall(r"^\| ([\w.-]+) \|", (ROOT / "SOUP.md").read_text(), re.MULTILINE)

    assert {row.lower() for row in rows} - {"package"} == declared()


def test_the_lock_names_every_dependency_with_its_version():
    lock = software_lock()

    assert declared() <= {name.lower() for name in run_time_dependencies()}
    assert "absent" not in lock["dependencies"].values()
    assert re.fullmatch(r"[0-9a-f]{64}", lock["code_sha256"])


def test_one_changed_source_file_changes_the_code_hash(tmp_path, monkeypatch):
    import subprocess
    import sys

    for package in ("eligibility", "imaging", "recist", "workup"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
    code = (
        "import sys, importlib.util as u, importlib.machinery as m\n"
        "import workup.case.software_files as s\n"
        "from pathlib import Path\n"
        "root = Path(sys.argv[1])\n"
        "s.util.find_spec = lambda n: m.PathFinder.find_spec(n, [str(root)])\n"
        "print(s.code_sha256())"
    )

    def fingerprint():
        run = [sys.executable, "-c", code, str(tmp_path)]
        return subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    before = fingerprint()
    (tmp_path / "recist" / "rule.py").write_text("LIMIT_MM = 10\n")
    added = fingerprint()
    (tmp_path / "recist" / "rule.py").write_text("LIMIT_MM = 11\n")

    assert len({before, added, fingerprint()}) == 3
