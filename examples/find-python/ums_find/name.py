"""A user's name, brought to the form in which it is stored and compared."""

import re
import unicodedata
from urllib.parse import unquote_to_bytes

MIN_LENGTH, MAX_LENGTH = 8, 32  # in characters: Unicode code points

# Unicode's property White_Space. str.strip() alone would cut off U+001C to U+001F too, which are refused below.
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"

# Control characters, line and paragraph separators, bidirectional controls, the byte order mark, noncharacters.
FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufeff"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)

MALFORMED_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class InvalidName(Exception):
    """A text that cannot be anybody's name: a code, which is stable, and a detail for a person."""

    def __init__(self, code: str, detail: str):
        super().__init__(detail)
        self.code, self.detail = code, detail


def name_in_path(segment: str) -> str:
    """Returns the name of a path's segment as it was sent, in WSGI's form: every byte a character. It is decoded once."""
    raw = segment.encode("latin-1")
    if MALFORMED_ESCAPE.search(raw):
        raise InvalidName("encoding", "the name in the path is not percent-encoded correctly")
    try:
        return normal(unquote_to_bytes(raw).decode("utf-8"))
    except UnicodeDecodeError:
        raise InvalidName("encoding", "the name is not valid UTF-8") from None


def normal(text: str) -> str:
    """Returns a name in Normalization Form C and without white space around it, or raises InvalidName. The order of the
    steps is the contract's: composing and cutting off come before counting."""
    name = unicodedata.normalize("NFC", text).strip(WHITE_SPACE)
    if len(name) < MIN_LENGTH:
        raise InvalidName("too-short", f"the name has {len(name)} characters; it needs at least {MIN_LENGTH}")
    if len(name) > MAX_LENGTH:
        raise InvalidName("too-long", f"the name has {len(name)} characters; it may have at most {MAX_LENGTH}")
    if found := FORBIDDEN.search(name):
        code_point = f"U+{ord(found.group()):04X}"
        raise InvalidName("forbidden-character", f"the name holds the character {code_point}, which names may not contain")
    return name
