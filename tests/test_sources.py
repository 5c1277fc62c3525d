"""docs/sources.md names only what exists."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "sources.md").read_text()
NAMES = sorted(set(re.findall(r"`((?:imaging|recist|eligibility|workup)\.[\w.]+)`", TEXT)))
TESTS = sorted(set(re.findall(r"`(test_\w+\.py)`", TEXT)))


@pytest.mark.parametrize("name", NAMES)
def test_every_function_named_as_a_source_exists(name):
    module, _, attribute = name.rpartition(".")
    try:
        found = importlib.import_module(name)
    except ModuleNotFoundError:
        found = getattr(importlib.import_module(module), attribute)

    assert found.__doc__


@pytest.mark.parametrize("name", TESTS)
def test_every_test_file_named_exists(name):
    assert (ROOT / "tests" / name).is_file()
