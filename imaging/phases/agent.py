"""Which contrast agent was given, as far as a header or a description names it.

The agent matters for names of phases: two to six minutes after gadoxetate is the *transitional*
phase (washout is not judged on it), after any other agent the *delayed* phase; only gadoxetate and
gadobenate have a hepatobiliary phase, at about 20 minutes and one to three hours.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Agent(StrEnum):
    """Kinds of contrast agent that change how a phase is called."""

    GADOXETATE = "gadoxetate"
    GADOBENATE = "gadobenate"
    EXTRACELLULAR = "extracellular gadolinium"
    IODINE = "iodine"
    UNKNOWN = "unknown"


#: Generic names and trade names; of several kinds that match the first is taken, the one whose late phases
#: allow least.
_NAMES: tuple[tuple[Agent, str], ...] = (
    (
        Agent.GADOXETATE,
        r"gadoxet|eovist|primovist|gd[-\s]?eob|\beob\b|eob[-\s]?dtpa|プリモビスト|프리모비스트|普美显",
    ),
    (Agent.GADOBENATE, r"gadoben|multi\s?hance|gd[-\s]?bopta|莫迪司"),
    (
        Agent.EXTRACELLULAR,
        r"gadobut|gadovist|gadavist|gadoter|dotarem|clariscan|gadopent|m?agn?ev|gadoterid|prohance"
        r"|gadodiam|omniscan|gadovers|optimark|gadopicl|elucirem|vueway|gd[-\s]?dtpa|dotagraf|cyclolux",
    ),
    (
        Agent.IODINE,
        r"iod|jod|ioh?exol|omni?pa(?:que|k)|iopam|isovue|iopro|ultravist|iodix|visipaque|iomep|iomer"
        r"|iovers|optiray|xenetix|iobit|bonorex|pamiray|non[-\s]ionic",
    ),
)


def named_agent(*texts: str | None, modality: str = "") -> Agent:
    """The contrast agent that any of the texts names, ``UNKNOWN`` if none does.

    Parameters
    ----------
    *texts : str or None
        ContrastBolusAgent, ContrastBolusIngredient, descriptions.
    modality : str
        On ``MR`` nothing names iodine: "non-ionic gadolinium" and a CT's agent left in a protocol
        do not tell what was given.

    Examples
    --------
    >>> named_agent("LAVA 20 MIN EOVIST").value
    'gadoxetate'
    >>> named_agent("GADOLINIUM", None).value
    'unknown'
    """
    joined = " ".join(text for text in texts if text).casefold()
    for agent, pattern in _NAMES:
        if re.search(pattern, joined) and not (agent is Agent.IODINE and modality == "MR"):
            return agent
    return Agent.UNKNOWN
