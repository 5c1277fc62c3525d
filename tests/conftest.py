"""Nothing of the machine goes in, nothing stays behind: no preferences, no dice.

Hypothesis draws the same examples on every run, so that a failure is a change and not a throw of dice.

New examples are sought on purpose: `HYPOTHESIS_PROFILE=searching make test`.
"""

import os
import tempfile

from hypothesis import settings

_habits = tempfile.TemporaryDirectory(prefix="napari-")
os.environ["NAPARI_CONFIG"] = (
    f"{_habits.name}/settings.yaml"  # the viewer remembers; not in these preferences
)

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.register_profile("searching", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
