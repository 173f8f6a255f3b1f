"""How an incident moves between its states: the whole table, who may, what each verb sets and what it leaves behind."""

import datetime as dt

import pytest
from django.utils import timezone

from incidents import registry
from incidents.domain import lifecycle
from incidents.domain.lifecycle import TRANSITIONS, Verb
from incidents.enums import CancelReason, IncidentKind, IncidentRole, Milestone, Precision, Role, Status, TimelineKind
from incidents.errors import Forbidden, InvalidInput, NotPossible, Stale
from incidents.models import AuditEntry, Incident, IncidentMember, Subscription
from incidents.permissions import Actor
from tests.factories import make_incident, make_user
from tests.incident_pages import as_typed, client_of, recorded, stored, text_of, url, write

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_guards(monkeypatch):
    """What other applications object to closing is theirs to test."""
    monkeypatch.setattr(registry, "_guards", [])


# The table of the design, written down once more: from, to, least role, milestone.
TABLE = {
    "confirm": ("triage", "investigating", "responder", "declared"),
    "acknowledge": ("triage investigating", "investigating", "responder", "acknowledged"),
    "identify": ("investigating monitoring", "identified", "responder", "identified"),
    "monitor": ("triage investigating identified", "monitoring", "responder", "mitigated"),
    "resolve": ("triage investigating identified monitoring", "resolved", "responder", "resolved"),
    "close": ("resolved", "closed", "responder", "closed"),
    "reopen": ("monitoring resolved closed", "investigating", "responder", None),
    "cancel": ("triage investigating identified monitoring resolved", "cancelled", "editor", None),
}
BODIES = {"reopen": {"reason": "It came back"}, "cancel": {"reason": "false_alarm"}}
ROLES = list(Role.values)


def test_the_table_is_the_one_of_the_design():
    assert {
        str(verb): (set(row.sources), str(row.target), row.milestone and str(row.milestone))
        for verb, row in TRANSITIONS.items()
    } == {verb: (set(sources.split()), to, sets) for verb, (sources, to, _role, sets) in TABLE.items()}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("verb", TABLE)
def test_each_verb_from_each_state_by_each_role(verb, role):
    """Allowed: moved, one audit entry, one line in the timeline. Otherwise nothing changes and the answer says why."""
    sources, target, least, milestone = TABLE[verb]
    client = client_of(role)
    may = ROLES.index(role) >= ROLES.index(least)
    answers = {}
    for status in Status.values:
        incident = make_incident(status=status)
        with recorded() as audit:
            answers[status] = client.post(url(incident, f"incident-{verb}"), BODIES.get(verb, {})).status_code
        after = stored(incident.reference)
        if may and status in sources.split():
            assert after.status == target
            assert [(entry.action, entry.actor) for entry in audit] == [(f"incident.{verb}", client.user)]
            if status != target:
                assert audit[0].changes["status"] == [status, target]
            assert after.timeline.get().kind == TimelineKind.STATUS_CHANGE
            assert milestone is None or after.milestone(milestone) is not None
            assert after.version == incident.version + 1
        else:
            assert (after.status, after.version, audit) == (status, incident.version, [])
            assert not after.timeline.exists()
    repeats = {target} if verb in ("confirm", "identify", "monitor", "resolve", "close") else set()
    assert answers == {
        status: 403 if not may else 302 if status in {*sources.split(), *repeats} else 422 for status in Status.values
    }


@pytest.mark.parametrize("status", Status.values)
def test_a_reader_is_offered_no_verb_and_a_responder_what_the_table_says(status):
    incident = make_incident(status=status)
    assert client_of(Role.READER).get(url(incident)).context["verbs"] == []
    offered = client_of().get(url(incident)).context["verbs"]
    assert offered == [v for v, (sources, _to, least, _m) in TABLE.items() if status in sources and least != "editor"]
    lead = client_of()
    Incident.objects.filter(pk=incident.pk).update(incident_lead=lead.user)
    assert ("cancel" in lead.get(url(incident)).context["verbs"]) is (status in TABLE["cancel"][0].split())


def test_resolve_is_a_button_in_every_open_state_and_the_likely_verb_the_biggest():
    for status, likely in {"investigating": "acknowledge", "identified": "monitor", "monitoring": "resolve"}.items():
        page = client_of().get(url(make_incident(status=status)))
        assert page.context["likely"] == likely
        assert "/resolve/" in text_of(page)
        assert 'btn btn-primary" href="' in text_of(page)


@pytest.mark.parametrize("verb", TABLE)
def test_a_get_asks_and_changes_nothing(verb):
    status = TABLE[verb][0].split()[0]
    incident = make_incident(status=status)
    with recorded() as audit:
        assert client_of(Role.EDITOR).get(url(incident, f"incident-{verb}")).status_code == 200
    assert (stored(incident.reference).version, audit) == (incident.version, [])


def test_when_can_be_a_time_with_its_precision_and_the_timeline_says_the_same():
    incident = make_incident()
    client = client_of()
    client.post(url(incident, "incident-identify"), {"at": "about -10m", "note": "It was the *cache*."})
    incident.refresh_from_db()
    event = incident.timeline.get()
    assert abs(incident.identified_at - (timezone.now() - dt.timedelta(minutes=10))) < dt.timedelta(minutes=2)
    assert incident.identified_precision == Precision.ABOUT
    assert (event.occurred_at, event.precision) == (incident.identified_at, Precision.ABOUT)
    assert event.text == "Status: Investigating → Identified. It was the *cache*."
    assert "<em>cache</em>" in event.html


def test_a_time_in_the_future_or_unknown_is_refused_and_one_in_the_past_accepted():
    incident, client = make_incident(), client_of()
    for wrong in ("2030-01-01 10:00", "14:??", "yesterday", "+" * 61, "🕐"):
        assert client.post(url(incident, "incident-identify"), {"at": wrong}).status_code == 422, wrong
    assert stored(incident.reference).status == Status.INVESTIGATING
    assert client.post(url(incident, "incident-identify"), {"at": "-3m"}).status_code == 302


def test_the_domain_refuses_the_future_itself():
    now, actor = timezone.now(), Actor.person(make_user())
    with pytest.raises(InvalidInput) as refused:
        lifecycle.advance(
            actor=actor, incident=make_incident(), verb=Verb.IDENTIFY, now=now, at=now + dt.timedelta(minutes=2)
        )
    assert refused.value.code == "in_the_future"
    with pytest.raises(InvalidInput) as refused:
        lifecycle.advance(
            actor=actor,
            incident=make_incident(),
            verb=Verb.RESOLVE,
            now=now,
            mitigated_at=now + dt.timedelta(minutes=2),
        )
    assert refused.value.fields.keys() == {"mitigated"}


def test_acknowledging_makes_the_incident_lead_and_keeps_the_first_moment():
    incident = make_incident(status=Status.TRIAGE)
    ada = client_of(make_user("Ada_Okoro"))
    ada.post(url(incident, "incident-acknowledge"))
    first = stored(incident.reference)
    assert (first.status, first.incident_lead) == (Status.INVESTIGATING, ada.user)
    assert first.timeline.get().text == r"Acknowledged: Ada\_Okoro has it."
    with recorded() as audit:
        assert ada.post(url(incident, "incident-acknowledge")).status_code == 302
    again = stored(incident.reference)
    assert (again.version, again.acknowledged_at, audit) == (first.version, first.acknowledged_at, [])


def test_who_presses_second_does_not_take_the_incident_from_who_pressed_first():
    incident = make_incident(status=Status.TRIAGE)
    ada, ben = client_of(make_user("Ada")), client_of()
    ada.post(url(incident, "incident-acknowledge"))
    response = ben.post(url(incident, "incident-acknowledge"))
    assert response.status_code == 422
    assert "Ada has it already" in text_of(response)
    assert stored(incident.reference).incident_lead == ada.user


def test_confirming_keeps_when_it_was_reported_and_fills_it_where_blank():
    incident = make_incident(status=Status.TRIAGE)
    client_of().post(url(incident, "incident-confirm"), {"at": "-1m"})
    assert stored(incident.reference).declared_at == incident.declared_at
    blank = make_incident(status=Status.TRIAGE)
    Incident.objects.filter(pk=blank.pk).update(declared_at=None, impact_started_at=None, detected_at=None)
    client_of().post(url(blank, "incident-confirm"))
    after = stored(blank.reference)
    assert after.declared_at is not None
    assert after.sort_at == after.declared_at


def test_resolving_asks_for_mitigation_only_where_nobody_said_it():
    client, incident, known = client_of(), make_incident(), make_incident(status=Status.MONITORING)
    assert "mitigated" in client.get(url(incident, "incident-resolve")).context["form"].fields
    assert "mitigated" not in client.get(url(known, "incident-resolve")).context["form"].fields
    client.post(url(incident, "incident-resolve"), {"at": "-1m", "mitigated": "by -2m"})
    client.post(url(known, "incident-resolve"), {"at": "", "mitigated": "-2m"})
    after = stored(incident.reference)
    assert after.resolved_at - after.mitigated_at == dt.timedelta(minutes=1)
    assert after.mitigated_precision == Precision.NOT_LATER
    assert stored(known.reference).mitigated_at == known.mitigated_at


def test_resolving_without_mitigation_invents_none():
    incident = make_incident()
    client_of().post(url(incident, "incident-resolve"), {"at": "", "mitigated": ""})
    assert stored(incident.reference).mitigated_at is None


def test_reopening_empties_the_endings_and_the_audit_keeps_them():
    incident = make_incident(status=Status.CLOSED, mitigated_precision=Precision.ABOUT)
    client = client_of()
    assert client.post(url(incident, "incident-reopen"), {"reason": " "}).status_code == 422
    with recorded() as audit:
        client.post(url(incident, "incident-reopen"), {"reason": "It is down again"})
    after = stored(incident.reference)
    assert [after.mitigated_at, after.resolved_at, after.closed_at] == [None] * 3
    assert after.mitigated_precision == Precision.EXACT
    assert after.acknowledged_at == incident.acknowledged_at
    (entry,) = audit
    for name in ("mitigated_at", "resolved_at", "closed_at"):
        assert entry.changes[name] == [getattr(incident, name).isoformat(timespec="seconds"), None]
    assert entry.changes["mitigated_precision"] == ["about", "exact"]
    assert after.timeline.get().text == "Status: Closed → Investigating. It is down again"
    assert after.timeline.get().author == client.user


def test_cancelling_needs_a_right_a_reason_and_for_other_a_sentence():
    incident, editor = make_incident(), client_of(Role.EDITOR)
    address = url(incident, "incident-cancel")
    for body in ({}, {"reason": ""}, {"reason": "because"}, {"reason": "other"}, {"reason": "duplicate"}):
        assert editor.post(address, body).status_code == 422, body
    assert client_of().post(address, {"reason": "false_alarm"}).status_code == 403
    assert stored(incident.reference).status == Status.INVESTIGATING
    assert editor.post(address, {"reason": "other", "note": "Only a rehearsal"}).status_code == 302
    after = stored(incident.reference)
    assert (after.status, after.cancel_reason, after.cancel_note) == ("cancelled", "other", "Only a rehearsal")
    assert "Only a rehearsal" in text_of(editor.get(url(incident)))


def test_the_incident_lead_may_cancel_though_only_a_responder():
    lead = client_of()
    incident = make_incident(incident_lead=lead.user)
    assert lead.post(url(incident, "incident-cancel"), {"reason": "false_alarm"}).status_code == 302
    assert stored(incident.reference).status == Status.CANCELLED


def test_a_duplicate_hands_its_reports_and_followers_over():
    editor, reader, both = client_of(Role.EDITOR), client_of(Role.READER), make_user(role=Role.READER)
    incident, other = make_incident(), make_incident(title="The real one")
    (report,) = write(reader, incident, "I see it too")
    (note,) = write(editor, incident, "Looked at the logs")
    for user, where in ((reader.user, incident), (both, incident), (both, other)):
        Subscription.objects.create(user=user, incident=where)
    with recorded() as audit:
        response = editor.post(
            url(incident, "incident-cancel"), {"reason": "duplicate", "duplicate_of": other.reference.lower()}
        )
    assert response.status_code == 302
    after = stored(incident.reference)
    assert (after.duplicate_of, after.cancel_reason) == (other, CancelReason.DUPLICATE)
    report.refresh_from_db()
    note.refresh_from_db()
    assert (report.incident, note.incident) == (other, incident)
    assert set(other.followers.values_list("user", flat=True)) == {reader.user.pk, both.pk}
    assert [(entry.action, entry.incident) for entry in audit] == [
        ("incident.cancel", incident),
        ("incident.took_duplicate", other),
    ]
    assert audit[0].changes["duplicate_of"] == [None, other.reference]
    assert audit[1].changes == {"reports": [0, 1], "duplicate": ["", incident.reference]}
    page = text_of(editor.get(url(incident)))
    assert url(other) in page
    assert "The real one" in page
    assert f"{incident.reference} was a duplicate" in other.timeline.get(kind=TimelineKind.NOTE).text


def test_a_duplicate_is_not_of_itself_of_a_cancelled_or_of_a_hidden_incident():
    editor = client_of(Role.EDITOR)
    incident, cancelled, hidden = (
        make_incident(),
        make_incident(status=Status.CANCELLED),
        make_incident(is_private=True),
    )
    for wrong in (incident.reference, cancelled.reference, hidden.reference, "INC-999", "INC-0", "x", "INC-9999999999"):
        body = {"reason": "duplicate", "duplicate_of": wrong}
        assert editor.post(url(incident, "incident-cancel"), body).status_code == 422, wrong
    with pytest.raises(InvalidInput):
        lifecycle.cancel(
            actor=Actor.person(editor.user),
            incident=incident,
            reason=CancelReason.DUPLICATE,
            duplicate_of=hidden,
            now=timezone.now(),
        )
    assert stored(incident.reference).status == Status.INVESTIGATING


def test_a_private_duplicate_hands_nothing_to_a_public_incident():
    editor = client_of(Role.EDITOR)
    incident, other = make_incident(title="CANARY", is_private=True, declared_by=editor.user), make_incident()
    write(editor, incident, "report: CANARY in a report")
    Subscription.objects.create(user=editor.user, incident=incident)
    editor.post(url(incident, "incident-cancel"), {"reason": "duplicate", "duplicate_of": other.reference})
    assert stored(incident.reference).duplicate_of == other
    assert not other.timeline.exists()
    assert not other.followers.exists()
    assert not AuditEntry.objects.filter(incident=other).exists()
    reader = client_of(Role.READER)
    assert "CANARY" not in text_of(reader.get(url(other)))
    assert incident.reference not in text_of(reader.get(url(other)))


def test_a_public_duplicate_of_a_private_incident_does_not_say_which():
    editor, outsider, member = client_of(Role.EDITOR), client_of(), make_user(role=Role.READER)
    incident, other = make_incident(), make_incident(title="CANARY", is_private=True, declared_by=editor.user)
    IncidentMember.objects.create(incident=other, user=member)
    for user in (outsider.user, member):
        Subscription.objects.create(user=user, incident=incident)
    write(outsider, incident, "report: seen by many")
    editor.post(url(incident, "incident-cancel"), {"reason": "duplicate", "duplicate_of": other.reference})
    for address in (url(incident), url(incident, "timeline"), url(incident, "incident-audit")):
        page = text_of(outsider.get(address))
        assert "CANARY" not in page
        assert other.reference not in page, address
    assert "a private incident" in text_of(outsider.get(url(incident)))
    assert set(other.followers.values_list("user", flat=True)) == {member.pk}
    assert other.timeline.filter(kind=TimelineKind.REPORT).count() == 1


def test_a_guard_of_another_application_holds_a_transition_back(monkeypatch):
    reasons = ["The postmortem is not published yet."]
    monkeypatch.setattr(registry, "_guards", [lambda _incident, verb: reasons if verb == Verb.CLOSE else []])
    incident, client = make_incident(status=Status.RESOLVED), client_of()
    assert reasons[0] in text_of(client.get(url(incident)))
    response = client.post(url(incident, "incident-close"))
    assert response.status_code == 422
    assert reasons[0] in text_of(response)
    reasons.clear()
    assert client.post(url(incident, "incident-close")).status_code == 302


def test_two_people_at_the_same_moment_do_not_overwrite_each_other():
    actor, now = Actor.person(make_user()), timezone.now()
    one = make_incident()
    other = Incident.objects.get(pk=one.pk)
    lifecycle.advance(actor=actor, incident=one, verb=Verb.IDENTIFY, now=now)
    with pytest.raises(Stale) as stale:
        lifecycle.advance(actor=actor, incident=other, verb=Verb.RESOLVE, now=now)
    assert stale.value.current == one
    assert stored(one.reference).status == Status.IDENTIFIED
    with pytest.raises(Stale):
        lifecycle.advance(actor=actor, incident=one, verb=Verb.RESOLVE, now=now, version=1)


def test_the_domain_asks_for_the_right_and_for_reasons_by_itself():
    reader, now = Actor.person(make_user(role=Role.READER)), timezone.now()
    incident = make_incident()
    for act in (
        lambda: lifecycle.advance(actor=reader, incident=incident, verb=Verb.IDENTIFY, now=now),
        lambda: lifecycle.reopen(actor=reader, incident=incident, reason="x", now=now),
        lambda: lifecycle.cancel(actor=reader, incident=incident, reason=CancelReason.FALSE_ALARM, now=now),
    ):
        with pytest.raises(Forbidden):
            act()
    with pytest.raises(NotPossible):
        lifecycle.advance(actor=Actor.person(make_user()), incident=incident, verb=Verb.REOPEN, now=now)


def test_a_transition_in_another_zone_means_that_zone():
    client = client_of(make_user(time_zone="Asia/Kolkata"))
    incident = make_incident(home_zone="UTC")
    when = timezone.now().astimezone(dt.timezone(dt.timedelta(hours=5, minutes=30))) - dt.timedelta(minutes=10)
    client.post(url(incident, "incident-identify"), {"at": when.strftime("%H:%M"), "zone": "mine"})
    assert as_typed(stored(incident.reference).identified_at) == as_typed(when)


def test_a_cancelled_incident_and_a_near_miss_are_not_measured():
    client = client_of()
    assert client.get(url(make_incident(status=Status.RESOLVED))).context["is_measured"] is True
    assert client.get(url(make_incident(status=Status.CANCELLED))).context["is_measured"] is False
    near_miss = make_incident(kind=IncidentKind.NEAR_MISS, status=Status.RESOLVED)
    assert client.get(url(near_miss)).context["is_measured"] is False
    assert "How long it took" not in text_of(client.get(url(make_incident())))


def test_roles_and_milestones_are_named_after_their_columns():
    assert {role.value for role in IncidentRole} <= {field.name for field in Incident._meta.get_fields()}
    assert {f"{m}_at" for m in Milestone} <= {field.name for field in Incident._meta.get_fields()}
