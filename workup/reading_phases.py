"""Phases of a study as a reader's labels leave them.

A label is evidence beside the others: it may settle a contradiction on another acquisition, or raise one
there. So every label has the whole study weighed again, as ``assess`` does; images are looked at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from imaging.phases.decision import acquisition_role, weigh_study
from imaging.phases.phase import Phase, PhaseDecision, Role
from imaging.phases.plausibility import ImageReading
from imaging.volume import Study


class NamedPhases:
    """Names the phases of one study for one set of labels after the other.

    Parameters
    ----------
    study : Study
    found : mapping of acquisition key to PhaseDecision, optional
        What they are without a label, where that is known already.
    """

    def __init__(self, study: Study, found: Mapping[str, PhaseDecision] | None = None) -> None:
        self._study = study
        self._labels: Mapping[str, Phase] | None = None if found is None else {}
        self._named: Mapping[str, PhaseDecision] = found or {}
        self._found = found

    def under(self, labels: Mapping[str, Phase]) -> Mapping[str, PhaseDecision]:
        """The phases under these labels, by acquisition key."""
        if self._labels is None or dict(labels) != dict(self._labels):
            self._named = self._found if self._found is not None and not labels else self._weighed(labels)
            self._labels = dict(labels)
        return self._named

    def _weighed(self, labels: Mapping[str, Phase]) -> Mapping[str, PhaseDecision]:
        return weigh_study(self._study.acquisitions, self._roles, labels, self._images)

    @cached_property
    def _roles(self) -> Mapping[str, Role]:
        return {a.key: acquisition_role(a.header) for a in self._study}

    @cached_property
    def _images(self) -> Mapping[str, ImageReading]:
        from imaging.phases.image import read_images  # scipy: a window is there before it

        return read_images([a for a in self._study if self._roles[a.key] is Role.IMAGE], {}, None)
