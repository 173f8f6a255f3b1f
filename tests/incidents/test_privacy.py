"""Private incidents: who sees them, who lets whom in, and that an admin who looks leaves a trace."""

import datetime as dt

import pytest
from django.utils import timezone

from incidents.domain import privacy
from incidents.enums import Role
from incidents.errors import Forbidden, InvalidInput
from incidents.models import AuditEntry, Incident, IncidentMember
from incidents.permissions import Actor
from tests.factories import make_incident, make_service, make_team, make_user
from tests.incident_pages import client_of, recorded, stored, text_of, url, write

pytestmark = pytest.mark.django_db

PAGES = ("incident", "timeline", "incident-audit", "incident-edit", "milestones", "roles", "members", "impact-new")


@pytest.fixture
def incident():
    return make_incident(title="CANARY", is_private=True)


@pytest.mark.sweep
@pytest.mark.parametrize("role", ["reader", "responder", "editor"])
def test_who_is_no_member_meets_only_a_404(incident, role):
    client = client_of(role)
    for name in (*PAGES, "entry-echo", "moment-echo", "incident-resolve", "incident-cancel"):
        assert client.get(url(incident, name)).status_code == 404, name
    for name in ("timeline", "incident-follow", "incident-severity", "role-take", "make-private", "open-private"):
        assert client.post(url(incident, name)).status_code == 404, name
    assert client.get("/incidents/inc-1/").status_code == 404
    shown = text_of(client.get("/")) + text_of(client.get("/incidents/new/")) + text_of(client.get("/incidents/"))
    assert "CANARY" not in shown


def test_members_are_who_declared_it_holds_a_role_or_was_added(incident):
    reader, editor = make_user(role=Role.READER), make_user(role=Role.EDITOR)
    for field in ("declared_by", "incident_lead", "communications_lead", "scribe"):
        for user in (reader, editor):
            client = client_of(user)
            assert client.get(url(incident)).status_code == 404
            Incident.objects.filter(pk=incident.pk).update(**{field: user})
            assert client.get(url(incident)).status_code == 200, field
            Incident.objects.filter(pk=incident.pk).update(**{field: None})
    IncidentMember.objects.create(incident=incident, user=reader)
    assert client_of(reader).get(url(incident)).status_code == 200


def test_responders_who_lead_the_owning_team_are_in_and_its_other_people_are_not(incident):
    lead, deputy, reader_lead = make_user(), make_user(), make_user(role=Role.READER)
    team, other = make_team(team_lead=lead, deputy=deputy), make_team(team_lead=reader_lead)
    Incident.objects.filter(pk=incident.pk).update(team=team)
    assert [client_of(user).get(url(incident)).status_code for user in (lead, deputy)] == [200, 404]
    Incident.objects.filter(pk=incident.pk).update(team=None)
    assert client_of(lead).get(url(incident)).status_code == 404
    incident.services.add(make_service(team=team), make_service(team=other))
    assert [client_of(user).get(url(incident)).status_code for user in (lead, reader_lead)] == [200, 404]


def test_an_admin_says_first_that_they_look_and_the_members_can_see_it(incident):
    admin, member = client_of(Role.ADMIN), client_of()
    IncidentMember.objects.create(incident=incident, user=member.user)
    write(member, incident, "secret CANARY text")
    with recorded() as audit:
        for name in PAGES:
            gate = admin.get(url(incident, name))
            assert gate.status_code == 403, name
            assert "CANARY" not in text_of(gate)
        for name in ("timeline", "incident-severity", "lift-private"):
            assert admin.post(url(incident, name), {"text": "x", "severity": "sev1"}).status_code == 403
    assert audit == []
    assert admin.get(url(incident, "open-private")).status_code == 405
    with recorded() as audit:
        assert admin.post(url(incident, "open-private")).url == url(incident)
    assert [(entry.action, entry.actor, entry.incident) for entry in audit] == [
        ("incident.private_opened", admin.user, incident)
    ]
    with recorded() as audit:
        assert admin.get(url(incident)).status_code == 200
        assert admin.get(url(incident, "timeline")).status_code == 200
    assert audit == []
    shown = member.get(url(incident, "incident-audit")).context["entries"][0]
    assert (shown.action, shown.actor) == ("incident.private_opened", admin.user)
    another = client_of(Role.ADMIN)
    assert another.get(url(incident)).status_code == 403


def test_a_look_lasts_for_a_while_and_a_member_needs_none(incident):
    admin, now = make_user(role=Role.ADMIN), timezone.now()
    privacy.open_as_admin(actor=Actor.person(admin), incident=incident, now=now)
    assert not privacy.must_say_so(admin, incident, now + privacy.ACCESS_LASTS - dt.timedelta(seconds=1))
    assert privacy.must_say_so(admin, incident, now + privacy.ACCESS_LASTS + dt.timedelta(seconds=1))
    IncidentMember.objects.create(incident=incident, user=admin)
    assert not privacy.must_say_so(admin, incident, now + dt.timedelta(days=9))
    assert client_of(make_user(role=Role.ADMIN)).get(url(make_incident())).status_code == 200


def test_pages_of_a_private_incident_are_not_stored_and_others_are_asked_anew(incident):
    admin = client_of(Role.ADMIN)
    assert admin.get(url(incident))["Cache-Control"] == "no-store"
    admin.post(url(incident, "open-private"))
    for name in PAGES:
        assert admin.get(url(incident, name))["Cache-Control"] == "no-store", name
    assert admin.get(url(make_incident()))["Cache-Control"] == "private, no-cache"


def test_who_may_make_an_incident_private():
    for role, status in (("reader", 403), ("responder", 403), ("editor", 302), ("admin", 302)):
        incident, client = make_incident(), client_of(role)
        with recorded() as audit:
            assert client.post(url(incident, "make-private")).status_code == status
        assert stored(incident.reference).is_private is (status == 302)
        assert len(audit) == (2 if status == 302 else 0)
    assert [(entry.action, entry.changes) for entry in audit] == [
        ("incident.made_private", {"is_private": [False, True]}),
        ("incident.member_added", {"members": [None, client.user.name]}),
    ]
    lead = client_of()
    incident = make_incident(incident_lead=lead.user)
    assert lead.post(url(incident, "make-private"), follow=True).status_code == 200
    assert client_of().get(url(incident)).status_code == 404


def test_members_are_added_and_removed_by_name_with_a_trace(incident):
    lead, person = client_of(), client_of(Role.READER)
    Incident.objects.filter(pk=incident.pk).update(incident_lead=lead.user)
    with recorded() as audit:
        for _ in range(2):
            assert lead.post(url(incident, "members"), {"user": person.user.pk}).status_code == 302
        assert person.get(url(incident)).status_code == 200
        assert person.user.name in text_of(lead.get(url(incident, "members")))
        for _ in range(2):
            assert lead.post(url(incident, "member-remove"), {"user": person.user.pk}).status_code == 302
    assert [entry.changes for entry in audit] == [
        {"members": [None, person.user.name]},
        {"members": [person.user.name, None]},
    ]
    assert person.get(url(incident)).status_code == 404
    for wrong in ("", "x", 2**63, make_user(role="").pk):
        assert lead.post(url(incident, "members"), {"user": wrong}).status_code == 422, wrong
        assert lead.post(url(incident, "member-remove"), {"user": wrong}).status_code == 302
    with pytest.raises(InvalidInput):
        privacy.add_member(
            actor=Actor.person(lead.user),
            incident=stored(incident.reference),
            user=make_user(role=""),
            now=timezone.now(),
        )


def test_a_member_who_neither_leads_nor_edits_lets_nobody_in(incident):
    member, friend = client_of(), make_user()
    IncidentMember.objects.create(incident=incident, user=member.user)
    assert member.get(url(incident, "members")).status_code == 200
    assert member.post(url(incident, "members"), {"user": friend.pk}).status_code == 403
    # Whoever may not remove anybody is not told who is on the list either.
    for named in (member.user.pk, friend.pk, "x"):
        assert member.post(url(incident, "member-remove"), {"user": named}).status_code == 403, named
    reader = client_of(Role.READER)
    IncidentMember.objects.create(incident=incident, user=reader.user)
    assert reader.get(url(incident, "members")).status_code == 403


def test_only_an_admin_lifts_it_again(incident):
    editor, admin = client_of(Role.EDITOR), client_of(Role.ADMIN)
    IncidentMember.objects.create(incident=incident, user=editor.user)
    assert editor.post(url(incident, "lift-private")).status_code == 403
    assert admin.post(url(incident, "lift-private")).status_code == 403
    admin.post(url(incident, "open-private"))
    with recorded() as audit:
        for _ in range(2):
            assert admin.post(url(incident, "lift-private")).status_code == 302
    assert [entry.changes for entry in audit] == [{"is_private": [True, False]}]
    assert client_of(Role.READER).get(url(incident)).status_code == 200


def test_the_domain_asks_for_the_right(incident):
    member, now = make_user(), timezone.now()
    IncidentMember.objects.create(incident=incident, user=member)
    actor = Actor.person(member)
    for act in (
        lambda: privacy.make_private(actor=actor, incident=incident, members=[], now=now),
        lambda: privacy.lift(actor=actor, incident=incident, now=now),
        lambda: privacy.add_member(actor=actor, incident=incident, user=member, now=now),
        lambda: privacy.remove_member(actor=actor, incident=incident, user=member, now=now),
        lambda: privacy.open_as_admin(actor=actor, incident=incident, now=now),
    ):
        with pytest.raises(Forbidden):
            act()
    assert not AuditEntry.objects.exists()


def test_a_hidden_incident_is_named_beside_a_private_one_only(incident):
    public, other = make_incident(), make_incident(is_private=True)
    assert privacy.name_beside(public, incident) == public.reference
    assert privacy.name_beside(incident, other) == incident.reference
    assert privacy.name_beside(incident, public) == "a private incident"
