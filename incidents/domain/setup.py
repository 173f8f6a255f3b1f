"""What is set up and what is not yet: the list that admins start from."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..enums import MessageState, Role
from ..models import OutboxMessage, Service, Team, User, Webhook
from ..notifications import WEBHOOK, heartbeat, trial
from . import examples

# Backends that swallow mail: the console, files, nothing.
UNDELIVERED = ("console.EmailBackend", "filebased.EmailBackend", "dummy.EmailBackend")
LATELY = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SetupCheck:
    """One thing to set up: what it is, whether it is done, what to do about it, and the page where that is done."""

    title: str
    is_done: bool
    text: str
    url: str = ""
    label: str = ""


def mail_is_set_up() -> bool:
    """Whether mail leaves this installation at all."""
    return not settings.EMAIL_BACKEND.endswith(UNDELIVERED)


def checks(*, now: dt.datetime) -> list[SetupCheck]:
    """Everything that an installation needs, done or not, in the order in which to do it. ``now`` is UTC."""
    found: list[SetupCheck] = []
    for part in PARTS:
        found += part(now)
    return found


def _installation(now: dt.datetime) -> Iterator[SetupCheck]:
    yield SetupCheck(
        _("The address people type"),
        settings.PRODUCTION,
        _("Links in mails lead to %(url)s. Set BASE_URL to the address under which others reach Nevertwice.")
        % {"url": settings.BASE_URL},
    )
    seen = heartbeat.last_seen_at()
    yield SetupCheck(
        _("The worker that sends notices"),
        seen is not None and now - seen < heartbeat.SILENT_AFTER,
        _("Notices only go out while “manage.py run_worker” runs. Start it, and have it started with the machine."),
    )
    yield SetupCheck(
        _("Backups"),
        False,
        _("Nevertwice cannot see whether database and uploads are copied elsewhere. docs/operating.md says how."),
    )


def _mail(now: dt.datetime) -> Iterator[SetupCheck]:
    yield SetupCheck(
        _("Mail is set up"),
        mail_is_set_up(),
        _("Without EMAIL_URL no invitation, no link for a new password and no notice leaves this machine."),
    )
    tested = OutboxMessage.objects.filter(kind=trial.KIND, state=MessageState.DONE).exists()
    yield SetupCheck(
        _("Mail is tested"),
        tested and mail_is_set_up(),
        _("Run “manage.py send_test_mail you@example.org” and look whether it arrives."),
    )


def _channels(now: dt.datetime) -> Iterator[SetupCheck]:
    yield SetupCheck(
        _("A channel besides mail"),
        Webhook.objects.active().exists(),
        _("When mail is down, nobody hears of incidents. Add a chat, a pager, or an address of your own."),
        reverse("webhook-list"),
        _("Channels"),
    )
    given_up = OutboxMessage.objects.given_up().filter(channel=WEBHOOK, created_at__gt=now - LATELY).count()
    if given_up:
        yield SetupCheck(
            _("Channels get their messages"),
            False,
            ngettext(
                "%(count)s message to a channel was given up lately.",
                "%(count)s messages to channels were given up lately.",
                given_up,
            )
            % {"count": given_up},
            f"{reverse('delivery-log')}?state={MessageState.DEAD.value}&channel={WEBHOOK}",
            _("Deliveries"),
        )


def _people(now: dt.datetime) -> Iterator[SetupCheck]:
    admins = User.objects.with_role(Role.ADMIN).count()
    yield SetupCheck(
        _("A second admin"),
        admins > 1,
        _("With one admin, nobody can help when that person is away or has lost the password."),
        reverse("people"),
        _("People"),
    )
    lost = User.objects.active().filter(role="").count()
    yield SetupCheck(
        _("Everybody has a role"),
        lost == 0,
        ngettext(
            "%(count)s person has no role and sees nothing.", "%(count)s people have no role and see nothing.", lost
        )
        % {"count": lost},
        reverse("people"),
        _("People"),
    )


def _teams(now: dt.datetime) -> Iterator[SetupCheck]:
    teams = Team.objects.active().filter(is_example=False)
    yield SetupCheck(
        _("A default team"),
        teams.filter(is_default=True).exists(),
        _("It is told of incidents on services without a team. Without one, the admins are told."),
        reverse("teams"),
        _("Teams"),
    )
    without_lead = list(teams.filter(team_lead=None).values_list("name", flat=True))
    yield SetupCheck(
        _("Each team has a team lead"),
        not without_lead,
        _("Nobody in particular is told first in: %(teams)s.") % {"teams": _some(without_lead)},
        reverse("teams"),
        _("Teams"),
    )


def _services(now: dt.datetime) -> Iterator[SetupCheck]:
    services = Service.objects.active().filter(is_example=False)
    yield SetupCheck(
        _("Services are listed"),
        services.exists(),
        _("Name what you run, so that an incident finds the people who know it."),
        reverse("service-new"),
        _("Add a service"),
    )
    without_team = list(services.filter(team=None).values_list("name", flat=True))
    yield SetupCheck(
        _("Each service has a team"),
        not without_team,
        _("Nobody owns: %(services)s.") % {"services": _some(without_team)},
        reverse("service-list"),
        _("Services"),
    )


def _example(now: dt.datetime) -> Iterator[SetupCheck]:
    if examples.is_loaded():
        yield SetupCheck(
            _("The worked example is gone"),
            False,
            _("It is there to look at, and counts in no figure. When you have seen it, take it away."),
            reverse("example-remove"),
            _("Remove the example"),
        )


PARTS: tuple[Callable[[dt.datetime], Iterator[SetupCheck]], ...] = (
    _installation,
    _mail,
    _channels,
    _people,
    _teams,
    _services,
    _example,
)


def _some(names: list[str], limit: int = 5) -> str:
    shown = ", ".join(names[:limit])
    return (
        _("%(names)s and %(more)s more") % {"names": shown, "more": len(names) - limit} if len(names) > limit else shown
    )
