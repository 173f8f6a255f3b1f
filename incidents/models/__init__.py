"""What happens, as it is stored. One module for each family of nouns."""

from .audit import AuditEntry
from .catalogue import Service, SeverityLevel
from .incident import Impact, Incident, IncidentMember, NumberCounter, Tag
from .outbox import OutboxMessage, PeriodicJob, Subscription, WorkerHeartbeat
from .people import Invitation, LoginAttempt, Session, Team, User
from .timeline import TimelineEvent, TimelineEventVersion

__all__ = [
    "AuditEntry",
    "Impact",
    "Incident",
    "IncidentMember",
    "Invitation",
    "LoginAttempt",
    "NumberCounter",
    "OutboxMessage",
    "PeriodicJob",
    "Service",
    "Session",
    "SeverityLevel",
    "Subscription",
    "Tag",
    "Team",
    "TimelineEvent",
    "TimelineEventVersion",
    "User",
    "WorkerHeartbeat",
]
