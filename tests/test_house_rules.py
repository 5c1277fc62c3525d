"""Rules of the house that a linter does not know, checked on the syntax trees."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("imaging", "recist", "eligibility", "workup", "viewer")
MODULES = sorted(p for name in PACKAGES for p in (ROOT / name).rglob("*.py"))
NAMES = [str(p.relative_to(ROOT)) for p in MODULES]

TOUCHES_DISK = {
    "open", "read_text", "write_text", "read_bytes", "write_bytes", "mkdir", "unlink", "rename", "rmtree",
    "iterdir", "rglob", "glob", "touch", "dcmread", "save_as", "NamedTemporaryFile", "mkdtemp",
}  # fmt: skip


def may_touch_disk(path: Path) -> bool:
    """Modules called *_files.py, and the command line for its arguments."""
    if path.name.endswith("_files.py") or path.name == "command_line.py":
        return True
    return path.parent.name == "commands"


def called_names(tree: ast.AST) -> set[str]:
    """Names of every function or method called in a module."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            # x.open() of a window or a store is not the file call, which names a mode
            names.add(name if node.args or node.keywords or name != "open" else "")
    return names


@pytest.mark.parametrize("path", [p for p in MODULES if not may_touch_disk(p)], ids=str)
def test_only_files_modules_touch_the_disk(path):
    assert called_names(ast.parse(path.read_text())) & TOUCHES_DISK == set()


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_every_module_says_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_no_module_has_a_name_that_says_nothing():
    nothing = {"utils", "util", "helpers", "helper", "common", "core", "manager", "misc", "types", "models"}

    assert {p.stem for p in MODULES} & nothing == set()


def test_the_repository_names_no_machine_path():
    machine = re.compile(r"/(?:work|root|home/\w+)/|/tmp/\w")
    listed = [p for p in ROOT.rglob("*") if p.suffix in {".py", ".md", ".toml", ".yaml", ".json", ".sh"}]
    own = [p for p in listed if not {".venv", "dist", "demo_out", ".git"} & set(p.relative_to(ROOT).parts)]
    named = {str(p.relative_to(ROOT)) for p in own if p != Path(__file__) and machine.search(p.read_text())}

    assert named == set()
