"""A cause is the same as an earlier one, or is not; and what follows from that."""

import datetime as dt

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from incidents.enums import IncidentKind, Role, Status
from incidents.errors import Forbidden, InvalidInput, NotPossible
from incidents.models import AuditEntry, OutboxMessage
from incidents.notifications import recipients
from incidents.notifications.channels.base import NotWanted
from incidents.notifications.content import context
from incidents.permissions import Actor
from postmortems.domain import causes, repeats
from postmortems.domain.causes import CauseContent
from postmortems.domain.families import families_of
from postmortems.models import ActionItem, NotTheSame, RepeatMark, RootCause
from tests.factories import make_action_item, make_cause, make_incident, make_team, make_user

pytestmark = pytest.mark.django_db
# A Tuesday at noon.
NOW = dt.datetime(2031, 1, 7, 12, tzinfo=dt.UTC)
WHY = "The same template, still without a check."


def incident_of(day: int, **fields):
    fields.setdefault("status", Status.RESOLVED)
    return make_incident(sort_at=NOW - dt.timedelta(days=90 - day), **fields)


def causes_of_three(**fields):
    return [make_cause(incident_of(day, title=f"Day {day}", **fields), f"Cause {day}") for day in (1, 2, 3)]


def responder():
    return Actor.person(make_user())


def confirm(cause, earlier, actor=None, reason=WHY):
    cause.refresh_from_db()
    return repeats.confirm(actor=actor or responder(), cause=cause, earlier=earlier, reason=reason, now=NOW)


def families():
    return dict(RootCause.objects.order_by("pk").values_list("title", "family__title"))


def linked(cause, user=None):
    found = families_of([cause.incident_id], user or make_user()).get(cause.incident_id)
    if found is None:
        return [], []
    return [one.reference for one in found.earlier], [one.reference for one in found.later]


def test_a_confirmed_repeat_marks_both_and_is_recorded_with_its_reason():
    first, again, _other = causes_of_three()
    confirm(again, first, reason="  The same\n template. ")
    again.refresh_from_db()
    assert (again.same_as, again.same_as_reason) == (first, "The same template.")
    assert linked(again) == ([first.incident.reference], [])
    assert linked(first) == ([], [again.incident.reference])
    entry = AuditEntry.objects.get(action="repeat.confirmed")
    assert (entry.incident, entry.note) == (again.incident, "The same template.")


def test_it_asks_for_a_reason_and_an_earlier_incident_that_one_sees():
    first, again, later = causes_of_three()
    actor = responder()
    with pytest.raises(InvalidInput, match="why it is the same"):
        confirm(again, first, actor, reason=" ")
    with pytest.raises(NotPossible, match="Only an earlier"):
        confirm(again, later, actor)
    with pytest.raises(NotPossible, match="Only an earlier"):
        confirm(again, make_cause(again.incident), actor)
    hidden = make_cause(incident_of(1, is_private=True))
    with pytest.raises(InvalidInput, match="that you can see"):
        confirm(again, hidden, actor)
    with pytest.raises(Forbidden):
        confirm(again, first, Actor.person(make_user(role=Role.READER)))
    assert RootCause.objects.exclude(same_as=None).count() == 0
    confirm(again, hidden, Actor.person(make_user(role=Role.ADMIN)))
    assert linked(again) == ([], [])
    assert linked(again, make_user(role=Role.ADMIN)) == ([hidden.incident.reference], [])


def test_the_records_of_an_incident_do_not_name_a_private_one_that_it_repeats():
    hidden, again = make_cause(incident_of(1, is_private=True)), make_cause(incident_of(2))
    admin = Actor.person(make_user(role=Role.ADMIN))
    repeats.reject(actor=admin, cause=again, earlier=hidden, now=NOW)
    repeats.ask_again(actor=admin, cause=again, earlier=hidden, now=NOW)
    confirm(again, hidden, admin, reason="As with canary")
    repeats.take_back(actor=admin, cause=again, now=NOW)
    repeats.mark(actor=admin, incident=again.incident, earlier=hidden.incident, reason="As with canary", now=NOW)
    repeats.unmark(actor=admin, incident=again.incident, earlier=hidden.incident, now=NOW)
    entries = list(AuditEntry.objects.filter(incident=again.incident, action__startswith="repeat."))
    assert len(entries) == 6
    for entry in entries:
        assert hidden.incident.reference not in f"{entry.changes} {entry.note}"
        assert "canary" not in entry.note
        assert "a private incident" in str(entry.changes)
    known = make_cause(incident_of(1))
    confirm(again, known, admin, reason="As before")
    said = AuditEntry.objects.filter(action="repeat.confirmed").latest("pk")
    assert known.incident.reference in str(said.changes)
    assert said.note == "As before"


@pytest.mark.parametrize("kind", [IncidentKind.NEAR_MISS, IncidentKind.BACKFILL])
def test_near_misses_and_imports_take_part(kind):
    first, again = make_cause(incident_of(1, kind=kind)), make_cause(incident_of(2))
    assert confirm(again, first).same_as == first


def test_a_drill_is_no_repeat_of_what_happened():
    drill, real = make_cause(incident_of(1, kind=IncidentKind.DRILL)), make_cause(incident_of(2))
    with pytest.raises(InvalidInput):
        confirm(real, drill)
    assert confirm(make_cause(incident_of(3, kind=IncidentKind.DRILL)), drill).same_as == drill


def test_a_chain_is_one_family_however_it_grew_and_falls_apart_where_it_is_taken_back():
    first, second, third = causes_of_three()
    confirm(third, second)
    confirm(second, first)
    assert families() == {"Cause 1": None, "Cause 2": "Cause 1", "Cause 3": "Cause 1"}
    assert linked(third) == ([second.incident.reference, first.incident.reference], [])
    assert linked(first) == ([], [third.incident.reference, second.incident.reference])
    second.refresh_from_db()
    repeats.take_back(actor=responder(), cause=second, now=NOW)
    assert families() == {"Cause 1": None, "Cause 2": None, "Cause 3": "Cause 2"}
    assert linked(first) == ([], [])
    assert linked(third) == ([second.incident.reference], [])


def test_the_two_ends_of_a_chain_cannot_be_joined_to_a_ring():
    first, second, third = causes_of_three()
    confirm(second, first)
    confirm(third, second)
    # Somebody put the time right, and the first is the last.
    first.incident.sort_at = NOW
    first.incident.save(update_fields=["sort_at"])
    with pytest.raises(NotPossible, match="known to be the same already"):
        confirm(first, third)
    assert first.same_as is None


def test_what_is_not_the_same_is_remembered_until_somebody_asks_again():
    first, again, _other = causes_of_three()
    actor = responder()
    for _twice in range(2):
        repeats.reject(actor=actor, cause=again, earlier=first, now=NOW)
    assert NotTheSame.objects.get().said_by == actor.user
    assert AuditEntry.objects.filter(action="repeat.rejected").count() == 1
    repeats.ask_again(actor=actor, cause=again, earlier=first, now=NOW)
    assert not NotTheSame.objects.exists()
    repeats.reject(actor=actor, cause=again, earlier=first, now=NOW)
    confirm(again, first, actor)
    assert not NotTheSame.objects.exists()


def test_editing_a_cause_keeps_confirms_and_takes_back():
    first, again, _other = causes_of_three()
    actor = responder()

    def edit(**content):
        again.refresh_from_db()
        causes.edit(actor=actor, cause=again, content=CauseContent(title="Edited", **content), now=NOW)
        again.refresh_from_db()
        return again.same_as

    with pytest.raises(InvalidInput):
        edit(same_as=first)
    assert edit(same_as=first, same_as_reason=WHY) == first
    assert edit(same_as=first, same_as_reason=WHY) == first
    assert AuditEntry.objects.filter(action="repeat.confirmed").count() == 1
    assert edit() is None
    assert AuditEntry.objects.filter(action="repeat.taken_back").count() == 1


def test_an_incident_as_a_whole_repeats_another():
    first, again = incident_of(1), incident_of(2)
    actor = responder()
    with pytest.raises(NotPossible):
        repeats.mark(actor=actor, incident=first, earlier=again, reason=WHY, now=NOW)
    with pytest.raises(InvalidInput):
        repeats.mark(actor=actor, incident=again, earlier=first, reason="", now=NOW)
    for reason in ("Perhaps.", WHY):
        repeats.mark(actor=actor, incident=again, earlier=first, reason=reason, now=NOW)
    assert RepeatMark.objects.get().reason == WHY
    found = families_of([first.pk, again.pk], make_user())
    assert [one.reference for one in found[again.pk].earlier] == [first.reference]
    assert [one.reference for one in found[first.pk].later] == [again.reference]
    repeats.unmark(actor=actor, incident=again, earlier=first, now=NOW)
    assert families_of([first.pk, again.pk], make_user()) == {}


def test_many_incidents_are_looked_up_in_one_query(django_assert_num_queries):
    members = causes_of_three()
    confirm(members[1], members[0])
    user = make_user()
    with django_assert_num_queries(1):
        assert len(families_of([cause.incident_id for cause in members], user)) == 2


# The action items of then


def carried(cause, user=None):
    items = ActionItem.objects.carried_into(cause.incident, user or make_user())
    return [item.text for item in items]


def test_the_earlier_action_items_stand_on_the_repeat_and_keep_their_origin():
    first, again, _other = causes_of_three()
    unlike = make_cause(first.incident, "Something else")
    answering = make_action_item(first.incident, "Answers it", cause=first)
    make_action_item(first.incident, "Answers nothing in particular")
    make_action_item(first.incident, "Answers something else", cause=unlike)
    assert carried(again) == []
    confirm(again, first)
    assert carried(again) == ["Answers it", "Answers nothing in particular"]
    assert carried(first) == []
    answering.refresh_from_db()
    assert answering.incident == first.incident
    again.refresh_from_db()
    repeats.take_back(actor=responder(), cause=again, now=NOW)
    assert carried(again) == []
    repeats.mark(actor=responder(), incident=again.incident, earlier=first.incident, reason=WHY, now=NOW)
    assert len(carried(again)) == 3


def test_action_items_of_what_one_does_not_see_are_not_shown():
    first, again = make_cause(incident_of(1, is_private=True)), make_cause(incident_of(2))
    make_action_item(first.incident, "Canary", cause=first)
    admin = make_user(role=Role.ADMIN)
    confirm(again, first, Actor.person(admin))
    assert carried(again) == []
    assert carried(again, admin) == ["Canary"]


# Who is told


def repeat_with_owner(**fields):
    owner, lead, nobody = make_user("Own Er"), make_user("Le Ad"), make_user("No Body")
    first = make_cause(incident_of(1, title="First time", team=make_team("Web", team_lead=lead, members=(nobody,))))
    make_action_item(first.incident, "Add a check", cause=first, owner=owner)
    return owner, lead, first, make_cause(incident_of(2, title="Second time", **fields))


def told():
    return {message.person.name for message in OutboxMessage.objects.filter(kind="repeat-confirmed")}


def test_owner_and_lead_of_the_team_are_told_with_what_is_open():
    owner, _lead, first, again = repeat_with_owner()
    confirm(again, first)
    assert told() == {"Own Er", "Le Ad"}
    message = OutboxMessage.objects.get(kind="repeat-confirmed", person=owner)
    assert message.run_at == NOW
    recipients.check(message, at=NOW)
    said = context(message)
    assert said["why"] == WHY
    assert "First time" in said["earlier"]["name"]
    (item,) = said["items"]
    assert (item["is_own"], item["is_unfinished"]) == (True, True)
    for template in ("subject.txt", "txt", "html"):
        text = render_to_string(f"email/repeat-confirmed.{template}", said)
        assert "First time" in text
        assert ("Add a check" in text) == (template != "subject.txt")


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        (dt.datetime(2031, 1, 7, 2, 30, tzinfo=dt.UTC), dt.datetime(2031, 1, 7, 9, tzinfo=dt.UTC)),
        (dt.datetime(2031, 1, 10, 16, 59, 59, tzinfo=dt.UTC), dt.datetime(2031, 1, 10, 16, 59, 59, tzinfo=dt.UTC)),
        (dt.datetime(2031, 1, 10, 17, tzinfo=dt.UTC), dt.datetime(2031, 1, 13, 9, tzinfo=dt.UTC)),
    ],
)
def test_nobody_is_told_at_night(now, leaves):
    owner, _lead, first, again = repeat_with_owner()
    owner.time_zone = "UTC"
    owner.save()
    repeats.confirm(actor=responder(), cause=again, earlier=first, reason=WHY, now=now)
    assert OutboxMessage.objects.get(kind="repeat-confirmed", person=owner).run_at == leaves


def test_who_did_it_is_not_told_and_imports_and_drills_are_silent():
    owner, _lead, first, again = repeat_with_owner()
    confirm(again, first, Actor.person(owner))
    assert told() == {"Le Ad"}
    OutboxMessage.objects.all().delete()
    confirm(make_cause(incident_of(3, kind=IncidentKind.BACKFILL)), first)
    assert told() == set()


def test_what_was_taken_back_is_not_sent():
    owner, _lead, first, again = repeat_with_owner()
    confirm(again, first)
    sent = OutboxMessage.objects.get(kind="repeat-confirmed", person=owner)
    again.refresh_from_db()
    repeats.take_back(actor=responder(), cause=again, now=NOW)
    with pytest.raises(NotWanted, match="any more"):
        recipients.check(sent, at=NOW)
    assert set(OutboxMessage.objects.filter(kind="repeat-confirmed").values_list("state", flat=True)) == {"cancelled"}
    confirm(again, first)
    assert OutboxMessage.objects.filter(kind="repeat-confirmed", state="pending").count() == 2
    assert timezone.is_aware(sent.run_at)
