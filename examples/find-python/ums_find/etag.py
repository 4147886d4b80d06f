"""If-None-Match (RFC 9110, section 13.1.2)."""

import re

ELEMENT = re.compile(r'[ \t]*(?:(?:W/)?("[^"\x00-\x20\x7f]*")[ \t]*)?(?:,|$)')


class InvalidPrecondition(Exception):
    """A field that is neither * nor a list of entity tags."""


def matches(field: str, current: str) -> bool:
    """Reports whether a field names the entity tag current. The comparison is weak: W/ counts for nothing. A field that
    was sent in several lines is given as one, joined by commas, as WSGI has it."""
    if field.strip(" \t") == "*":
        return True
    tags, at = set(), 0
    while at < len(field):
        element = ELEMENT.match(field, at)
        if element is None:
            raise InvalidPrecondition
        tags.add(element.group(1))
        at = element.end()
    tags.discard(None)  # empty elements are allowed
    if not tags:
        raise InvalidPrecondition
    return current in tags
