"""Every Python block of README and docs runs, top to bottom, one namespace a page."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", [p for p in PAGES if BLOCK.search(p.read_text())], ids=lambda p: p.name)
def test_code_blocks_run(page, tmp_path, monkeypatch):
    """Blocks with prompts are doctests; blocks without run as scripts. Paths are from the repository root."""
    (tmp_path / "sample_dicom").symlink_to(ROOT / "sample_dicom")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__docs__"}
    for number, block in enumerate(BLOCK.findall(page.read_text())):
        if ">>>" in block:
            test = doctest.DocTestParser().get_doctest(block, namespace, f"{page.name}[{number}]", None, 0)
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
            failures = runner.run(test, clear_globs=False).failed
            namespace.update(test.globs)
            assert failures == 0, f"block {number} of {page.name}"
        else:
            exec(compile(block, f"{page.name}[{number}]", "exec"), namespace)
