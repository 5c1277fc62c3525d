"""Examinations whose contrast went into an artery: CT hepatic arteriography and during arterial portography.

What enhances there, and when, is not what enhances after an injection into a vein: on CTAP (into the
mesenteric artery) a tumor fed by the hepatic artery is dark from the start, on CTHA (into the hepatic artery)
the portal vein stays dark. So there is no phase, and no washout.
"""

from __future__ import annotations

from imaging.phases.normalize import normalize
from imaging.phases.vocabulary import compiled

#: Only what cannot mean an injection into a vein. A bare CTAP, CT-AP or AP-CT is nearly always a CT of the
#: abdomen and pelvis, "CT HA phase" the hepatic arterial phase; CT angiography and portography go through a
#: vein.
_INTO_AN_ARTERY = compiled(
    r"""<ctha> | <ct-ha>(?!~ph) | <hepatic~(?:ct~)?arteriogra\w* | <arterio?(?:al)?~portogra\w* |
    <sma~portogra\w* | <ct-?ap>.*<sma> | <sma>.*<ct-?ap> | <intra~arterial~(?:ct>|inj\w*|contrast) |
    動脈性?\s*門脈造影 | 肝動脈造影(?![相期]) | 動注\s*(?:造影\s*)?ct |
    동맥(?:성|경유)?\s*문맥\s*조영 | 간동맥\s*조영(?:술|\s*ct) |
    动脉性?门静?脉造影 | 动脉性?門靜?脈造影 | 肝动脉造影(?![相期])"""
)


def arterial_injection(*texts: str | None) -> str:
    """Why an examination with these descriptions has no contrast phase; empty where nothing says so.

    Parameters
    ----------
    *texts : str or None
        Descriptions and protocol names of CT series, and the description of their study.

    Examples
    --------
    >>> arterial_injection("CTHA 1st phase")
    'contrast went into an artery ("ctha"), so nothing after it is a phase of an injection into a vein'
    >>> arterial_injection("CTAP PORTAL VENOUS", None)
    ''
    """
    for text in texts:
        found = _INTO_AN_ARTERY.search(normalize(text or ""))
        if found:
            return (
                f'contrast went into an artery ("{found[0].strip()}"), so nothing after it is a phase of an '
                "injection into a vein"
            )
    return ""
