"""Text in its declared character set: decoded exactly, or shown as unreadable.

Nothing is guessed. Bytes that do not fit the declared SpecificCharacterSet become U+FFFD, and the
caller is told.
"""

from __future__ import annotations

import warnings

#: What stands for bytes that could not be read.
_REPLACEMENT = "\ufffd"


def decode(raw: bytes, character_sets: tuple[str, ...]) -> tuple[str, bool]:
    r"""Text of a value, and whether every byte of it could be read.

    Parameters
    ----------
    raw : bytes
        As stored.
    character_sets : tuple of str
        SpecificCharacterSet; empty where absent.

    Examples
    --------
    >>> decode("홍^길동".encode(), ("ISO_IR 192",))
    ('홍^길동', True)
    >>> decode(b"\xc8\xab", ())
    ('��', False)
    """
    raw = raw.strip(b" \0")
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii"), True
    text = _decode_strictly(raw, character_sets)
    if text is None:
        kept = bytes(b for b in raw if b != 0x1B)
        return kept.decode("ascii", errors="replace"), False
    return text, _REPLACEMENT not in text


def _decode_strictly(raw: bytes, character_sets: tuple[str, ...]) -> str | None:
    from pydicom.charset import convert_encodings, decode_bytes
    from pydicom.valuerep import PN_DELIMS

    if not any(character_sets):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            encodings = convert_encodings(list(character_sets))
            text = decode_bytes(raw, encodings, PN_DELIMS | {0x0A, 0x0C, 0x0D, 0x5C})
    except (Warning, UnicodeError, LookupError, ValueError):
        return None
    return str(text) if not any(0x7F <= ord(c) <= 0x9F for c in text) else None
