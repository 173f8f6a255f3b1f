"""Who may do what with lessons: more rows of the one rule table in `incidents.permissions`."""

from incidents.enums import Role, TokenScope
from incidents.models import Team
from incidents.permissions import RULES, Actor, Permission, Rule

from .models import ActionItem, Comment


class LessonPerm(Permission):
    """Everything that somebody may or may not do with causes, action items and postmortems."""

    WRITE = "write causes, safety nets and postmortems"
    CREATE_ACTION = "create and assign action items"
    PROGRESS_ACTION = "move this action item on"
    VERIFY_ACTION = "verify this action item"
    COMMENT = "comment on postmortems"
    EDIT_COMMENT = "edit this comment"
    WAIVE_VERIFICATION = "decide that an action item need not be verified"
    EDIT_MANY_ACTIONS = "change many action items at once"
    VIEW_TEAM_FIGURES = "see the figures of this team"
    APPROVE = "approve, publish or retract postmortems"
    PUBLISH_PUBLIC = "publish to the public"
    EDIT_TEMPLATES = "edit templates of postmortems"
    EDIT_CHECKLIST = "choose what the checklist asks for"


def _owner_or_responder(actor: Actor, item: ActionItem) -> bool:
    return actor.has_role(Role.RESPONDER) or (actor.user is not None and item.owner_id == actor.user.pk)


def _named_verifier(actor: Actor, item: ActionItem) -> bool:
    return actor.user is not None and actor.user.pk == item.verifier_id and actor.user.pk != item.owner_id


def _is_author(actor: Actor, comment: Comment) -> bool:
    return actor.user is not None and actor.user.pk == comment.author_id


def _of_team_or_admin(actor: Actor, team: Team) -> bool:
    """Figures of a team are for those in it, its lead and deputy, and the admins."""
    user = actor.user
    if actor.has_role(Role.ADMIN):
        return True
    return user is not None and Team.objects.of(user).filter(pk=team.pk).exists()


RULES.update(
    {
        LessonPerm.WRITE: Rule(Role.RESPONDER, token=TokenScope.WRITE),
        LessonPerm.CREATE_ACTION: Rule(Role.RESPONDER, token=TokenScope.WRITE),
        LessonPerm.PROGRESS_ACTION: Rule(Role.READER, _owner_or_responder, token=TokenScope.WRITE),
        LessonPerm.VERIFY_ACTION: Rule(Role.RESPONDER, _named_verifier),
        LessonPerm.COMMENT: Rule(Role.RESPONDER, token=TokenScope.WRITE),
        LessonPerm.EDIT_COMMENT: Rule(Role.RESPONDER, _is_author, token=TokenScope.WRITE),
        LessonPerm.WAIVE_VERIFICATION: Rule(Role.EDITOR),
        LessonPerm.EDIT_MANY_ACTIONS: Rule(Role.ADMIN),
        LessonPerm.VIEW_TEAM_FIGURES: Rule(Role.READER, _of_team_or_admin),
        LessonPerm.APPROVE: Rule(Role.EDITOR),
        LessonPerm.PUBLISH_PUBLIC: Rule(Role.EDITOR),
        LessonPerm.EDIT_TEMPLATES: Rule(Role.ADMIN),
        LessonPerm.EDIT_CHECKLIST: Rule(Role.ADMIN),
    }
)
