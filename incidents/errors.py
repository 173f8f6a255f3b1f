"""What can go wrong when somebody asks for something.

One exception with a stable ``code`` becomes a form error on a page, a problem in the API and the one-line message of a
command. It lives beside the models, below every layer that raises it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class DomainError(Exception):
    """A request that cannot be carried out, with a sentence that says what to do next.

    ``code`` is stable and meant for machines; ``message`` is for people; ``fields`` maps the names of inputs to what is
    wrong with each.
    """

    default_code: ClassVar[str] = "invalid"
    http_status: ClassVar[int] = 422

    def __init__(self, message: str, *, code: str = "", fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.fields = dict(fields or {})


class InvalidInput(DomainError):
    """What was entered cannot be used as it is."""


class NotPossible(DomainError):
    """The object is in a state in which this cannot be done."""

    default_code = "not_possible"


class Forbidden(DomainError):
    """The actor can see the object but may not do this to it."""

    default_code = "forbidden"
    http_status = 403


class Stale(DomainError):
    """Somebody else changed the object since the actor read it; ``current`` is the object as it is now."""

    default_code = "stale"
    http_status = 409

    def __init__(self, message: str, *, current: Any = None) -> None:
        super().__init__(message)
        self.current = current
