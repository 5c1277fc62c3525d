"""At which delay after the start of injection which phase is expected.

References
----------
LI-RADS v2018 (late arterial, portal venous and 2-5 min delayed phases); Saake 2015 Acad Radiol (late
arterial after bolus tracking); Santillan 2020 Hepatoma Res 6:63 (delayed, transitional and
hepatobiliary phases); Bashir 2014 Acad Radiol 21(6) (gadoxetate at 20 min).
"""

from __future__ import annotations

from imaging.phases.agent import Agent
from imaging.phases.phase import Phase

#: First and last delay at which a phase is accepted without a reader. [s]
EARLY_ARTERIAL_S = (12.0, 28.0)
LATE_ARTERIAL_S = (28.0, 48.0)
PORTAL_VENOUS_S = (55.0, 95.0)
#: Delayed phase, or with gadoxetate the transitional phase. [s]
DELAYED_S = (120.0, 360.0)
HEPATOBILIARY_GADOXETATE_S = (840.0, 1800.0)
HEPATOBILIARY_GADOBENATE_S = (3000.0, 12600.0)


def phase_at(delay_s: float, agent: Agent = Agent.UNKNOWN) -> Phase:
    """Phase expected at a delay after the start of injection. [s]

    ``UNDETERMINED`` between and outside the windows: 50 s is neither a good arterial nor a good
    portal venous phase, and nobody should find out from a name that says otherwise.

    Examples
    --------
    >>> [str(phase_at(t)) for t in (-40, 36, 50, 70, 180)]
    ['unenhanced', 'late_arterial', 'undetermined', 'portal_venous', 'delayed']
    >>> str(phase_at(180, Agent.GADOXETATE))
    'transitional'
    """
    if delay_s < 0:
        return Phase.UNENHANCED
    late = Phase.TRANSITIONAL if agent is Agent.GADOXETATE else Phase.DELAYED
    accepted = [
        (Phase.EARLY_ARTERIAL, EARLY_ARTERIAL_S),
        (Phase.LATE_ARTERIAL, LATE_ARTERIAL_S),
        (Phase.PORTAL_VENOUS, PORTAL_VENOUS_S),
        (late, DELAYED_S),
    ]
    if agent is Agent.GADOXETATE:
        accepted.append((Phase.HEPATOBILIARY, HEPATOBILIARY_GADOXETATE_S))
    if agent is Agent.GADOBENATE:
        accepted.append((Phase.HEPATOBILIARY, HEPATOBILIARY_GADOBENATE_S))
    for phase, (first, last) in reversed(accepted):  # 28.0 s belongs to the later of two windows
        if first <= delay_s <= last:
            return phase
    return Phase.UNDETERMINED
