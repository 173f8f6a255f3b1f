"""Where other applications hang what they add to incidents, so that this one need not know them.

An application registers in its ``AppConfig.ready()``.
"""

import datetime as dt
from collections.abc import Callable

from .models import Incident
from .permissions import Actor

# Says why a transition is not possible yet, one sentence for each reason; nothing where it is.
Guard = Callable[[Incident, str], list[str]]

# Carries out what follows from an incident becoming private, in the same transaction.
Follower = Callable[[Actor, Incident, dt.datetime], None]

_guards: list[Guard] = []
_made_private: list[Follower] = []


def add_guard(guard: Guard) -> None:
    """Let ``guard`` object to transitions: it is called with the incident and the verb, and returns its reasons."""
    _guards.append(guard)


def objections(incident: Incident, verb: str) -> list[str]:
    """Why this transition is not possible yet, as sentences for people."""
    return [reason for guard in _guards for reason in guard(incident, verb)]


def on_made_private(follower: Follower) -> None:
    """Let ``follower`` act in the transaction that makes an incident private."""
    _made_private.append(follower)


def made_private(actor: Actor, incident: Incident, now: dt.datetime) -> None:
    """Let all that registered act on it."""
    for follower in _made_private:
        follower(actor, incident, now)
