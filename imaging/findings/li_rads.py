"""What LI-RADS would say of the same region, beside the protocol's question.

LI-RADS "tumor in vein" needs unequivocal enhancing soft tissue in a vein, and neither arterial
hyperenhancement nor washout; the protocol's bullet needs both enhancement and washout. One can hold
without the other. The decision is the reader's: these are words about the numbers.

References
----------
.. [1] ACR. CT/MRI LI-RADS v2018 Core.
"""

from __future__ import annotations

from imaging.findings.finding import Finding, Reason


def tumor_in_vein(enhancement: Finding, washout: Finding) -> Reason:
    """LR-TIV in one sentence, from the enhancement and washout of a filling defect in a vein."""
    if enhancement is Finding.POSITIVE and washout is Finding.POSITIVE:
        text = "numbers support tumor in vein by LI-RADS and the protocol's enhancement with washout"
        return Reason("TIV_AND_WASHOUT", text)
    if enhancement is Finding.POSITIVE and washout is Finding.NEGATIVE:
        text = "numbers support tumor in vein by LI-RADS; protocol 4.a is not met (no washout)"
        return Reason("TIV_WITHOUT_WASHOUT", text)
    if enhancement is Finding.POSITIVE:
        text = "numbers support tumor in vein by LI-RADS; washout for protocol 4.a is not shown"
        return Reason("TIV_WASHOUT_OPEN", text)
    if enhancement is Finding.NEGATIVE:
        text = "numbers do not support enhancing soft tissue: neither tumor in vein nor protocol 4.a"
        return Reason("NO_TIV", text)
    return Reason("TIV_OPEN", "numbers decide neither tumor in vein by LI-RADS nor protocol 4.a")
