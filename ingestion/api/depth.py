"""How deep a JSON text is nested, told before it is parsed.

A parser recurses, and so does everything behind it: comparison, masking, jsonb itself. Where one
of them gives up only deep inside, its error looks like a database that is away, and the sender
retries the same text for ever.
"""

from itertools import accumulate

MOST_LEVELS = 64

_AS_SQUARE = bytes.maketrans(b"{}", b"[]")
_REST = bytes(byte for byte in range(256) if byte not in b'[]{}"')
_STEP = [0] * 256
_STEP[ord("[")], _STEP[ord("]")] = 1, -1


def is_too_deep(text: bytes, most: int = MOST_LEVELS) -> bool:
    """Whether arrays and objects are nested more than `most` deep.

    Brackets within strings do not count: they would hide depth as well as feign it. Of what is no
    JSON the answer means nothing; the parser refuses it.
    """
    if text.count(b"[") + text.count(b"{") <= most:
        return False
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Of a string without brackets two quotes are left, side by side: nearly all go at once.
    marks = text.translate(_AS_SQUARE, _REST).replace(b'""', b"")
    if b'"' in marks:
        marks = b"".join(marks.split(b'"')[::2])
    return max(accumulate(map(_STEP.__getitem__, marks)), default=0) > most
