"""What people are reminded of: action items of their own, those they verify, and those of their team that nobody is at.

An action item is its owner's until 90 days after it was due, then its team's: the team lead's, else the deputy's, else
the admins', as when an incident calls somebody. So is what has nobody who can do it: no owner, or one whose account is
disabled, lost its role, or sees the (private) incident no more. Work that is to be verified is due a week after it was
done, and otherwise the same holds for it and its verifier.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import Q, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.enums import ReminderGroup
from incidents.models import Team, User
from incidents.notifications import calls
from incidents.notifications.reminders import WEEK, latest_step
from incidents.permissions import Actor
from incidents.registry import Deadline, Reminder, Reminding

from .models import ActionItem
from .querysets import ACTION_ORDER

# More than anybody does in a week; the page has all of them.
MOST = 30
OWN_TIME = dt.timedelta(days=90)
# Once it is done, the verifier has this long, and hears of it at once: a week before it is due.
TIME_TO_VERIFY = WEEK


def deadlines(now: dt.datetime) -> Mapping[int, list[Deadline]]:
    """Everybody who has something left, with what of it has a date; as many queries for many people as for two."""
    # The latest date there is anywhere, so that nobody's is missed.
    today = (now + dt.timedelta(hours=14)).date()
    found: dict[int, list[Deadline]] = defaultdict(list)
    of_teams = []
    for item in ActionItem.objects.followed_up().for_reminders():
        is_up_to_team = _is_up_to_the_team(item, today)
        if is_up_to_team:
            of_teams.append(item)
        if person := _whose(item):
            # Whoever lets it lie is not asked each week any more, but finds it in the mail of the week.
            found[person.pk] += [] if is_up_to_team else _dated(item)
    for item, people in _by_team(of_teams).items():
        for person in people:
            found[person.pk] += _dated(item)
    return found


def reminders_for(person: User, today: dt.date) -> list[Reminder]:
    """What a person has left to do of incidents that they may see, overdue first, then what they verify, then what
    their team has to see to.
    """
    seen = ActionItem.objects.visible_to(person).followed_up().for_reminders()
    own = seen.unfinished().filter(owner=person).order_by(*ACTION_ORDER)[:MOST]
    to_verify = seen.to_be_verified().filter(verifier=person).order_by("done_at", "id")[:MOST]
    of_team = _of_team(person, today) if _may_lead(person) else []
    return [
        *(_reminder(item, today, ReminderGroup.OWN) for item in own),
        *(_reminder(item, today, ReminderGroup.VERIFY) for item in to_verify),
        *(_reminder(item, today, ReminderGroup.TEAM) for item in of_team),
    ]


def reminded(keys: Iterable[int], today: dt.date) -> None:
    """Note that somebody was reminded of these action items on this day."""
    ActionItem.objects.filter(pk__in=list(keys)).update(reminded_on=today)


def due_of(item: ActionItem) -> dt.date | None:
    """When what is next to be done is due: the work, or looking at it once it is done."""
    if item.awaits_verification and item.done_at:
        return timezone.localtime(item.done_at).date() + TIME_TO_VERIFY
    return item.due_on


REMINDING = Reminding(deadlines=deadlines, reminders=reminders_for, reminded=reminded)


def _whose(item: ActionItem) -> User | None:
    """Who has to do what is next: the owner, or the verifier."""
    return item.verifier if item.awaits_verification else item.owner


def _dated(item: ActionItem) -> list[Deadline]:
    due_on = due_of(item)
    return [Deadline(key=item.pk, due_on=due_on, reminded_on=item.reminded_on)] if due_on else []


def _of_team(person: User, today: dt.date) -> list[ActionItem]:
    """What is up to this person by now because of their team, most overdue first."""
    due = ActionItem.objects.visible_to(person).followed_up().due_until(today + WEEK).for_reminders()
    left = [item for item in due if _is_up_to_the_team(item, today)]
    return [item for item, people in _by_team(left).items() if person in people][:MOST]


def _by_team(items: list[ActionItem]) -> dict[ActionItem, list[User]]:
    """These action items, most overdue first, each with whom of its team to ask."""
    if not items:
        return {}
    prefetch_related_objects(items, "incident__services")
    teams = {team.pk: team for team in Team.objects.active().select_related("team_lead", "deputy")}
    # Looked up once, for all.
    admins = list(calls.admins())
    return {item: _responsible(item, teams, admins) for item in sorted(items, key=lambda item: (due_of(item), item.pk))}


def _is_up_to_the_team(item: ActionItem, today: dt.date) -> bool:
    due_on, person = due_of(item), _whose(item)
    if due_on is None or latest_step(due_on, today) is None:
        return False
    if today > due_on + OWN_TIME or person is None:
        return True
    return not Actor.person(person).sees(item.incident)


def _responsible(item: ActionItem, teams: Mapping[int, Team], admins: list[User]) -> list[User]:
    """The first who can be reached, as `calls.ladder()` has it, and is not who lets it lie."""
    incident = item.incident
    of_services = {service.team_id for service in incident.services.all()}
    nearest = [
        [team for key, team in teams.items() if key == incident.team_id],
        [team for key, team in teams.items() if key in of_services],
        [team for team in teams.values() if team.is_default],
    ]
    for rung in calls.rungs(nearest, incident, admins=admins):
        if others := [person for person in rung if person != _whose(item)]:
            return others
    return []


def _may_lead(person: User) -> bool:
    """Whether anything could be up to this person as team lead, deputy or admin."""
    if person.is_admin:
        return True
    return Team.objects.active().filter(Q(team_lead=person) | Q(deputy=person)).exists()


def _reminder(item: ActionItem, today: dt.date, group: ReminderGroup) -> Reminder:
    due_on = due_of(item)
    said = ""
    if group == ReminderGroup.TEAM:
        person = _whose(item)
        said = _("with %(name)s") % {"name": person.name} if person else _("with nobody")
    return Reminder(
        reference=item.reference,
        text=item.text,
        path=item.get_absolute_url(),
        of=str(item.incident),
        due_on=due_on,
        is_late=due_on is not None and due_on < today,
        group=group,
        said=said,
    )
