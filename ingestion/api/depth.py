"""How deep a JSON text is nested, told before it is parsed.

A parser recurses, and so does everything behind it: comparison, masking, jsonb itself. Where one
of them gives up only deep inside, its error looks like a database that is away, and the sender
retries the same text for ever.
"""

import re

MOST_LEVELS = 64

_AS_SQUARE = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


def is_too_deep(text: bytes, most: int = MOST_LEVELS) -> bool:
    """Whether arrays and objects are nested more than `most` deep.

    Costs a few microseconds for what is small, and some 50 for a batch of 100 events: brackets
    are cancelled in pairs, one level a round. Only where some are left (too deep, malformed, or
    brackets within strings) is the text read token by token.
    """
    if text.count(b"[") + text.count(b"{") <= most:
        return False
    brackets = text.translate(_AS_SQUARE, _NOT_BRACKETS)
    for _ in range(most):
        shorter = brackets.replace(b"[]", b"")
        if not shorter:
            return False
        if len(shorter) == len(brackets):
            break
        brackets = shorter
    return _measure(text, most)


def _measure(text: bytes, most: int) -> bool:
    level = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        character = text[token.start()]
        if character in b"[{":
            level += 1
            if level > most:
                return True
        elif character in b"]}":
            level -= 1
    return False
