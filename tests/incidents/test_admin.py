"""Django's admin: only admins, only through the domain, nothing deleted, nothing private by the way."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from incidents.admin.base import DomainModelAdmin, ListOnlyAdmin
from incidents.domain import declaration, lifecycle, privacy, teams, timeline
from incidents.domain.declaration import NewIncident
from incidents.domain.lifecycle import Verb
from incidents.domain.timeline import EventContent
from incidents.enums import MessageState, Role, Severity, Source
from incidents.models import (
    AuditEntry,
    Impact,
    Incident,
    Invitation,
    LoginAttempt,
    OutboxMessage,
    Service,
    SeverityLevel,
    Tag,
    Team,
    TimelineEvent,
    User,
    WorkerHeartbeat,
)
from incidents.permissions import Actor
from incidents.sessions import PASSWORD
from tests.factories import make_action_item, make_cause, make_published

pytestmark = pytest.mark.django_db

PASSWORD_OF_ALL = "correct horse battery"
ADMINS = list(admin.site._registry)


def person(name: str, role: str = Role.ADMIN) -> User:
    return User.objects.create_user(name=name, role=role, email=f"{name}@example.org", password=PASSWORD_OF_ALL)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="incidents.sign_in.NameOrEmailBackend")
    session = client.session
    session[PASSWORD] = timezone.now().isoformat()
    session.save()
    return client


@pytest.fixture
def ada() -> User:
    return person("ada")


@pytest.fixture
def client(ada: User) -> Client:
    return signed_in(ada)


@pytest.fixture
def editor() -> Client:
    return signed_in(person("eve", Role.EDITOR))


def declared(actor: User, title: str = "Blank front page", **more: Any) -> Incident:
    new = NewIncident(title=title, home_zone="UTC", **more)
    return declaration.declare(actor=Actor.person(actor), new=new, now=timezone.now())


def entry(actor: User, incident: Incident, text: str = "Looking at the **banner**") -> TimelineEvent:
    now = timezone.now()
    content = EventContent(text=text, occurred_at=now - dt.timedelta(minutes=5))
    (event,) = timeline.add_entries(actor=Actor.person(actor), incident=incident, entries=[content], now=now)
    return event


def one_of_each(ada: User) -> None:
    """A row in every list."""
    now = timezone.now()
    incident = declared(ada)
    entry(ada, incident)
    Impact.objects.create(incident=incident, what="see any page")
    team = teams.create(actor=Actor.person(ada), name="Web", team_lead=ada, now=now)
    Service.objects.create(name="Storefront", slug="storefront", team=team)
    Tag.objects.create(name="cache")
    Invitation.objects.create(email="new@example.org", token_hash="0" * 64, invited_by=ada, expires_at=now)
    LoginAttempt.objects.create(key="0" * 64, last_at=now)
    OutboxMessage.objects.create(dedupe_key="x", kind="test", recipient="a@example.org", payload={"link": "hush"})
    WorkerHeartbeat.objects.create(name="worker", seen_at=now)
    make_cause(incident)
    make_action_item(incident)
    make_published()


def page(model: type, kind: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=args)


def change_page(record: Any) -> str:
    return page(type(record), "change", record.pk)


def fields_of(client: Client, address: str, **changes: Any) -> dict[str, Any]:
    """What a browser would send back from this page, with some fields changed."""
    context = client.get(address).context
    data: dict[str, Any] = {}
    for form in [context["adminform"].form, *(f for i in context["inline_admin_formsets"] for f in i.formset.forms)]:
        for bound in form:
            value = bound.value()
            if value not in (None, False):
                data[bound.html_name] = value
    for inline in context["inline_admin_formsets"]:
        for bound in inline.formset.management_form:
            data[bound.html_name] = bound.value()
    data |= changes
    return {name: value for name, value in data.items() if value is not None}


def last_audit() -> str:
    return AuditEntry.objects.order_by("-id").values_list("action", flat=True)[0]


def errors_of(response: Any) -> str:
    return str(response.context["errors"])


# Who gets in


def test_a_visitor_is_sent_to_our_own_sign_in_page():
    for address in (reverse("admin:index"), page(Incident, "changelist")):
        response = Client().get(address)
        assert response.status_code == 302
        assert response.url.startswith(reverse("sign-in"))


@pytest.mark.parametrize("left_out", ["login", "logout", "password_change", "password_change_done", "view_on_site"])
def test_the_admin_has_no_door_of_its_own(left_out, client):
    found = {url.name for url in admin.site.get_urls() if getattr(url, "name", None)}
    assert left_out not in found
    assert "index" in found
    assert client.get("/admin/login/").status_code == 404


@pytest.mark.parametrize("role", ["", Role.READER, Role.RESPONDER, Role.EDITOR])
def test_only_admins_get_in(role, client):
    other = signed_in(person("bob", role))
    assert other.get(reverse("admin:index")).status_code == 403
    assert client.get(reverse("admin:index")).status_code == 200


def test_a_disabled_admin_does_not_get_in(ada, client):
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert client.get(reverse("admin:index")).status_code == 302


def test_every_list_and_page_answers_admins_and_refuses_editors(ada, client, editor):
    one_of_each(ada)
    swept = 0
    for model, model_admin in admin.site._registry.items():
        if model._meta.app_label != "incidents":
            continue
        record = model._default_manager.first()
        assert record is not None, f"no {model._meta.model_name} to look at"
        addresses = {page(model, "changelist"): 200}
        if not isinstance(model_admin, ListOnlyAdmin):
            addresses[page(model, "add")] = 200 if getattr(model_admin, "add_form", None) else 403
            addresses[change_page(record)] = 200
            addresses[page(model, "history", record.pk)] = 302
            addresses[page(model, "delete", record.pk)] = 403
        for address, status in addresses.items():
            response = client.get(address)
            assert response.status_code == status, address
            assert "no-store" in response["Cache-Control"], address
            assert editor.get(address).status_code == 403, address
            swept += 1
    assert swept > 40


def test_every_model_of_django_itself_is_left_out():
    assert {model._meta.app_label for model in ADMINS} == {"incidents", "postmortems"}


def test_nothing_can_be_deleted(ada, client):
    incident = declared(ada)
    response = client.post(
        page(Incident, "changelist"), {"action": "delete_selected", "_selected_action": [incident.pk], "post": "yes"}
    )
    assert response.status_code == 302
    assert client.post(page(Incident, "delete", incident.pk), {"post": "yes"}).status_code == 403
    assert Incident.objects.filter(pk=incident.pk).exists()
    for model_admin in admin.site._registry.values():
        request = client.get(reverse("admin:index")).wsgi_request
        assert "delete_selected" not in model_admin.get_actions(request)
        assert not model_admin.has_delete_permission(request)


def test_every_admin_that_writes_goes_through_the_domain(client):
    request = client.get(reverse("admin:index")).wsgi_request
    for model, model_admin in admin.site._registry.items():
        if model_admin.has_add_permission(request) or model_admin.has_change_permission(request):
            assert isinstance(model_admin, DomainModelAdmin), model


# Incidents


def test_declaring(ada, client):
    address = page(Incident, "add")
    response = client.post(address, fields_of(client, address, title="Checkout fails", severity="sev2"))
    assert response.status_code == 302
    incident = Incident.objects.get()
    assert (incident.reference, incident.severity, incident.source) == ("INC-1", "sev2", Source.ADMIN)
    assert incident.declared_by == ada
    assert last_audit() == "incident.declared"


def test_declaring_without_a_title_is_refused(client):
    address = page(Incident, "add")
    response = client.post(address, fields_of(client, address))
    assert response.status_code == 422
    assert not Incident.objects.exists()


def test_declaring_twice_with_one_form_makes_one_incident(client):
    address = page(Incident, "add")
    data = fields_of(client, address, title="Checkout fails")
    assert [client.post(address, data).status_code for _again in range(2)] == [302, 302]
    assert Incident.objects.count() == 1


def test_changing_details_milestones_and_roles_at_once(ada, client):
    incident = declared(ada)
    address = change_page(incident)
    data = fields_of(
        client,
        address,
        title="Blank page for some",
        severity="sev1",
        tags="Cache, banner",
        impact_started="about 2026-01-06 01:30",
        incident_lead=ada.pk,
    )
    response = client.post(address, data)
    assert response.status_code == 302
    incident.refresh_from_db()
    assert (incident.title, incident.severity, incident.incident_lead) == ("Blank page for some", "sev1", ada)
    assert incident.impact_started_at == dt.datetime(2026, 1, 6, 1, 30, tzinfo=dt.UTC)
    assert incident.impact_started_precision == "about"
    assert {tag.name for tag in incident.tags.all()} == {"cache", "banner"}
    written = set(AuditEntry.objects.filter(incident=incident).values_list("action", flat=True))
    assert {"incident.edited", "incident.milestones", "incident.role"} <= written
    assert incident.timeline.filter(text__contains="Severity").exists()
    assert not LogEntry.objects.exists()


def test_saving_without_a_change_writes_nothing(ada, client):
    incident = declared(ada)
    before = AuditEntry.objects.count(), incident.version
    assert client.post(change_page(incident), fields_of(client, change_page(incident))).status_code == 302
    incident.refresh_from_db()
    assert (AuditEntry.objects.count(), incident.version) == before


def test_a_stale_form_is_refused_with_both_texts_and_then_taken(ada, client):
    incident = declared(ada)
    address = change_page(incident)
    data = fields_of(client, address, title="Mine")
    client.post(address, fields_of(client, address, title="Theirs"))
    response = client.post(address, data)
    assert response.status_code == 409
    html = response.content.decode()
    assert "Mine" in html
    assert "Saved by somebody else, Title: Theirs" in html
    incident.refresh_from_db()
    assert incident.title == "Theirs"
    version = re.search(r'name="version" value="(\d+)"', html)
    assert version is not None
    assert client.post(address, data | {"version": version[1]}).status_code == 302
    incident.refresh_from_db()
    assert incident.title == "Mine"


def test_what_the_domain_refuses_is_a_form_error_and_leaves_nothing_behind(ada, client):
    incident = declared(ada)
    address = change_page(incident)
    tomorrow = f"{timezone.now() + dt.timedelta(days=1):%Y-%m-%d %H:%M}"
    response = client.post(address, fields_of(client, address, title="Changed", resolved=tomorrow))
    assert response.status_code == 422
    assert "to come" in errors_of(response)
    incident.refresh_from_db()
    assert incident.title == "Blank front page"


def test_a_role_for_somebody_who_may_not_hold_it_is_refused(ada, client):
    incident, reader = declared(ada), person("rob", Role.READER)
    address = change_page(incident)
    assert client.post(address, fields_of(client, address, scribe=reader.pk)).status_code == 422
    assert client.post(address, fields_of(client, address, scribe=ada.pk)).status_code == 302


def test_impact_rows_are_added_and_edited_by_the_domain(ada, client):
    incident = declared(ada, impact_started_at=timezone.now() - dt.timedelta(hours=1))
    address = change_page(incident)
    new = {
        "impacts-TOTAL_FORMS": 1,
        "impacts-0-audience": "customers",
        "impacts-0-what": "see any page",
        "impacts-0-scope": "30",
        "impacts-0-scope_unit": "percent",
        "impacts-0-scope_basis": "estimated",
        "impacts-0-since": "-30m",
    }
    assert client.post(address, fields_of(client, address, **new)).status_code == 302
    impact = incident.impacts.get()
    assert impact.scope_text == "30 %"
    assert impact.from_at is not None
    assert last_audit() == "impact.added"
    refused = client.post(address, fields_of(client, address, **{"impacts-0-scope": "130"}))
    assert refused.status_code == 422
    assert client.post(address, fields_of(client, address, **{"impacts-0-scope": "40"})).status_code == 302
    impact.refresh_from_db()
    assert impact.scope_text == "40 %"
    assert last_audit() == "impact.edited"


def test_members_are_added_by_the_domain(ada, client):
    incident, bob = declared(ada, is_private=True), person("bob", Role.READER)
    address = change_page(incident)
    data = fields_of(client, address, **{"memberships-TOTAL_FORMS": 1, "memberships-0-user": bob.pk})
    assert client.post(address, data).status_code == 302
    assert incident.memberships.get().user == bob
    assert last_audit() == "incident.member_added"
    nobody = person("nan", "")
    index = incident.memberships.count()
    data = fields_of(client, address, **{"memberships-TOTAL_FORMS": index + 1, f"memberships-{index}-user": nobody.pk})
    assert client.post(address, data).status_code == 422


def test_making_private_and_lifting_it(ada, client):
    incident = declared(ada)
    address = change_page(incident)
    assert client.post(address, fields_of(client, address, is_private="on")).status_code == 302
    assert Incident.objects.get().is_private
    assert client.post(address, fields_of(client, address, is_private=None)).status_code == 302
    assert not Incident.objects.get().is_private
    assert last_audit() == "incident.private_lifted"


def test_fields_that_the_domain_keeps_cannot_be_sent(ada, client):
    incident = declared(ada)
    address = change_page(incident)
    sent = {"number": 99, "status": "closed", "declared_by": "", "source": "import", "id": 77, "is_synthetic": "on"}
    assert client.post(address, fields_of(client, address, title="Other", **sent)).status_code == 302
    after = Incident.objects.get()
    assert (after.pk, after.number, after.status, after.source) == (incident.pk, 1, "investigating", "page")
    assert after.title == "Other"
    assert not after.is_synthetic


def test_searching_finds_titles_whatever_their_case_and_numbers(ada, client):
    declared(ada, "Ärger an der Kasse")
    declared(ada, "Blank page")
    found = {}
    for text in ("ÄRGER", "inc-2", "nothing like it"):
        response = client.get(page(Incident, "changelist"), {"q": text})
        found[text] = [incident.reference for incident in response.context["cl"].result_list]
    assert found == {"ÄRGER": ["INC-1"], "inc-2": ["INC-2"], "nothing like it": []}


# Many at once


def bulk(client: Client, action: str, rows: Any, model: Any = Incident, **data: Any) -> Any:
    sent = {"action": action, "_selected_action": [row.pk for row in rows], **data}
    return client.post(page(model, "changelist"), sent, follow=bool(data) or model is not Incident)


@pytest.mark.parametrize(
    ("action", "data", "changed"),
    [
        ("set_severity", {"severity": "sev1"}, lambda incident: incident.severity == "sev1"),
        ("add_tag", {"tag": "Cache"}, lambda incident: incident.tags.get().name == "cache"),
    ],
)
def test_a_bulk_action_asks_first_and_then_calls_the_domain_for_each(
    action: str, data: dict[str, str], changed: Callable[[Incident], bool], ada: User, client: Client
) -> None:
    incidents = [declared(ada, title) for title in ("One", "Two")]
    asked = bulk(client, action, incidents)
    assert asked.status_code == 200
    assert "Two" in asked.content.decode()
    assert not any(incident.version > 1 for incident in Incident.objects.all())
    done = bulk(client, action, incidents, apply="Apply", **data)
    assert "Done for 2 records." in done.content.decode()
    assert all(changed(incident) for incident in Incident.objects.all())
    assert AuditEntry.objects.filter(actor=ada).exclude(action="incident.declared").count() == 2


def test_giving_incidents_to_a_team(ada, client):
    team = teams.create(actor=Actor.person(ada), name="Web", now=timezone.now())
    incident = declared(ada)
    bulk(client, "set_team", [incident], apply="Apply", team=team.pk)
    incident.refresh_from_db()
    assert incident.team == team


def test_a_bulk_action_with_a_wrong_value_asks_again(ada, client):
    incident = declared(ada)
    response = bulk(client, "set_severity", [incident], apply="Apply", severity="sev9")
    assert response.status_code == 422
    assert Incident.objects.get().severity == Severity.UNKNOWN


def test_a_bulk_action_says_which_rows_were_refused_and_does_the_others(ada, client):
    open_to_all, hidden = declared(ada, "Open"), declared(person("zoe"), "Hidden", is_private=True)
    response = bulk(client, "set_severity", [open_to_all, hidden], apply="Apply", severity="sev1")
    html = response.content.decode()
    assert "Done for 1 record." in html
    assert "INC-2 Hidden: This incident is private." in html
    assert [incident.severity for incident in Incident.objects.order_by("number")] == ["sev1", "unknown"]


def test_a_bulk_action_on_too_many_rows_is_refused(ada, client, monkeypatch):
    incidents = [declared(ada, title) for title in ("One", "Two")]
    monkeypatch.setattr("incidents.admin.base.MAX_ROWS_AT_ONCE", 1)
    response = bulk(client, "set_severity", incidents, apply="Apply", severity="sev1")
    assert "At most 500 records at once" in response.content.decode()
    assert not Incident.objects.filter(severity="sev1").exists()
    bulk(client, "set_severity", incidents[:1], apply="Apply", severity="sev1")
    assert Incident.objects.filter(severity="sev1").count() == 1


# Private incidents


def test_a_private_incident_opens_only_after_saying_so(ada, client):
    incident = declared(person("zoe"), "Layoffs leaked", is_private=True, summary="a canary")
    entry(ada, incident, "another canary")
    assert "Layoffs leaked" in client.get(page(Incident, "changelist")).content.decode()
    assert client.get(change_page(incident)).url == incident.get_absolute_url()
    assert client.post(change_page(incident), {"title": "x"}).url == incident.get_absolute_url()
    event = incident.timeline.latest("id")
    for address in (page(TimelineEvent, "changelist"), page(AuditEntry, "changelist"), change_page(event)):
        assert "canary" not in client.get(address, follow=True).content.decode()
    privacy.open_as_admin(actor=Actor.person(ada), incident=incident, now=timezone.now())
    assert "a canary" in client.get(change_page(incident)).content.decode()
    assert "another canary" in client.get(page(TimelineEvent, "changelist")).content.decode()
    assert "another canary" in client.get(change_page(event)).content.decode()


def test_nothing_is_added_to_a_private_incident_before_that(ada, client):
    incident = declared(person("zoe"), is_private=True)
    address = page(TimelineEvent, "add")
    data = fields_of(client, address, incident=incident.reference, time="01:30", text="x", kind="note")
    refused = client.post(address, data)
    assert refused.status_code == 422
    assert "This incident is private" in errors_of(refused)
    privacy.open_as_admin(actor=Actor.person(ada), incident=incident, now=timezone.now())
    assert client.post(address, data).status_code == 302


def test_the_audit_of_a_private_incident_hides_what_changed_until_then(ada, client):
    zoe = person("zoe")
    incident = declared(zoe, is_private=True)
    lifecycle.advance(actor=Actor.person(zoe), incident=incident, verb=Verb.ACKNOWLEDGE, now=timezone.now())
    address = change_page(AuditEntry.objects.get(action="incident.acknowledge"))
    assert "zoe" not in client.get(address).context["adminform"].model_admin.changes_text(
        client.get(address).context["original"]
    )
    privacy.open_as_admin(actor=Actor.person(ada), incident=incident, now=timezone.now())
    html = client.get(address).content.decode()
    assert "incident_lead: None → zoe" in html


def test_times_are_written_as_on_our_own_pages(ada, client):
    declared(ada, impact_started_at=dt.datetime(2026, 1, 6, 1, 30, tzinfo=dt.UTC))
    assert "6 Jan 2026, 01:30 UTC" in client.get(page(Incident, "changelist")).content.decode()


# Timeline


def test_adding_an_entry_in_the_zone_of_its_incident(ada, client):
    incident = declared(ada)
    Incident.objects.update(home_zone="Asia/Kolkata")
    address = page(TimelineEvent, "add")
    data = fields_of(
        client,
        address,
        incident=incident.reference,
        time="2026-01-06 07:00",
        text="It was the *banner*",
        kind="diagnosis",
    )
    assert client.post(address, data).status_code == 302
    event = incident.timeline.get(kind="diagnosis")
    assert event.occurred_at == dt.datetime(2026, 1, 6, 1, 30, tzinfo=dt.UTC)
    assert (event.author, event.source) == (ada, Source.ADMIN)
    assert "<em>banner</em>" in event.html
    assert last_audit() == "timeline.added"


@pytest.mark.parametrize("wrong", [{"incident": "INC-99"}, {"time": "25:99 o'clock"}, {"text": ""}, {"incident": ""}])
def test_an_entry_that_cannot_be_is_refused(wrong, ada, client):
    incident = declared(ada)
    before = TimelineEvent.objects.count()
    address = page(TimelineEvent, "add")
    right = {"incident": incident.reference, "time": "01:30", "text": "x", "kind": "note"}
    assert client.post(address, fields_of(client, address, **right | wrong)).status_code == 422
    assert TimelineEvent.objects.count() == before
    assert client.post(address, fields_of(client, address, **right)).status_code == 302


def test_editing_an_entry_keeps_the_old_text(ada, client):
    event = entry(ada, declared(ada))
    address = change_page(event)
    assert client.post(address, fields_of(client, address, text="No, the template")).status_code == 302
    event.refresh_from_db()
    assert (event.text, event.version) == ("No, the template", 2)
    assert "Looking at the" in client.get(address).content.decode()
    assert event.earlier_versions.get().text == "Looking at the **banner**"


def test_a_stale_entry_is_refused(ada, client):
    event = entry(ada, declared(ada))
    address = change_page(event)
    stale = fields_of(client, address, text="mine")
    assert client.post(address, fields_of(client, address, text="theirs")).status_code == 302
    response = client.post(address, stale)
    assert response.status_code == 409
    assert "Saved by somebody else, What happened: theirs" in response.content.decode()


def test_a_struck_entry_is_not_edited_until_it_is_brought_back(ada, client):
    event = entry(ada, declared(ada))
    bulk(client, "strike_out", [event], TimelineEvent)
    event.refresh_from_db()
    assert event.is_struck
    address = change_page(event)
    refused = client.post(address, fields_of(client, address, text="x"))
    assert refused.status_code == 422
    assert "struck out" in errors_of(refused)
    bulk(client, "bring_back", [event], TimelineEvent)
    assert client.post(address, fields_of(client, address, text="x")).status_code == 302


def test_starring_several(ada, client):
    incident = declared(ada)
    events = [entry(ada, incident, text) for text in ("one", "two")]
    assert "Done for 2 records" in bulk(client, "star", events, TimelineEvent).content.decode()
    assert TimelineEvent.objects.filter(is_starred=True).count() == 2
    bulk(client, "unstar", events[:1], TimelineEvent)
    assert TimelineEvent.objects.filter(is_starred=True).count() == 1


# People, teams, catalogue


def test_correcting_an_account(ada, client):
    bob = person("bob", Role.READER)
    address = change_page(bob)
    data = fields_of(client, address, name="Bobby", role="admin", is_active="")
    assert client.post(address, data).status_code == 302
    bob.refresh_from_db()
    assert (bob.name, bob.role, bob.is_active) == ("Bobby", Role.READER, True)
    assert last_audit() == "person.changed"
    taken = client.post(address, fields_of(client, address, name="Ada"))
    assert taken.status_code == 422


def test_an_account_is_shown_only_after_the_password(ada, client):
    bob = person("bob", Role.READER)
    address = change_page(bob)
    data = fields_of(client, address, name="Bobby")
    session = client.session
    session[PASSWORD] = (timezone.now() - dt.timedelta(hours=1)).isoformat()
    session.save()
    assert client.get(address).url.startswith(reverse("password-again"))
    assert client.post(address, data).status_code == 422
    assert User.objects.get(pk=bob.pk).name == "bob"
    assert client.post(address, data | {"current_password": PASSWORD_OF_ALL}).status_code == 302
    assert User.objects.get(pk=bob.pk).name == "Bobby"


def test_teams_are_made_changed_and_retired(ada, client):
    address = page(Team, "add")
    assert client.post(address, {"name": "Web", "team_lead": ada.pk, "is_default": "on"}).status_code == 302
    team = Team.objects.get(name="Web")
    assert (team.is_default, list(team.members.all())) == (True, [ada])
    assert client.post(change_page(team), {"name": "Web", "team_lead": ada.pk, "deputy": ada.pk}).status_code == 422
    assert client.post(change_page(team), fields_of(client, change_page(team), name="Shop")).status_code == 302
    refused = bulk(client, "retire", [team], Team).content.decode()
    assert "Shop: This is the default team." in refused
    other = teams.create(actor=Actor.person(ada), name="Other", now=timezone.now())
    assert "Done for 1 record." in bulk(client, "retire", [other], Team).content.decode()
    bulk(client, "bring_back", [other], Team)
    assert Team.objects.get(pk=other.pk).is_active


def test_services_are_made_changed_and_retired(ada, client):
    assert client.post(page(Service, "add"), {"name": "Storefront"}).status_code == 302
    service = Service.objects.get()
    assert service.slug == "storefront"
    assert client.post(page(Service, "add"), {"name": "storefront"}).status_code == 422
    declared(ada, services=[service])
    assert client.post(change_page(service), {"name": "Shop", "slug": "x"}).status_code == 302
    service.refresh_from_db()
    assert (service.name, service.slug) == ("Shop", "storefront")
    assert "Shop: An incident is open" in bulk(client, "retire", [service], Service).content.decode()


def test_severities_are_edited_and_none_is_added(client):
    level = SeverityLevel.objects.get(code="sev1")
    address = change_page(level)
    assert client.post(address, fields_of(client, address, help_text="When money is lost")).status_code == 302
    level.refresh_from_db()
    assert level.help_text == "When money is lost"
    assert last_audit() == "severity.changed"
    assert client.get(page(SeverityLevel, "add")).status_code == 403


# Records


def test_no_page_shows_what_would_let_somebody_in(ada, client):
    one_of_each(ada)
    OutboxMessage.objects.create(dedupe_key="y", kind="invitation", payload={"link": "hush-hush"}, holds_secret=True)
    Invitation.objects.update(token_hash="f00d" * 16)
    swept = ""
    for model, model_admin in admin.site._registry.items():
        swept += client.get(page(model, "changelist")).content.decode()
        if not isinstance(model_admin, ListOnlyAdmin):
            swept += client.get(change_page(model._default_manager.first())).content.decode()
    assert "a@example.org" in swept
    assert "new@example.org" in swept
    for secret in (client.session.session_key, "hush", "f00d", ada.password):
        assert secret not in swept


def test_what_was_given_up_is_sent_again(ada, client):
    dead = OutboxMessage.objects.create(dedupe_key="x", kind="test", state=MessageState.DEAD)
    done = OutboxMessage.objects.create(dedupe_key="y", kind="test", state=MessageState.DONE)
    html = bulk(client, "resend", [dead, done], OutboxMessage).content.decode()
    assert "Done for 1 record." in html
    assert "on its way already" in html
    assert OutboxMessage.objects.get(pk=dead.pk).state == MessageState.PENDING


def test_the_history_of_a_record_is_its_audit(ada, client):
    incident, other = declared(ada, "One"), declared(ada, "Two")
    response = client.get(page(Incident, "history", incident.pk), follow=True)
    shown = {entry.object_id for entry in response.context["cl"].result_list}
    assert shown == {str(incident.pk)}
    assert str(other.pk) not in shown


@pytest.mark.parametrize("key", ["0", "-1", str(2**63), str(10**30), "x", "1_0"])
def test_keys_that_mean_nothing_are_no_error(key, client):
    for model in (Incident, TimelineEvent, User):
        assert client.get(page(model, "change", key), follow=True).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "status__exact=nothing",
        "p=99999999999999999999",
        "o=9.9.-9",
        "team__id__exact=x",
        f"services__id__exact={2**63}",
    ],
)
def test_addresses_that_mean_nothing_are_no_error(query, client):
    assert client.get(f"{page(Incident, 'changelist')}?{query}", follow=True).status_code == 200


@pytest.mark.parametrize("model", [Incident, TimelineEvent, User, Team, Service, AuditEntry])
def test_twenty_rows_ask_no_more_than_two(model, ada, client, django_assert_num_queries):
    def add(number: int) -> None:
        lead = person(f"p{number}")
        team = teams.create(actor=Actor.person(ada), name=f"T{number}", team_lead=lead, now=timezone.now())
        service = Service.objects.create(name=f"S{number}", slug=f"s{number}", team=team)
        incident = declared(lead, f"I{number}", team=team, services=[service])
        entry(lead, incident)

    def queries() -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            assert client.get(page(model, "changelist")).status_code == 200
        return len(captured)

    add(0)
    add(1)
    queries()  # the first request of a session renews it
    few = queries()
    for number in range(2, 20):
        add(number)
    assert queries() == few
