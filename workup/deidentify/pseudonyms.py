"""The same new name for the same old one, as long as the project's key is the same.

Every pseudonym is a keyed hash (HMAC-SHA256): without the key nobody can try names until one fits, and no
table of old and new names has to be kept anywhere.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from pydicom.uid import UID_dictionary

from workup.errors import DeidentifyError

#: A shorter secret could be tried out. [bytes]
MIN_KEY_BYTES = 16

#: Dates move back by 1 to this many days, the same for all of a patient's. [days]
MAX_SHIFT_DAYS = 3650

#: UIDs below the standard's own root name kinds of objects, not patients.
STANDARD_ROOT = "1.2.840.10008."


@dataclass(frozen=True)
class ProjectKey:
    """The secret of one project.

    Raises
    ------
    DeidentifyError
        ``KEY_TOO_SHORT``.
    """

    secret: bytes

    def __post_init__(self) -> None:
        if len(self.secret) < MIN_KEY_BYTES:
            raise DeidentifyError(
                "KEY_TOO_SHORT",
                f"the key has {len(self.secret)} bytes",
                expected=f"at least {MIN_KEY_BYTES} random bytes",
                advice="Name a file that does not exist yet, and a good key is made",
            )

    def __repr__(self) -> str:
        return "ProjectKey(secret)"

    def digest(self, kind: str, value: str) -> bytes:
        """Keyed hash (32 bytes) of a value of some kind."""
        return hmac.new(self.secret, f"{kind}\0{value}".encode(), hashlib.sha256).digest()

    def uid(self, uid: str) -> str:
        """The new UID of an old one; the standard's own stay."""
        uid = uid.strip("\0 ")  # some writers pad twice
        if not uid or uid.startswith(STANDARD_ROOT) or uid in UID_dictionary:
            return uid
        number = int.from_bytes(self.digest("uid", uid)[:16])
        return f"2.25.{number}"

    def patient(self, identity: str) -> str:
        """Pseudonym of a patient."""
        return f"VI-{self.digest('patient', identity).hex()[:12].upper()}"

    def code(self, word: str) -> str:
        """A short stand-in for a word of a device, so that equal stays equal."""
        return f"X{self.digest('word', word).hex()[:6].upper()}"

    def shift_days(self, identity: str) -> int:
        """How far this patient's dates move back. [days]"""
        return 1 + int.from_bytes(self.digest("shift", identity)[:8]) % MAX_SHIFT_DAYS
