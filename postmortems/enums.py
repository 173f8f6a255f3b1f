"""The closed sets of words that lessons are described with."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class CauseRole(TextChoices):
    """What a factor did to the incident. People are never a cause."""

    TRIGGER = "trigger", _("Trigger")
    ROOT_CAUSE = "root_cause", _("Root cause")
    CONTRIBUTING = "contributing", _("Contributing")
    DELAYED_DETECTION = "delayed_detection", _("Delayed detection")
    DELAYED_RECOVERY = "delayed_recovery", _("Delayed recovery")
    LUCKY_SAVE = "lucky_save", _("Lucky save")


class CauseCategory(TextChoices):
    CODE = "code", _("Code defect")
    CONFIGURATION = "configuration", _("Configuration")
    DEPLOYMENT = "deployment", _("Deployment or release")
    CAPACITY = "capacity", _("Capacity or load")
    DATA = "data", _("Data or schema")
    DEPENDENCY = "dependency", _("Dependency or supplier")
    INFRASTRUCTURE = "infrastructure", _("Infrastructure or network")
    SECURITY = "security", _("Security or permissions")
    CERTIFICATE = "certificate", _("Certificate or expiry")
    MONITORING = "monitoring", _("Monitoring gap")
    PROCESS = "process", _("Process gap")
    DOCUMENTATION = "documentation", _("Documentation or runbook")
    DESIGN = "design", _("Design")
    OTHER = "other", _("Other")
    UNKNOWN = "unknown", _("Not known")


class ActionType(TextChoices):
    CORRECTIVE = "corrective", _("Corrective")
    PREVENTIVE = "preventive", _("Preventive")
    DETECTIVE = "detective", _("Detective")
    PROCESS = "process", _("Process")


class ActionStatus(TextChoices):
    OPEN = "open", _("Open")
    IN_PROGRESS = "in_progress", _("In progress")
    DONE = "done", _("Done")
    VERIFIED = "verified", _("Verified")
    WONT_DO = "wont_do", _("Won't do")
    HISTORICAL = "historical", _("Historical, state unknown")


# What still asks for somebody's work.
UNFINISHED = (ActionStatus.OPEN, ActionStatus.IN_PROGRESS)
FINISHED = (ActionStatus.DONE, ActionStatus.VERIFIED)


class Defence(TextChoices):
    """The safety nets that may catch a failure before it hurts, or soften it."""

    REVIEW = "review", _("Review")
    APPROVAL = "approval", _("Approval")
    AUTOMATED_TEST = "automated_test", _("Automated test")
    SANDBOX = "sandbox", _("Sandbox")
    STAGED_ROLL_OUT = "staged_roll_out", _("Staged roll-out")
    FEATURE_FLAG = "feature_flag", _("Feature flag")
    ALERT = "alert", _("Alert")
    DASHBOARD = "dashboard", _("Dashboard")
    RUNBOOK = "runbook", _("Runbook")
    ROLLBACK = "rollback", _("Rollback")
    BACKUP = "backup", _("Backup")
    ON_CALL = "on_call", _("On-call")


class DefenceResult(TextChoices):
    HELD = "held", _("Held")
    FAILED = "failed", _("Failed")
    ABSENT = "absent", _("Absent")


class PostmortemStatus(TextChoices):
    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    APPROVED = "approved", _("Approved")
    PUBLISHED = "published", _("Published")
    RETRACTED = "retracted", _("Retracted")
    NOT_REQUIRED = "not_required", _("Not required")


class Audience(TextChoices):
    INTERNAL = "internal", _("Internal")
    PUBLIC = "public", _("Public")


class SectionKind(TextChoices):
    """What a section of a postmortem is about; the words of the importer's contract."""

    SUMMARY = "summary", _("Summary")
    IMPACT = "impact", _("Impact")
    TIMELINE = "timeline", _("Timeline")
    ROOT_CAUSE = "root_cause", _("Root cause")
    RESOLUTION = "resolution", _("Resolution")
    DETECTION = "detection", _("Detection")
    ACTION_ITEMS = "action_items", _("Action items")
    LESSONS = "lessons", _("Lessons")
    OTHER = "other", _("Other")


class CheckCode(TextChoices):
    """The lines of the checklist in their order, each as what is true when it is ticked."""

    TEXT = "text", _("At least one section is written.")
    SECTIONS = "sections", _("Each section is written, or it is said that there is nothing to say.")
    LEDE = "lede", _("It is said in one sentence.")
    IMPACT = "impact", _("The impact is written down.")
    ORDER = "order", _("Start, detection and end are known, in a possible order.")
    CAUSES = "causes", _("At least one cause is named.")
    ANSWERED = "answered", _("Each root cause has an action item, or a reason why not.")
    OWNED = "owned", _("Every open action item has an owner and a date.")
    DETECTIVE = "detective", _("Where users saw it first, a detective action item says how we will.")
    BEFORE = "before", _("“Has it happened before?” is answered.")
    VALUES = "values", _("Each value that a text takes from the incident is known.")
    WORDING = "wording", _("No hint on wording is open.")


class CheckForce(TextChoices):
    """What a line of the checklist does while it is not ticked."""

    BLOCKS = "blocks", _("Blocks publishing")
    ADVICE = "advice", _("Advice")
    OFF = "off", _("Not asked for")


class RequestEnd(TextChoices):
    """How a request for a review ended."""

    ANSWERED = "answered", _("Answered")
    BY_ANOTHER = "by_another", _("Another editor answered")
    TAKEN_BACK = "taken_back", _("Taken back")


class ReviewDecision(TextChoices):
    APPROVED = "approved", _("Approved")
    CHANGES_ASKED = "changes_asked", _("Asked for changes")


class DocumentKind(TextChoices):
    """What a search can find, each as what stands before it in the results."""

    INCIDENT = "incident", _("Incident")
    EVENT = "event", _("Timeline")
    CAUSE = "cause", _("Cause")
    ACTION_ITEM = "action_item", _("Action item")
    # On an incident, and as such.
    VERDICT = "verdict", _("Change")
    CHANGE = "change", _("Change")
    POSTMORTEM = "postmortem", _("Postmortem")
    DRAFT = "draft", _("Draft")


class WorkState(TextChoices):
    """How an action item stands to its date, for figures. What is historical or was dropped is in none of them."""

    IN_TIME = "in_time", _("done in time")
    LATE = "late", _("done late")
    OVERDUE = "overdue", _("overdue")
    AHEAD = "ahead", _("not due yet")
    UNDATED = "undated", _("without a date")


class PublicationState(TextChoices):
    """How the postmortem of a resolved incident that asks for one stands to `POSTMORTEM_DAYS`, for figures."""

    IN_TIME = "in_time", _("published in time")
    LATE = "late", _("published late")
    OVERDUE = "overdue", _("overdue")
    AHEAD = "ahead", _("there is time left")
    WAIVED = "waived", _("not needed, with a reason")


# Within how many days of being resolved the postmortem is expected.
POSTMORTEM_DAYS = 14
