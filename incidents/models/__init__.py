"""What happens, as it is stored. One module for each family of nouns."""

from .alerts import Alert, AlertReceipt, AlertRule
from .attachments import Attachment
from .audit import AuditEntry
from .catalogue import Service, SeverityLevel
from .changes import Change, IncidentChange, RollCall, RollCallAnswer
from .incident import Impact, Incident, IncidentMember, NumberCounter, Tag
from .installation import Installation
from .notices import Callout, NoticePreference, Webhook
from .outbox import OutboxMessage, PeriodicJob, Subscription, WorkerHeartbeat
from .people import Invitation, LoginAttempt, Session, Team, User
from .timeline import TimelineEvent, TimelineEventVersion
from .tokens import ApiToken
from .updates import StatusLink, StatusUpdate

__all__ = [
    "Alert",
    "AlertReceipt",
    "AlertRule",
    "ApiToken",
    "Attachment",
    "AuditEntry",
    "Callout",
    "Change",
    "Impact",
    "Incident",
    "IncidentChange",
    "IncidentMember",
    "Installation",
    "Invitation",
    "LoginAttempt",
    "NoticePreference",
    "NumberCounter",
    "OutboxMessage",
    "PeriodicJob",
    "RollCall",
    "RollCallAnswer",
    "Service",
    "Session",
    "SeverityLevel",
    "StatusLink",
    "StatusUpdate",
    "Subscription",
    "Tag",
    "Team",
    "TimelineEvent",
    "TimelineEventVersion",
    "User",
    "Webhook",
    "WorkerHeartbeat",
]
