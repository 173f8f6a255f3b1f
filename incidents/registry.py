"""Where other applications hang what they add to incidents, so that this one need not know them.

An application registers in its ``AppConfig.ready()``.
"""

from collections.abc import Callable

from .models import Incident

# Says why a transition is not possible yet, one sentence for each reason; nothing where it is.
Guard = Callable[[Incident, str], list[str]]

_guards: list[Guard] = []


def add_guard(guard: Guard) -> None:
    """Let ``guard`` object to transitions: it is called with the incident and the verb, and returns its reasons."""
    _guards.append(guard)


def objections(incident: Incident, verb: str) -> list[str]:
    """Why this transition is not possible yet, as sentences for people."""
    return [reason for guard in _guards for reason in guard(incident, verb)]
