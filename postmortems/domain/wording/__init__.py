"""Hints on wording that judges people, each with a way to speak of roles and systems instead. They never block.

`hints` finds them in a text, `prose` says what of a text is prose at all, `languages` in which language it is,
`english` holds what is looked for, and `drafts` knows which hints of a postmortem are open.
"""

from .drafts import HEAD, LESSONS, HintsAt, PlacedHint, hints_at, hints_of, set_aside, show_again
from .hints import Hint, hints_in

__all__ = [
    "HEAD",
    "LESSONS",
    "Hint",
    "HintsAt",
    "PlacedHint",
    "hints_at",
    "hints_in",
    "hints_of",
    "set_aside",
    "show_again",
]
