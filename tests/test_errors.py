"""What every tree of errors promises to scripts."""

from __future__ import annotations

import pickle

import pytest

from eligibility.errors import PolicyError
from imaging.errors import DicomError
from recist.errors import LengthError
from workup.errors import CaseError


@pytest.mark.parametrize("kind", [DicomError, LengthError, PolicyError, CaseError])
def test_errors_keep_their_facts_across_processes(kind):
    refused = kind("A_CODE", "found", expected="other", advice="Do so.", details={"value": "9.95"})
    again = pickle.loads(pickle.dumps(refused))

    assert (type(again), vars(again)) == (kind, vars(refused))
    assert str(again) == str(refused) == "found; expected other. Do so."
