"""Roll calls: whom they reach, what becomes of the answers, and what nobody may learn from them."""

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from incidents.domain import lifecycle, privacy, rollcall, rollcall_answers
from incidents.domain.changes import NewChange
from incidents.domain.lifecycle import Verb
from incidents.domain.rollcall_answers import Said
from incidents.enums import CancelReason, Role, RollCallAnswerKind, RollCallEnd, Status
from incidents.errors import Forbidden, InvalidInput, NotPossible
from incidents.models import (
    AuditEntry,
    Change,
    Incident,
    IncidentChange,
    IncidentMember,
    OutboxMessage,
    RollCall,
    RollCallAnswer,
    TimelineEvent,
    User,
)
from incidents.permissions import Actor
from tests.factories import make_incident, make_service, make_team, make_user
from tests.incident_pages import at_once, client_of, recorded, text_of, url

pytestmark = pytest.mark.django_db

NOTHING, CHANGE, NOT_SURE = RollCallAnswerKind.NOTHING, RollCallAnswerKind.CHANGE, RollCallAnswerKind.NOT_SURE
# Noon in Lagos, 01:00 in Honolulu.
NOON = dt.datetime(2026, 1, 6, 11, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def ada() -> User:
    return make_user("Ada Okoro", Role.RESPONDER)


@pytest.fixture
def team() -> list[User]:
    return [make_user(f"Member {number}", time_zone="Africa/Lagos") for number in range(3)]


@pytest.fixture
def incident(ada: User, team: list[User]) -> Incident:
    service = make_service("Storefront", team=make_team("Storefront", members=(ada, *team)))
    return make_incident(services=[service], incident_lead=ada)


def ask(incident: Incident, by: User, people: list[User], **more: Any) -> RollCall:
    now = more.pop("now", timezone.now())
    window = {"from_at": now - 3 * HOUR, "to_at": now, **more}
    return rollcall.ask(actor=Actor.person(by), incident=incident, people=people, now=now, **window).roll_call


def answer_of(roll_call: RollCall, person: User) -> RollCallAnswer:
    return roll_call.answers.select_related("person", "roll_call__incident").get(person=person)


def give(answer: RollCallAnswer, kind: RollCallAnswerKind, **more: Any) -> RollCallAnswer:
    actor = Actor.person(answer.person)
    return rollcall_answers.give(actor=actor, answer=answer, said=Said(kind, **more), now=timezone.now())


def change(text: str = "Banner with a new template") -> NewChange:
    return NewChange(text=text, live_at=timezone.now() - 2 * HOUR)


def link_of(roll_call: RollCall, person: User) -> str:
    return rollcall.link_to(answer_of(roll_call, person).key)


# Whom it reaches


def test_it_suggests_the_teams_concerned_but_nobody_who_sleeps(ada: User, incident: Incident) -> None:
    asleep = make_user("Leilani Asleep", time_zone="Pacific/Honolulu")
    lead = make_user("Lena Lead", time_zone="Africa/Lagos")
    incident.team = make_team("Owners", members=(asleep,), team_lead=lead)
    incident.save()
    make_user("Otto Other")

    found = rollcall.candidates(incident, actor=Actor.person(ada), now=NOON)

    assert [each.person.name for each in found if each.is_suggested] == [
        "Lena Lead",
        "Member 0",
        "Member 1",
        "Member 2",
    ]
    assert [each.person.name for each in found if each.is_at_night] == ["Leilani Asleep"]
    assert "Ada Okoro" not in [each.person.name for each in found]
    assert [each.person.name for each in found][-1] == "Otto Other"
    assert (rollcall.reach(found).awake, rollcall.reach(found).at_night) == (4, 1)


def test_the_page_shows_the_time_where_each_of_them_is(ada: User, incident: Incident, team: list[User]) -> None:
    page = text_of(client_of(ada).get(url(incident, "roll-call")))
    now = timezone.now()
    clocks = {f"{(now - dt.timedelta(minutes=late)).astimezone(ZoneInfo('Africa/Lagos')):%H:%M}" for late in (0, 1)}

    shown = re.search(r'Member 0 <small class="muted"><span class="num">(\d\d:\d\d)</span> GMT\+1', page)
    assert shown is not None
    assert shown[1] in clocks


@pytest.mark.parametrize(
    ("clock", "asleep"), [("21:59", False), ("22:00", True), ("03:00", True), ("06:59", True), ("07:00", False)]
)
def test_night_is_from_ten_to_seven(clock: str, asleep: bool) -> None:
    assert rollcall.is_night(dt.time.fromisoformat(clock)) is asleep


def test_it_asks_about_the_three_hours_before_the_impact(incident: Incident) -> None:
    now, began = timezone.now(), incident.impact_started_at
    assert began is not None
    assert rollcall.usual_window(incident, now) == (began - 3 * HOUR, began)

    incident.impact_started_at = None
    assert rollcall.usual_window(incident, now) == (incident.sort_at - 3 * HOUR, now)


def test_of_a_private_incident_only_those_can_be_asked_who_see_it(ada: User, team: list[User]) -> None:
    lead_who_reads = make_user("Reading Lead", Role.READER)
    owner = make_team("Owners", team_lead=make_user("Leading"), members=tuple(team))
    services = [make_service(team=owner), make_service(team=make_team(team_lead=lead_who_reads))]
    hidden = make_incident(is_private=True, services=services, declared_by=ada)
    IncidentMember.objects.create(incident=hidden, user=team[0])
    everybody = User.objects.all()

    allowed = set(User.objects.who_see(hidden))
    assert allowed == {user for user in everybody if Incident.objects.visible_to(user).filter(pk=hidden.pk).exists()}
    assert {each.person.name for each in rollcall.candidates(hidden, actor=Actor.person(ada), now=NOON)} == {
        "Member 0",
        "Leading",
    }
    assert ask(hidden, ada, [team[0]]).answers.count() == 1
    with pytest.raises(InvalidInput, match="Member 1"):
        ask(hidden, ada, [team[0], team[1]])


# Asking


def test_everybody_gets_a_notice_with_a_link_of_their_own(ada: User, team: list[User], incident: Incident) -> None:
    with recorded() as entries:
        roll_call = ask(incident, ada, team, note="Pages are blank")

    messages = OutboxMessage.objects.filter(kind="roll-call")
    links = {message.payload["url"] for message in messages}
    assert {message.person for message in messages} == set(team)
    assert len(links) == 3
    assert links == {rollcall.link(answer) for answer in roll_call.answers.all()}
    (entry,) = [entry for entry in entries if entry.action.startswith("roll_call")]
    assert entry.incident == incident
    assert entry.changes["people_asked"] == [None, 3]
    assert not any(person.name in str(entry.changes) for person in team)
    assert incident.timeline.get().text == "Roll call: 3 people were asked what went live before it."


@pytest.mark.parametrize("status", [Status.IDENTIFIED, Status.RESOLVED, Status.CLOSED, Status.CANCELLED])
def test_nobody_is_asked_about_what_is_known(ada: User, team: list[User], status: Status) -> None:
    with pytest.raises(NotPossible):
        ask(make_incident(status=status), ada, team)
    assert not RollCall.objects.exists()


@pytest.mark.parametrize("status", [Status.TRIAGE, Status.INVESTIGATING, Status.MONITORING])
def test_as_long_as_it_is_not_known_people_are_asked(ada: User, team: list[User], status: Status) -> None:
    assert ask(make_incident(status=status), ada, team).answers.count() == 3


def test_only_responders_ask_and_no_machine(ada: User, team: list[User], incident: Incident) -> None:
    with pytest.raises(Forbidden):
        ask(incident, make_user(role=Role.READER), team)
    now = timezone.now()
    machine = Actor(user=ada, label="deploys", role=Role.RESPONDER, scope="write")
    with pytest.raises(Forbidden):
        rollcall.ask(actor=machine, incident=incident, people=team, from_at=now - HOUR, to_at=now, now=now)
    assert ask(incident, ada, team)


def test_a_window_that_makes_no_sense_is_refused(ada: User, team: list[User], incident: Incident) -> None:
    now = timezone.now()
    with pytest.raises(InvalidInput, match="before it begins"):
        ask(incident, ada, team, from_at=now, to_at=now - HOUR)
    with pytest.raises(InvalidInput, match="not come yet"):
        ask(incident, ada, team, from_at=now, to_at=now + HOUR)
    with pytest.raises(InvalidInput, match="at least one"):
        ask(incident, ada, [])


def test_nobody_is_asked_the_same_twice(ada: User, team: list[User], incident: Incident) -> None:
    now = timezone.now()
    ask(incident, ada, team[:2])

    asked = rollcall.ask(
        actor=Actor.person(ada), incident=incident, people=team, from_at=now - 2 * HOUR, to_at=now, now=now
    )
    assert asked.left_out == team[:2]
    assert [answer.person for answer in asked.roll_call.answers.all()] == [team[2]]
    with pytest.raises(NotPossible, match="already"):
        ask(incident, ada, team)
    # About another time they can be asked, and so they can once the first question is done with.
    assert ask(incident, ada, team, from_at=now - 9 * HOUR, to_at=now - 8 * HOUR).answers.count() == 3
    for roll_call in incident.roll_calls.open():
        rollcall.end(actor=Actor.person(ada), roll_call=roll_call, now=now)
    assert ask(incident, ada, team).answers.count() == 3


def test_a_double_press_asks_once(incident: Incident, ada: User, team: list[User]) -> None:
    client = client_of(ada)
    body = form_of(client, incident) | {"people": [person.pk for person in team]}

    for _press in range(2):
        assert client.post(url(incident, "roll-call"), body).status_code == 302

    assert RollCall.objects.count() == 1
    assert OutboxMessage.objects.filter(kind="roll-call").count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_at_the_same_moment_ask_each_person_once(incident: Incident, team: list[User]) -> None:
    askers = [make_user() for _number in range(4)]

    def press(by: User) -> str:
        try:
            ask(incident, by, team)
        except NotPossible:
            return "refused"
        return "asked"

    outcomes = at_once([lambda by=by: press(by) for by in askers], threads=4)  # type: ignore[misc]

    assert sorted(outcomes) == ["asked", "refused", "refused", "refused"]
    assert RollCallAnswer.objects.count() == 3


# Answering


def test_a_change_is_written_down_and_stands_on_the_incident(ada: User, team: list[User], incident: Incident) -> None:
    answer = give(answer_of(ask(incident, ada, team), team[0]), CHANGE, change=change())

    told = Change.objects.get()
    assert (answer.change, told.recorded_by, told.text) == (told, team[0], "Banner with a new template")
    assert IncidentChange.objects.get(incident=incident, change=told).verdict == "candidate"
    assert AuditEntry.objects.filter(action="change.recorded", actor=team[0]).count() == 1


def test_who_only_reads_can_tell_of_a_change_when_asked(ada: User, incident: Incident) -> None:
    reader = make_user(role=Role.READER)
    give(answer_of(ask(incident, ada, [reader]), reader), CHANGE, change=change())

    assert Change.objects.get().recorded_by == reader


def test_on_a_private_incident_the_change_stays_with_it(ada: User, team: list[User]) -> None:
    hidden = make_incident(is_private=True, declared_by=ada)
    IncidentMember.objects.create(incident=hidden, user=team[0])
    roll_call = ask(hidden, ada, [team[0]])

    client_of(team[0]).post(link_of(roll_call, team[0]), CHANGE_BODY)

    assert Change.objects.get().private_to == hidden


def test_nothing_and_not_sure_leave_no_trace(ada: User, team: list[User], incident: Incident) -> None:
    roll_call = ask(incident, ada, team)
    before = TimelineEvent.objects.count(), OutboxMessage.objects.count()
    with recorded() as entries:
        give(answer_of(roll_call, team[0]), NOTHING)
        give(answer_of(roll_call, team[1]), NOT_SURE, note="Maybe the nightly job")

    assert entries == []
    assert (TimelineEvent.objects.count(), OutboxMessage.objects.count()) == before


def test_only_the_person_asked_answers(ada: User, team: list[User], incident: Incident) -> None:
    answer = answer_of(ask(incident, ada, team), team[0])
    for other in (ada, team[1], make_user(role=Role.ADMIN)):
        with pytest.raises(Forbidden):
            rollcall_answers.give(actor=Actor.person(other), answer=answer, said=Said(NOTHING), now=timezone.now())
    assert give(answer, NOTHING).answer == NOTHING


def test_an_answer_can_be_changed_until_the_incident_closes(ada: User, team: list[User], incident: Incident) -> None:
    answer = answer_of(ask(incident, ada, team), team[0])
    give(answer, NOTHING)
    give(answer, CHANGE, change=change())
    advance(ada, incident, Verb.RESOLVE)
    give(answer, NOT_SURE)
    assert RollCallAnswer.objects.get(pk=answer.pk).answer == NOT_SURE
    # What was told stays on the list of changes.
    assert Change.objects.count() == 1

    advance(ada, incident, Verb.CLOSE)
    with pytest.raises(NotPossible):
        give(answer, NOTHING)


# The end


def advance(by: User, incident: Incident, verb: Verb) -> None:
    Incident.objects.filter(pk=incident.pk).update(severity="sev4")
    incident.refresh_from_db()
    lifecycle.advance(actor=Actor.person(by), incident=incident, verb=verb, now=timezone.now())


@pytest.mark.parametrize(("verb", "end"), [(Verb.IDENTIFY, RollCallEnd.FOUND), (Verb.RESOLVE, RollCallEnd.RESOLVED)])
def test_finding_or_solving_it_ends_the_question_for_all(
    ada: User, team: list[User], incident: Incident, verb: Verb, end: RollCallEnd
) -> None:
    roll_call = ask(incident, ada, team)
    give(answer_of(roll_call, team[0]), NOTHING)

    advance(ada, incident, verb)

    roll_call.refresh_from_db()
    assert (roll_call.end, roll_call.ended_at is not None) == (end, True)
    # To all of them, so that the delivery log does not tell who had answered.
    assert {m.person for m in OutboxMessage.objects.filter(kind="roll-call-ended")} == set(team)
    assert AuditEntry.objects.filter(action="roll_call.ended", incident=incident).count() == 1


def test_a_mitigation_does_not_end_it(ada: User, team: list[User], incident: Incident) -> None:
    roll_call = ask(incident, ada, team)
    advance(ada, incident, Verb.MONITOR)
    roll_call.refresh_from_db()
    assert roll_call.ended_at is None


def test_cancelling_ends_it_and_forgets_who_said_nothing(ada: User, team: list[User], incident: Incident) -> None:
    roll_call = ask(incident, ada, team)
    give(answer_of(roll_call, team[0]), NOTHING)
    lifecycle.cancel(actor=Actor.person(ada), incident=incident, reason=CancelReason.FALSE_ALARM, now=timezone.now())

    roll_call.refresh_from_db()
    assert roll_call.end == RollCallEnd.CANCELLED
    assert not roll_call.answers.exists()
    assert OutboxMessage.objects.filter(kind="roll-call-ended").count() == 3


def test_closing_forgets_who_said_nothing_and_who_said_not_a_word(
    ada: User, team: list[User], incident: Incident
) -> None:
    roll_call = ask(incident, ada, [*team, make_user()])
    give(answer_of(roll_call, team[0]), NOTHING)
    give(answer_of(roll_call, team[1]), CHANGE, change=change())
    give(answer_of(roll_call, team[2]), NOT_SURE)
    advance(ada, incident, Verb.RESOLVE)
    assert roll_call.answers.count() == 4

    advance(ada, incident, Verb.CLOSE)

    assert sorted(roll_call.answers.values_list("answer", flat=True)) == ["change", "not_sure"]


def test_ending_by_hand_once(ada: User, team: list[User], incident: Incident) -> None:
    roll_call = ask(incident, ada, team)
    client = client_of()
    for _press in range(2):
        assert client.post(url(incident, "roll-call-end", roll_call.pk)).status_code == 302

    roll_call.refresh_from_db()
    assert roll_call.end == RollCallEnd.ENDED
    assert OutboxMessage.objects.filter(kind="roll-call-ended").count() == 3
    assert client_of(Role.READER).post(url(incident, "roll-call-end", roll_call.pk)).status_code == 403
    other = make_incident()
    assert client.post(url(other, "roll-call-end", roll_call.pk)).status_code == 404


# The page of whoever asks


def form_of(client: Client, incident: Incident) -> dict[str, Any]:
    """What the form would send as it stands."""
    form = client.get(url(incident, "roll-call")).context["form"]
    body = {name: form[name].value() for name in ("from_at", "to_at", "note", "client_id")}
    ticked = [each.person.pk for each, is_ticked in form.rows if is_ticked]
    return {name: value or "" for name, value in body.items()} | {"people": ticked}


def test_the_page_asks_those_who_are_ticked(ada: User, team: list[User], incident: Incident) -> None:
    User.objects.filter(pk__in=[person.pk for person in team]).update(time_zone="")
    client = client_of(ada)
    body = form_of(client, incident) | {"people": [team[0].pk, team[1].pk], "note": "Pages are blank"}

    response = client.post(url(incident, "roll-call"), body, follow=True)

    assert "2 people are asked." in text_of(response)
    roll_call = RollCall.objects.get()
    began = incident.impact_started_at
    assert began is not None
    assert (roll_call.note, roll_call.asked_by) == ("Pages are blank", ada)
    assert abs(roll_call.to_at - began) < dt.timedelta(minutes=1)
    assert roll_call.to_at - roll_call.from_at == 3 * HOUR


def test_the_page_says_who_was_left_out(ada: User, team: list[User], incident: Incident) -> None:
    client = client_of(ada)
    client.post(url(incident, "roll-call"), form_of(client, incident) | {"people": [team[0].pk]})
    body = form_of(client, incident) | {"people": [team[0].pk, team[1].pk]}

    assert "asked about this time already: Member 0." in text_of(
        client.post(url(incident, "roll-call"), body, follow=True)
    )
    again = client.post(url(incident, "roll-call"), form_of(client, incident) | {"people": [team[0].pk]})
    assert again.status_code == 422
    assert "All of them are asked about this time already." in text_of(again)


@pytest.mark.parametrize(
    "wrong",
    [{"people": []}, {"people": ["x"]}, {"people": [10**20]}, {"from_at": ""}, {"to_at": "+99h"}, {"from_at": "now"}],
)
def test_what_cannot_be_asked_comes_back_with_what_was_typed(
    ada: User, team: list[User], incident: Incident, wrong: dict[str, Any]
) -> None:
    client = client_of(ada)
    body = form_of(client, incident) | {"people": [team[0].pk], "note": "Pages are blank"} | wrong

    response = client.post(url(incident, "roll-call"), body)

    assert response.status_code == 422
    assert "Pages are blank" in text_of(response)
    assert not RollCall.objects.exists()


def test_somebody_who_may_not_see_it_cannot_be_slipped_in(ada: User, team: list[User]) -> None:
    hidden = make_incident(is_private=True, declared_by=ada)
    client = client_of(ada)

    response = client.post(url(hidden, "roll-call"), form_of(client, hidden) | {"people": [team[0].pk]})

    assert response.status_code == 422
    assert not RollCall.objects.exists()


def test_only_the_incident_lead_sees_who_has_not_answered(ada: User, team: list[User], incident: Incident) -> None:
    roll_call = ask(incident, make_user(), team)
    give(answer_of(roll_call, team[0]), NOTHING)

    seen = text_of(client_of(ada).get(url(incident, "roll-call")))
    waiting = seen.partition("Not answered yet")[2].partition("</section>")[0]
    assert ("Member 1" in waiting, "Member 0" in waiting) == (True, False)
    for role in (Role.RESPONDER, Role.EDITOR, Role.ADMIN):
        other = text_of(client_of(role).get(url(incident, "roll-call")))
        assert "Not answered yet" not in other
        assert "1 of 3 have answered" in other
    assert client_of(Role.READER).get(url(incident, "roll-call")).status_code == 403


def test_the_page_of_the_incident_counts_and_names_nobody(ada: User, team: list[User], incident: Incident) -> None:
    roll_call = ask(incident, ada, team)
    give(answer_of(roll_call, team[0]), NOTHING)

    for role in (Role.READER, Role.ADMIN):
        page = text_of(client_of(role).get(url(incident)))
        panel = page.partition('id="roll-call"')[2].partition("</section>")[0]
        assert "1 of 3" in panel
        assert "Member" not in panel
        assert "/roll-call/" not in panel.replace(f"{url(incident)}roll-call/", "")
    # Whoever was asked finds the question there too.
    assert link_of(roll_call, team[1]) in text_of(client_of(team[1]).get(url(incident)))


def test_the_panel_costs_one_query_and_none_once_it_is_over(
    ada: User, team: list[User], incident: Incident, django_assert_num_queries: Any
) -> None:
    ask(incident, ada, team)
    with django_assert_num_queries(1):
        rollcall.panel(incident, user=team[0])
    advance(ada, incident, Verb.RESOLVE)
    with django_assert_num_queries(0):
        assert rollcall.panel(incident, user=team[0]) == {}


# The page of whoever is asked

CHANGE_BODY = {
    "answer": "change",
    "text": "Banner with a new template",
    "live_at": "-2h",
    "url": "https://ci.example/1",
}


def test_opening_the_link_is_no_answer(ada: User, team: list[User], incident: Incident) -> None:
    roll_call = ask(incident, ada, team, note="Pages are blank")
    link = link_of(roll_call, team[0])
    client = Client()

    for method in (client.get, client.head, client.options, client.put):
        method(link)
    page = text_of(client.get(link))

    assert not roll_call.answers.exclude(answer="").exists()
    assert "Ada Okoro asks for help" in page
    assert "Pages are blank" in page
    assert "no-store" in client.get(link)["Cache-Control"]


@pytest.mark.parametrize("body", [{"answer": "nothing"}, {"answer": "not_sure", "note": "on a train"}, CHANGE_BODY])
def test_an_answer_needs_no_sign_in(ada: User, team: list[User], incident: Incident, body: dict[str, str]) -> None:
    roll_call = ask(incident, ada, team)
    client = Client(enforce_csrf_checks=True)
    link = link_of(roll_call, team[0])
    token = text_of(client.get(link)).partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]

    response = client.post(link, body | {"csrfmiddlewaretoken": token}, follow=True)

    answer = answer_of(roll_call, team[0])
    assert response.status_code == 200
    assert answer.answer == body["answer"]
    assert answer.note == body.get("note", "")
    assert (answer.change is not None) == ("text" in body)
    assert "Thank you." in text_of(response)


def test_a_change_told_twice_by_a_double_press_is_one(ada: User, team: list[User], incident: Incident) -> None:
    link = link_of(ask(incident, ada, team), team[0])
    client_id = Client().get(link).context["form"]["client_id"].value()
    for _press in range(2):
        assert Client().post(link, CHANGE_BODY | {"client_id": client_id}).status_code == 302
    assert Change.objects.count() == 1

    # Another one told of later is another one.
    Client().post(link, CHANGE_BODY | {"text": "And a certificate"})
    assert Change.objects.count() == 2
    assert IncidentChange.objects.filter(incident=incident).count() == 2


@pytest.mark.parametrize(
    "wrong",
    [{"text": ""}, {"live_at": ""}, {"live_at": "soon"}, {"live_at": "+9h"}, {"url": "javascript:1"}, {"answer": "x"}],
)
def test_a_change_that_says_too_little_comes_back(
    ada: User, team: list[User], incident: Incident, wrong: dict[str, str]
) -> None:
    link = link_of(ask(incident, ada, team), team[0])
    response = Client().post(link, CHANGE_BODY | wrong)

    assert response.status_code == 422
    assert not Change.objects.exists()
    assert answer_of(RollCall.objects.get(), team[0]).answer == ""


def test_no_other_token_opens_anything(ada: User, team: list[User], incident: Incident) -> None:
    roll_call = ask(incident, ada, team)
    own, others = (rollcall.link_to(answer_of(roll_call, person).key) for person in team[:2])
    key, _dot, signature = own.strip("/").rpartition("/")[2].partition(".")
    other_signature = others.strip("/").rpartition(".")[2]

    assert Client().get(own).status_code == 200
    for token in (
        f"{key}.{other_signature}",
        f"{key}.{signature[:-1]}x",
        key,
        f"{key}.",
        "x",
        f"{key}{key}.{signature}",
    ):
        assert Client().get(f"/roll-call/{token}/").status_code == 404, token
        assert Client().post(f"/roll-call/{token}/", {"answer": "nothing"}).status_code == 404
    assert not roll_call.answers.exclude(answer="").exists()


def test_the_link_of_one_person_answers_for_that_person(ada: User, team: list[User], incident: Incident) -> None:
    roll_call = ask(incident, ada, team)
    client_of(team[1]).post(link_of(roll_call, team[0]), {"answer": "nothing", "person": team[1].pk})

    assert answer_of(roll_call, team[0]).answer == NOTHING
    assert answer_of(roll_call, team[1]).answer == ""


def test_of_a_private_incident_the_link_needs_its_person(ada: User, team: list[User]) -> None:
    hidden = make_incident(title="Wages sent", is_private=True, declared_by=ada)
    for person in team[:2]:
        IncidentMember.objects.create(incident=hidden, user=person)
    roll_call = ask(hidden, ada, team[:2])
    link = link_of(roll_call, team[0])

    anonymous = Client().get(link)
    assert anonymous.status_code == 302
    assert anonymous.url == f"/account/sign-in/?next={link}"
    assert Client().post(link, {"answer": "nothing"}).status_code == 302
    assert client_of(team[1]).get(link).status_code == 404
    assert "Wages sent" in text_of(client_of(team[0]).get(link))
    assert client_of(team[0]).post(link, {"answer": "nothing"}).status_code == 302
    assert answer_of(roll_call, team[0]).answer == NOTHING
    privacy.remove_member(
        actor=Actor.person(make_user(role=Role.ADMIN)), incident=hidden, user=team[0], now=timezone.now()
    )
    assert client_of(team[0]).get(link).status_code == 404


def test_made_private_meanwhile_the_link_shows_nothing(ada: User, team: list[User], incident: Incident) -> None:
    link = link_of(ask(incident, ada, team), team[0])
    assert Client().get(link).status_code == 200
    privacy.make_private(actor=Actor.person(ada), incident=incident, members=[], now=timezone.now())

    for client in (Client(), client_of(team[0])):
        assert client.get(link).status_code == 404


def test_who_left_answers_no_more(ada: User, team: list[User], incident: Incident) -> None:
    link = link_of(ask(incident, ada, team), team[0])
    User.objects.filter(pk=team[0].pk).update(is_active=False)
    assert Client().get(link).status_code == 404


def test_after_the_end_the_page_says_so(ada: User, team: list[User], incident: Incident) -> None:
    link = link_of(ask(incident, ada, team), team[0])
    advance(ada, incident, Verb.IDENTIFY)
    assert "The cause is found, thank you. Nothing to do." in text_of(Client().get(link))
    # Something can still be added.
    assert Client().post(link, CHANGE_BODY).status_code == 302


def test_solved_says_so_and_closed_is_over(ada: User, team: list[User], incident: Incident) -> None:
    roll_call = ask(incident, ada, team)
    links = [link_of(roll_call, person) for person in team]
    Client().post(links[0], {"answer": "nothing"})
    Client().post(links[1], CHANGE_BODY)
    advance(ada, incident, Verb.RESOLVE)
    assert "Solved, thank you. Nothing to do." in text_of(Client().get(links[0]))

    advance(ada, incident, Verb.CLOSE)

    for link in links:
        for response in (Client().get(link), Client().post(link, {"answer": "not_sure"})):
            assert response.status_code == 200
            assert "It is over, thank you. Nothing to do." in text_of(response)
            assert incident.title not in text_of(response)


def test_times_are_those_of_the_person_asked(ada: User, incident: Incident) -> None:
    person = make_user(time_zone="Asia/Tokyo")
    now = dt.datetime(2026, 1, 6, 12, tzinfo=dt.UTC)
    roll_call = ask(incident, ada, [person], now=now)
    page = text_of(Client().get(link_of(roll_call, person)))

    assert "18:00 <small>6 Jan 2026, GMT+9</small>" in page
    assert "21:00 <small>6 Jan 2026, GMT+9</small>" in page


def test_nothing_is_in_no_page_export_or_figure(ada: User, team: list[User], incident: Incident) -> None:
    """Who said nothing is in the answers and nowhere else: not in the words, and no page moves by it but the count."""
    roll_call = ask(incident, make_user(), team)
    reader, responder = client_of(Role.READER), client_of(Role.RESPONDER)
    looked_at = [
        (client, address)
        for client in (reader, responder)
        for address in ("/", "/incidents/", "/incidents/export.csv", f"{url(incident)}timeline/")
    ]
    looked_at.append((responder, f"{url(incident)}audit/"))
    shown = {(id(client), address): fixed(client, address) for client, address in looked_at}

    give(answer_of(roll_call, team[0]), NOTHING)

    assert {(id(client), address): fixed(client, address) for client, address in looked_at} == shown


def fixed(client: Client, address: str) -> str:
    response = client.get(address)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    lines = body.decode().splitlines()
    return "\n".join(line for line in lines if "csrf" not in line.lower() and "data-since" not in line)
