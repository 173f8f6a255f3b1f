"""What people do to lessons, in words for the audit."""

from django.utils.translation import gettext_lazy as _

from .enums import CheckCode, CheckForce, Defence, DefenceResult

DEEDS = {
    "cause.added": _("added a cause"),
    "cause.edited": _("edited a cause"),
    "cause.removed": _("removed a cause"),
    "cause.restored": _("brought a cause back"),
    "repeat.confirmed": _("said that a cause is the same as an earlier one"),
    "repeat.taken_back": _("took back that a cause is the same as an earlier one"),
    "repeat.rejected": _("said that a cause is not the same as an earlier one"),
    "repeat.asked_again": _("took back that a cause is not the same as an earlier one"),
    "repeat.marked": _("said that the incident is a repeat of an earlier one"),
    "repeat.unmarked": _("took back that the incident is a repeat of an earlier one"),
    "defences.answered": _("said which safety nets held"),
    "action.created": _("added an action item"),
    "action.edited": _("edited an action item"),
    "action.adopt": _("adopted an action item"),
    "action.start": _("started an action item"),
    "action.finish": _("marked an action item as done"),
    "action.verify": _("verified an action item"),
    "action.send-back": _("sent an action item back"),
    "action.drop": _("decided against an action item"),
    "action.reopen": _("opened an action item again"),
    "action.hidden_from_owner": _("took an action item from somebody who no longer sees it"),
    "postmortem.drafted": _("began the postmortem"),
    "postmortem.edited": _("edited the head of the postmortem"),
    "postmortem.section_saved": _("wrote a section of the postmortem"),
    "postmortem.section_added": _("added a section to the postmortem"),
    "postmortem.section_renamed": _("renamed a section of the postmortem"),
    "postmortem.section_moved": _("moved a section of the postmortem"),
    "postmortem.section_removed": _("removed a section of the postmortem"),
    "postmortem.section_restored": _("put a section of the postmortem back"),
    "postmortem.section_waived": _("decided whether there is nothing to say in a section"),
    "postmortem.hint_set_aside": _("set a hint on wording aside"),
    "postmortem.hints_shown_again": _("had hints on wording shown again"),
    "postmortem.approval_void": _("edited the postmortem after it was approved"),
    "postmortem.not_required": _("decided that no postmortem is required"),
    "postmortem.submit": _("asked for a review of the postmortem"),
    "postmortem.withdraw": _("took the postmortem back from review"),
    "postmortem.approve": _("approved the postmortem"),
    "postmortem.ask-for-changes": _("asked for changes to the postmortem"),
    "postmortem.publish": _("published the postmortem"),
    "postmortem.published": _("published the postmortem"),
    "postmortem.retract": _("retracted the postmortem"),
    "postmortem.redraft": _("took up the draft of the postmortem again"),
    "postmortem.audience": _("changed who may read the postmortem"),
    "postmortem.review_asked": _("asked somebody for a review"),
    "postmortem.review_taken_back": _("asked somebody for a review no longer"),
    "postmortem.comment_begun": _("commented on the postmortem"),
    "postmortem.comment_replied": _("answered a comment on the postmortem"),
    "postmortem.comment_edited": _("edited a comment on the postmortem"),
    "postmortem.thread_resolved": _("resolved a thread of comments"),
    "postmortem.thread_reopened": _("reopened a thread of comments"),
    "template.added": _("added a template"),
    "template.edited": _("edited a template"),
    "checklist.edited": _("chose what the checklist asks for"),
}

NAMES = {
    **{defence.value: defence.label for defence in Defence},
    # As `checklist.choose()` names them.
    **{f"check_{code}": code.label for code in CheckCode},
}

VALUES = {word.value: word.label for words in (DefenceResult, CheckForce) for word in words}
