"""The closed sets of words that incidents are described with."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """The role on an account; each includes the ones before it. Blank means: sees only what is public."""

    READER = "reader", _("Reader")
    RESPONDER = "responder", _("Responder")
    EDITOR = "editor", _("Editor")
    ADMIN = "admin", _("Admin")


class ColourScheme(TextChoices):
    SYSTEM = "system", _("As the system")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class Series(TextChoices):
    """The two sequences of numbers: real incidents, and what only looks like one (drills, the worked example)."""

    INC = "INC", "INC"
    DRILL = "DRILL", "DRILL"


class IncidentKind(TextChoices):
    INCIDENT = "incident", _("Incident")
    NEAR_MISS = "near_miss", _("Near miss")
    BACKFILL = "backfill", _("Backfill")
    DRILL = "drill", _("Drill")


class Severity(TextChoices):
    SEV1 = "sev1", _("SEV1")
    SEV2 = "sev2", _("SEV2")
    UNKNOWN = "unknown", _("not yet known")
    SEV3 = "sev3", _("SEV3")
    SEV4 = "sev4", _("SEV4")


class Status(TextChoices):
    TRIAGE = "triage", _("Triage")
    INVESTIGATING = "investigating", _("Investigating")
    IDENTIFIED = "identified", _("Identified")
    MONITORING = "monitoring", _("Monitoring")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")


OPEN_STATUSES = (Status.TRIAGE, Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING)
# While an incident is in one of these and nobody has it, people are called; later somebody is at work, whoever it is.
CALLING_STATUSES = (Status.TRIAGE, Status.INVESTIGATING)


class CancelReason(TextChoices):
    DUPLICATE = "duplicate", _("Duplicate of another incident")
    FALSE_ALARM = "false_alarm", _("False alarm")
    OTHER = "other", _("Other")


class Milestone(TextChoices):
    """The moments that durations are measured between, in the order in which they are expected."""

    IMPACT_STARTED = "impact_started", _("Impact started")
    DETECTED = "detected", _("Detected")
    DECLARED = "declared", _("Declared")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    IDENTIFIED = "identified", _("Identified")
    MITIGATED = "mitigated", _("Mitigated")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")


class Precision(TextChoices):
    EXACT = "exact", _("exact")
    ABOUT = "about", _("about")
    NOT_LATER = "not_later", _("not later than")


class DetectedBy(TextChoices):
    UNKNOWN = "unknown", _("Not known")
    USERS = "users", _("Users")
    MONITORING = "monitoring", _("Monitoring")
    STAFF = "staff", _("Staff")
    PARTNER = "partner", _("Partner")
    OTHER = "other", _("Other")


class ImpactAudience(TextChoices):
    CUSTOMERS = "customers", _("Customers")
    PARTNERS = "partners", _("Partners")
    STAFF = "staff", _("Staff")


class ScopeUnit(TextChoices):
    PERCENT = "percent", _("%")
    COUNT = "count", _("in number")


class ScopeBasis(TextChoices):
    MEASURED = "measured", _("measured")
    ESTIMATED = "estimated", _("estimated")


class IncidentRole(TextChoices):
    """Who does what on one incident. The values are the names of the fields on Incident."""

    INCIDENT_LEAD = "incident_lead", _("Incident lead")
    COMMUNICATIONS_LEAD = "communications_lead", _("Communications lead")
    SCRIBE = "scribe", _("Scribe")


class TimelineKind(TextChoices):
    LEAD_UP = "lead_up", _("Lead-up")
    CHANGE = "change", _("Change")
    DETECTION = "detection", _("Detection")
    REPORT = "report", _("Report")
    DIAGNOSIS = "diagnosis", _("Diagnosis")
    DECISION = "decision", _("Decision")
    ACTION = "action", _("Action")
    COMMUNICATION = "communication", _("Communication")
    STATUS_CHANGE = "status_change", _("Status change")
    RECOVERY = "recovery", _("Recovery")
    NOTE = "note", _("Note")


class Source(TextChoices):
    """Which door a record came in by."""

    PAGE = "page", _("Page")
    ADMIN = "admin", _("Admin")
    API = "api", _("API")
    IMPORT = "import", _("Import")
    SYSTEM = "system", _("Nevertwice")
    SYNTHETIC = "synthetic", _("Synthetic")


class MessageState(TextChoices):
    PENDING = "pending", _("Waiting")
    DONE = "done", _("Delivered")
    DEAD = "dead", _("Given up")
    CANCELLED = "cancelled", _("Cancelled")


class TokenScope(TextChoices):
    READ = "read", _("Read")
    WRITE = "write", _("Write")


class YesNoUnknown(TextChoices):
    UNKNOWN = "unknown", _("Not known")
    YES = "yes", _("Yes")
    NO = "no", _("No")


class ChangeKind(TextChoices):
    DEPLOY = "deploy", _("Deploy")
    CONFIGURATION = "configuration", _("Configuration")
    DATA_SCHEMA = "data_schema", _("Data or schema")
    INFRASTRUCTURE = "infrastructure", _("Infrastructure")
    FEATURE_FLAG = "feature_flag", _("Feature flag")
    DEPENDENCY = "dependency", _("Dependency")
    CERTIFICATE = "certificate", _("Certificate")
    PERMISSION = "permission", _("Permission")


class ChangeVerdict(TextChoices):
    """What a change turned out to be on an incident."""

    CANDIDATE = "candidate", _("Candidate")
    LIKELY = "likely", _("Likely")
    TRIGGER = "trigger", _("Trigger")
    RULED_OUT = "ruled_out", _("Ruled out")
    MITIGATION = "mitigation", _("Mitigation")
    FIX = "fix", _("Fix")


class RollCallAnswerKind(TextChoices):
    NOTHING = "nothing", _("Nothing of mine")
    CHANGE = "change", _("Something went live")
    NOT_SURE = "not_sure", _("Not sure, or cannot look now")


class RollCallEnd(TextChoices):
    FOUND = "found", _("The cause is found")
    RESOLVED = "resolved", _("Resolved")
    ENDED = "ended", _("Ended by hand")
    CANCELLED = "cancelled", _("The incident was cancelled")


class UpdateAudience(TextChoices):
    STAFF = "staff", _("Everybody here")
    RESPONDERS = "responders", _("Those who work on it")


class NextUpdate(TextChoices):
    """When people are promised the next update."""

    SEVERITY = "severity", _("as its severity asks")
    HALF_HOUR = "30", _("in 30 min")
    HOUR = "60", _("in 1 h")
    MORNING = "morning", _("at 08:00 in the morning")
    NONE = "none", _("no time is promised")


class CallStep(TextChoices):
    """Whom an incident calls, one after another, until somebody has it."""

    TEAM_LEAD = "team_lead", _("Team lead")
    DEPUTY = "deputy", _("Deputy")
    ADMIN = "admin", _("Admin")


class IncidentEvent(TextChoices):
    """What happens to an incident that others hear of."""

    OPENED = "opened", _("Opened")
    ACKNOWLEDGED = "acknowledged", _("Somebody has it")
    SEVERITY = "severity", _("Severity changed")
    UPDATE = "update", _("Status update")
    RESOLVED = "resolved", _("Resolved")
    REOPENED = "reopened", _("Reopened")
    CANCELLED = "cancelled", _("Cancelled")


class ActionItemEvent(TextChoices):
    """What happens to action items that channels hear of where it was ticked."""

    CREATED = "action_item.created", _("Action item added or adopted")
    CHANGED = "action_item.changed", _("Action item changed")
    MOVED_ON = "action_item.moved_on", _("Action item moved on")


class ReminderGroup(TextChoices):
    """Why something is in the mail that reminds a person, in the order of that mail."""

    OWN = "own", _("Yours to do")
    VERIFY = "verify", _("Yours to verify")
    TEAM = "team", _("Of your team, and nobody is at it")


class NoticeKind(TextChoices):
    """What a person can be told of by mail. Calls to an incident are not among them: they always come."""

    FOLLOWED = "followed", _("News of incidents I follow")
    SEV1 = "sev1", _("Every SEV1 that opens or ends")
    TEAM = "team", _("Incidents of my teams")
    ACTION_ITEMS = "action_items", _("My action items: once a week, and when they are due")
    REVIEWS = "reviews", _("Reviews I am asked for, and decisions on what I wrote")
    COMMENTS = "comments", _("Comments on what I wrote, and on what I commented on")


class MuteFor(TextChoices):
    """How long somebody wants no notices."""

    MORNING = "morning", _("Until tomorrow, 08:00")
    DAY = "day", _("For a day")
    WEEK = "week", _("For a week")
    NOT = "not", _("Send them again")


class WebhookFormat(TextChoices):
    GENERIC = "generic", _("Generic, signed")
    SLACK = "slack", _("Slack and what understands the same")
    PAGERDUTY = "pagerduty", _("PagerDuty events")
    CUSTOM = "custom", _("A body of your own")


class AlertFormat(TextChoices):
    ALERTMANAGER = "alertmanager", _("Alertmanager")
    GENERIC = "generic", _("Generic")


class AlertState(TextChoices):
    FIRING = "firing", _("Firing")
    RESOLVED = "resolved", _("Resolved")


class AlertAction(TextChoices):
    REPORT = "report", _("Report")
    DECLARE = "declare", _("Declare")
    ATTACH = "attach", _("Add to an open incident of the service, else let it pass")
    IGNORE = "ignore", _("Let it pass")


class ReceiptState(TextChoices):
    PENDING = "pending", _("Waiting")
    DONE = "done", _("Understood")
    FAILED = "failed", _("Not understood")


class PictureFormat(TextChoices):
    """What pictures are kept as; the values are the endings of their names."""

    PNG = "png", _("PNG")
    JPEG = "jpg", _("JPEG")
    WEBP = "webp", _("WebP")
    GIF = "gif", _("GIF")
