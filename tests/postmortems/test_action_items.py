"""Action items: the table of their states, and what each step asks for."""

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from incidents.domain import privacy
from incidents.enums import Role, Severity, Status
from incidents.models import Incident, SeverityLevel
from incidents.permissions import Actor
from postmortems.domain import action_items
from postmortems.domain.action_items import TRANSITIONS, ActionVerb
from postmortems.enums import ActionStatus
from postmortems.models import ActionItem
from tests.factories import make_action_item, make_cause, make_incident, make_user
from tests.incident_pages import client_of, recorded, text_of, url

pytestmark = pytest.mark.django_db

TODAY = timezone.now().date()
WITH = {"start": {}, "finish": {"evidence": "See the probe"}, "verify": {"evidence": "I saw it ring"}, "adopt": {}}
REASON = {"reason": "It came back"}
# verb: (from, to); written down a second time on purpose.
TABLE = {
    "adopt": ({"historical"}, "open"),
    "start": ({"open"}, "in_progress"),
    "finish": ({"open", "in_progress", "historical"}, "done"),
    "verify": ({"done"}, "verified"),
    "send-back": ({"done"}, "in_progress"),
    "drop": ({"open", "in_progress", "historical"}, "wont_do"),
    "reopen": ({"done", "verified", "wont_do"}, "open"),
}


@pytest.fixture
def incident():
    return make_incident(status=Status.RESOLVED)


@pytest.fixture
def owner():
    return make_user("Owner Person")


def item_in(status, incident, owner, **fields):
    reason = "Superseded" if status == "wont_do" else ""
    return make_action_item(incident, status=status, owner=owner, due_on=TODAY, reason=reason, **fields)


def page(item):
    return reverse("action", args=[item.reference])


def move(client, item, verb, **data):
    response = client.post(page(item), {"verb": verb, **data})
    item.refresh_from_db()
    return response.status_code


NEW = {"text": "Add a probe that looks for a headline", "type": "detective"}


# Adding and editing


def test_a_responder_adds_one_and_its_due_date_follows_the_severity(incident, owner):
    client = client_of()
    form = client.get(url(incident, "action-new")).context["form"]
    today = timezone.now().date()
    assert form["due_on"].value() == today + dt.timedelta(days=30)
    cause = make_cause(incident)
    data = {**NEW, "owner": owner.pk, "due_on": "2026-12-10", "cause": cause.pk, "details": "Every *minute*"}
    with recorded() as audit:
        response = client.post(url(incident, "action-new"), data)
    assert response.status_code == 302
    item = incident.action_items.get()
    assert (item.text, item.owner, item.due_on, item.type) == (NEW["text"], owner, dt.date(2026, 12, 10), "detective")
    assert (item.cause, item.details, item.status, item.created_by) == (cause, "Every *minute*", "open", client.user)
    assert [entry.action for entry in audit] == ["action.created"]
    assert audit[0].changes["due_on"] == [None, "2026-12-10"]


def test_owner_and_date_may_be_empty_at_first(incident):
    assert client_of().post(url(incident, "action-new"), NEW).status_code == 302
    item = incident.action_items.get()
    assert (item.owner, item.due_on) == (None, None)


def test_numbers_have_no_gaps_also_after_a_refusal(incident):
    client = client_of()
    client.post(url(incident, "action-new"), NEW)
    client.post(url(incident, "action-new"), {**NEW, "text": " "})
    client.post(url(incident, "action-new"), NEW)
    assert [item.reference for item in incident.action_items.order_by("number")] == ["A-1", "A-2"]


def test_a_press_that_is_sent_twice_makes_one(incident):
    client, client_id = client_of(), uuid.uuid4()
    for _time in range(2):
        assert client.post(url(incident, "action-new"), {**NEW, "client_id": client_id}).status_code == 302
    assert incident.action_items.count() == 1


def test_a_cause_of_another_incident_is_refused(incident):
    foreign = make_cause(make_incident(status=Status.RESOLVED))
    assert client_of().post(url(incident, "action-new"), {**NEW, "cause": foreign.pk}).status_code == 422
    own = make_cause(incident)
    assert client_of().post(url(incident, "action-new"), {**NEW, "cause": own.pk}).status_code == 302


def test_moving_a_date_asks_for_a_reason_and_is_counted(incident, owner):
    item = item_in("open", incident, owner)
    client, address = client_of(), reverse("action-edit", args=[item.reference])
    data = {"version": 1, "text": item.text, "type": item.type, "owner": owner.pk, "due_on": "2027-01-31"}
    refused = client.post(address, data)
    assert refused.status_code == 422
    assert "move_reason" in refused.context["form"].errors
    with recorded() as audit:
        assert client.post(address, {**data, "move_reason": "The vendor is late"}).status_code == 302
    item.refresh_from_db()
    assert (item.due_on, item.times_moved) == (dt.date(2027, 1, 31), 1)
    assert audit[0].note == "The vendor is late"
    assert "moved once" in text_of(client.get(page(item)))


def test_a_first_date_and_an_unmoved_one_ask_for_no_reason(incident, owner):
    item = make_action_item(incident)
    client, address = client_of(), reverse("action-edit", args=[item.reference])
    data = {"version": 1, "text": item.text, "type": "process", "due_on": "2027-01-31"}
    assert client.post(address, data).status_code == 302
    assert client.post(address, {**data, "version": 2, "text": "Another text"}).status_code == 302
    item.refresh_from_db()
    assert (item.due_sort, item.times_moved) == (dt.date(2027, 1, 31), 0)


def test_a_stale_form_shows_both_texts_and_the_second_press_saves(incident):
    item = make_action_item(incident, "Theirs", version=2)
    client, address = client_of(), reverse("action-edit", args=[item.reference])
    response = client.post(address, {"version": 1, "text": "Mine", "type": "process"})
    assert response.status_code == 409
    assert "Theirs" in text_of(response)
    assert 'value="Mine"' in text_of(response)
    assert response.context["form"]["version"].value() == "2"
    assert client.post(address, {"version": 2, "text": "Mine", "type": "process"}).status_code == 302


def test_another_case_of_the_address_leads_to_the_one_address(incident):
    item = make_action_item(incident)
    response = client_of().get(f"/actions/a-{item.number}/")
    assert (response.status_code, response.url) == (301, page(item))
    for wrong in ("/actions/A-999/", "/actions/A-0/", "/actions/X-1/", f"/actions/{item.number}/"):
        assert client_of().get(wrong).status_code == 404


# States


@pytest.mark.parametrize("verb", ActionVerb.values)
@pytest.mark.parametrize("status", ActionStatus.values)
def test_the_table_of_states(incident, owner, verb, status):
    verifier = make_user("Verifier")
    item = item_in(status, incident, owner, verifier=verifier)
    client = client_of(verifier)
    sources, target = TABLE[verb]
    offered = client.get(page(item)).context["verbs"]
    assert (verb in offered) is (status in sources)
    code = move(client, item, verb, **WITH.get(verb, REASON))
    if status in sources:
        assert (code, item.status, item.version) == (302, target, 2)
    elif status == target:
        assert (code, item.status, item.version) == (302, status, 1)
    else:
        assert (code, item.status, item.version) == (422, status, 1)


def test_the_table_names_every_verb():
    assert set(TABLE) == set(TRANSITIONS)


def test_done_asks_for_evidence(incident, owner):
    item = item_in("in_progress", incident, owner)
    client = client_of()
    refused = client.post(page(item), {"verb": "finish", "evidence": "  "})
    assert refused.status_code == 422
    assert "Say how one can see that it is done" in text_of(refused)
    assert move(client, item, "finish", evidence="https://ci.example.org/7") == 302
    assert (item.status, item.evidence) == ("done", "https://ci.example.org/7")
    assert item.done_at is not None


@pytest.mark.parametrize(("status", "verb"), [("open", "drop"), ("done", "reopen"), ("wont_do", "reopen")])
def test_not_doing_it_and_opening_it_again_ask_for_a_reason(incident, owner, status, verb):
    item = item_in(status, incident, owner, evidence="seen")
    client = client_of()
    assert move(client, item, verb, reason=" ") == 422
    assert item.status == status
    with recorded() as audit:
        assert move(client, item, verb, reason="The system is replaced") == 302
    assert audit[0].note == "The system is replaced"
    assert item.reason == ("The system is replaced" if verb == "drop" else "")


@pytest.mark.parametrize(("verb", "data"), [("start", {}), ("finish", {"evidence": "See it"})])
def test_from_in_progress_on_it_has_an_owner_and_a_date(incident, owner, verb, data):
    item = make_action_item(incident)
    client = client_of()
    refused = client.post(page(item), {"verb": verb, **data})
    assert refused.status_code == 422
    assert {"owner", "due_on"} <= set(refused.context["form"].errors)
    assert "From here on it needs an owner." in text_of(refused)
    ActionItem.objects.filter(pk=item.pk).update(owner=owner, due_on=TODAY, due_sort=TODAY)
    assert move(client, item, verb, **data) == 302


@pytest.mark.parametrize("status", ["in_progress", "done", "verified"])
def test_nobody_takes_them_off_again(incident, owner, status):
    item = item_in(status, incident, owner)
    client, address = client_of(), reverse("action-edit", args=[item.reference])
    data = {"version": 1, "text": "New text", "type": "process", "due_on": TODAY, "owner": owner.pk}
    response = client.post(address, {**data, "owner": ""})
    assert response.status_code == 422
    assert "owner" in response.context["form"].errors
    assert client.post(address, {**data, "due_on": "", "move_reason": "why"}).status_code == 422
    assert client.post(address, data).status_code == 302


def test_the_database_refuses_work_in_progress_without_an_owner(incident):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_action_item(incident, status="in_progress")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_action_item(incident, status="wont_do")


def test_what_was_imported_is_historical_until_somebody_adopts_it(incident):
    item = make_action_item(incident, status="historical")
    client = client_of()
    assert "Historical, state unknown" in text_of(client.get(page(item)))
    assert move(client, item, "adopt") == 302
    assert item.status == "open"


# Verification


def test_only_the_named_verifier_who_is_not_the_owner_verifies(incident, owner):
    verifier = make_user("Verifier")
    item = item_in("done", incident, owner, verifier=verifier)
    for other in (owner, make_user(), make_user(role=Role.EDITOR), make_user(role=Role.ADMIN)):
        client = client_of(other)
        assert "verify" not in client.get(page(item)).context["verbs"]
        assert move(client, item, "verify") == 403
    client = client_of(verifier)
    assert move(client, item, "verify") == 422
    assert move(client, item, "verify", evidence="It rang within a minute") == 302
    assert item.verified_at is not None
    assert item.verification == "It rang within a minute"
    assert "It rang within a minute" in text_of(client.get(page(item)))


def test_a_verifier_is_a_responder_and_not_the_owner(incident, owner):
    client, reader = client_of(), make_user(role=Role.READER)
    for wrong in (owner, reader):
        data = {**NEW, "owner": owner.pk, "verifier": wrong.pk}
        assert client.post(url(incident, "action-new"), data).status_code == 422
    right = {**NEW, "owner": owner.pk, "verifier": client.user.pk}
    assert client.post(url(incident, "action-new"), right).status_code == 302


def test_the_severity_says_whether_a_verification_is_asked_for(owner):
    for severity, asked in ((Severity.SEV1, True), (Severity.SEV4, False)):
        incident = make_incident(status=Status.RESOLVED, severity=severity)
        client_of().post(url(incident, "action-new"), NEW)
        item = incident.action_items.get()
        assert item.needs_verification is asked
        assert ("nobody named yet" in text_of(client_of().get(page(item)))) is asked


def test_without_days_for_its_severity_no_date_is_proposed(incident):
    SeverityLevel.objects.filter(code=incident.severity).update(action_item_days=None)
    assert client_of().get(url(incident, "action-new")).context["form"]["due_on"].value() is None


def test_what_is_preventive_is_verified_whatever_the_severity(owner):
    incident = make_incident(status=Status.RESOLVED, severity=Severity.SEV4)
    client = client_of()
    for type_, asked in (("preventive", True), ("corrective", False)):
        client.post(url(incident, "action-new"), {**NEW, "type": type_})
        assert incident.action_items.latest("pk").needs_verification is asked
    item = incident.action_items.latest("pk")
    data = {"version": 1, "text": item.text, "type": "preventive"}
    assert client.post(reverse("action-edit", args=[item.reference]), data).status_code == 302
    item.refresh_from_db()
    assert item.needs_verification


def test_anybody_who_plans_work_asks_for_a_verification_and_only_editors_do_without(incident):
    data = {**NEW, "needs_verification": "no"}
    refused = client_of().post(url(incident, "action-new"), data)
    assert refused.status_code == 422
    assert "needs_verification" in refused.context["form"].errors
    assert client_of(Role.EDITOR).post(url(incident, "action-new"), data).status_code == 302
    item = incident.action_items.get()
    assert not item.needs_verification
    # Who edits it afterwards leaves that as it is, or asks for it again.
    client, address = client_of(), reverse("action-edit", args=[item.reference])
    assert client.get(address).context["form"]["needs_verification"].value() == "no"
    sent = {"text": "Another text", "type": "detective"}
    assert client.post(address, {**sent, "version": 1, "needs_verification": "no"}).status_code == 302
    assert client.post(address, {**sent, "version": 2, "needs_verification": "yes"}).status_code == 302
    item.refresh_from_db()
    assert item.needs_verification


def test_the_verifier_sends_it_back_with_what_is_missing_and_nobody_else_does(incident, owner):
    verifier = make_user("Verifier")
    item = item_in("done", incident, owner, verifier=verifier, done_at=timezone.now(), evidence="See it")
    assert move(client_of(owner), item, "send-back", reason="No") == 403
    client = client_of(verifier)
    assert move(client, item, "send-back", reason=" ") == 422
    with recorded() as audit:
        assert move(client, item, "send-back", reason="It does not ring at night") == 302
    assert (item.status, item.done_at, item.evidence) == ("in_progress", None, "See it")
    assert (audit[0].action, audit[0].note) == ("action.send-back", "It does not ring at night")


def test_the_form_says_by_when_its_severity_wants_it(incident):
    help_text = client_of().get(url(incident, "action-new")).context["form"]["due_on"].help_text
    day = timezone.now().date() + dt.timedelta(days=30)
    assert help_text == f"SEV2: within 30 days, by {day.day} {day:%b %Y}."


def test_each_move_of_the_date_stands_on_the_page_with_its_reason_and_without_who_did_it(incident, owner):
    item = item_in("open", incident, owner)
    client, address = client_of(make_user("Mover Person")), reverse("action-edit", args=[item.reference])
    data = {"text": item.text, "type": item.type, "owner": owner.pk}
    for number, day in enumerate(("2027-01-31", "2027-02-28"), start=1):
        client.post(address, {**data, "version": number, "due_on": day, "move_reason": f"Reason {number}"})
    shown = client_of(Role.READER).get(page(item))
    moves = [(move.before, move.after, move.reason) for move in shown.context["moves"]]
    assert moves == [
        (dt.date(2027, 1, 31), dt.date(2027, 2, 28), "Reason 2"),
        (TODAY, dt.date(2027, 1, 31), "Reason 1"),
    ]
    assert "moved 2 times" in text_of(shown)
    assert "Mover Person" not in text_of(shown)


# Who may


def test_a_reader_moves_on_what_they_own_and_nothing_else(incident):
    reader = client_of(Role.READER)
    mine = item_in("open", incident, reader.user)
    other = item_in("open", incident, make_user())
    assert reader.get(page(mine)).context["verbs"] == ["start", "finish"]
    assert move(reader, mine, "start") == 302
    assert move(reader, mine, "finish", evidence="See it") == 302
    assert move(reader, mine, "reopen", reason="Not yet") == 302
    assert move(reader, mine, "drop", reason="No time") == 403
    assert reader.get(page(other)).context["verbs"] == []
    assert move(reader, other, "start") == 403
    assert other.status == "open"
    for item in (mine, other):
        assert reader.get(reverse("action-edit", args=[item.reference])).status_code == 403
    assert reader.get(url(incident, "action-new")).status_code == 403
    assert reader.post(url(incident, "action-new"), NEW).status_code == 403


# Private incidents


def make_private(incident, *members):
    privacy.make_private(
        actor=Actor.person(make_user(role=Role.EDITOR)), incident=incident, members=members, now=timezone.now()
    )


def test_somebody_who_may_not_see_the_incident_cannot_own_its_work(incident):
    member, stranger = make_user("Member"), make_user("Stranger")
    make_private(incident, member)
    client = client_of(member)
    assert client.post(url(incident, "action-new"), {**NEW, "owner": stranger.pk}).status_code == 422
    content = action_items.ActionContent(text="Do it", owner=stranger)
    with pytest.raises(action_items.InvalidInput, match="Stranger cannot see"):
        action_items.create(actor=Actor.person(member), incident=incident, content=content, now=timezone.now())
    assert client.post(url(incident, "action-new"), {**NEW, "owner": member.pk}).status_code == 302


def test_items_of_a_private_incident_are_hidden_and_an_admin_says_first_that_they_look(incident):
    item = make_action_item(incident, "Canary work")
    member = client_of()
    make_private(incident, member.user)
    stranger = client_of()
    assert stranger.get(page(item)).status_code == 404
    assert stranger.post(page(item), {"verb": "drop", "reason": "x"}).status_code == 404
    shown = member.get(page(item))
    assert (shown.status_code, shown["Cache-Control"]) == (200, "no-store")
    admin = client_of(Role.ADMIN)
    gate = admin.get(page(item))
    assert gate.status_code == 403
    assert "Canary work" not in text_of(gate)
    admin.post(url(incident, "open-private"))
    assert "Canary work" in text_of(admin.get(page(item)))


def test_becoming_private_takes_the_work_off_whoever_no_longer_sees_it(incident, owner):
    kept = make_user("Kept")
    lost, stays = item_in("in_progress", incident, owner), item_in("in_progress", incident, kept)
    finished = item_in("done", incident, owner)
    make_private(incident, kept)
    for item in (lost, stays, finished):
        item.refresh_from_db()
    assert (lost.owner, lost.status) == (None, "open")
    assert (stays.owner, stays.status) == (kept, "in_progress")
    assert finished.owner == owner
    assert Incident.objects.get(pk=incident.pk).is_private
