"""Lessons in Django's admin: many action items at once through the domain, everything else with care."""

import datetime as dt

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from incidents.domain import privacy
from incidents.enums import Role, Severity, Status
from incidents.models import AuditEntry
from incidents.permissions import Actor
from postmortems.models import ActionItem, Postmortem, Review, Revision, RootCause, Template
from tests.factories import make_action_item, make_cause, make_incident, make_published, make_user
from tests.incident_pages import client_of, recorded, text_of

pytestmark = pytest.mark.django_db

ALL = (ActionItem, RootCause, Template, Postmortem, Revision, Review)


def page(model, kind="changelist", *args):
    return reverse(f"admin:postmortems_{model._meta.model_name}_{kind}", args=args)


@pytest.fixture
def ada():
    return client_of(Role.ADMIN)


@pytest.fixture
def incident():
    return make_incident(status=Status.RESOLVED)


def bulk(client, items, action, **data):
    selected = [item.pk for item in items]
    return client.post(
        page(ActionItem),
        {"action": action, "_selected_action": selected, **({"apply": "1"} if data else {}), **data},
        follow=True,
    )


def test_every_list_and_page_opens_for_admins_only(ada, incident):
    make_action_item(incident, status="historical")
    make_cause(incident)
    make_published(incident)
    editor = client_of(Role.EDITOR)
    for model in ALL:
        record = model._default_manager.first()
        for where in (page(model), page(model, "change", record.pk)):
            assert ada.get(where).status_code == 200, where
            assert editor.get(where).status_code != 200
        assert ada.post(page(model, "delete", record.pk), {"post": "yes"}).status_code == 403
    assert set(ALL) <= set(admin.site._registry)


@pytest.mark.parametrize(
    "query", ["status__exact=open", "type__exact=process", "incident__severity__exact=sev2", "q=CHECK"]
)
def test_filters_and_search_of_action_items(ada, incident, query):
    make_action_item(incident, "Add a Check", type="process")
    make_action_item(make_incident(status=Status.RESOLVED, severity=Severity.SEV4), "Other", status="historical")
    found = [item.text for item in ada.get(f"{page(ActionItem)}?{query}").context["cl"].queryset]
    assert found == ["Add a Check"]


def test_giving_several_to_somebody_through_the_domain(ada, incident):
    owner = make_user("Ada Okoro")
    items = [make_action_item(incident), make_action_item(incident, owner=owner)]
    asked = bulk(ada, items, "assign")
    assert 'name="owner"' in text_of(asked)
    with recorded() as audit:
        done = bulk(ada, items, "assign", owner=owner.pk)
    assert "Done for 2 records." in text_of(done)
    assert [(entry.action, entry.changes["owner"]) for entry in audit] == [("action.edited", [None, "Ada Okoro"])]
    assert {item.owner for item in ActionItem.objects.all()} == {owner}


def test_each_row_that_is_refused_says_why(ada, incident):
    private = make_incident(status=Status.RESOLVED, is_private=True)
    stranger = make_user("Stranger")
    items = [make_action_item(incident, "Fine"), make_action_item(private, "Hidden")]
    privacy.open_as_admin(actor=Actor.person(ada.user), incident=private, now=timezone.now())
    said = text_of(bulk(ada, items, "assign", owner=stranger.pk))
    assert "Done for 1 record." in said
    assert "A-2 Hidden: Stranger cannot see this incident" in said


def test_moving_dates_asks_for_the_reason_where_there_was_one(ada, incident):
    dated, undated = make_action_item(incident, due_on=dt.date(2030, 1, 1)), make_action_item(incident)
    said = text_of(bulk(ada, [dated, undated], "set_date", due_on="2031-02-03"))
    assert "Say why the date moves." in said
    assert "Done for 1 record." in said
    bulk(ada, [dated], "set_date", due_on="2031-02-03", move_reason="The vendor is late")
    assert {item.due_on for item in ActionItem.objects.all()} == {dt.date(2031, 2, 3)}
    assert AuditEntry.objects.latest("id").note == "The vendor is late"


@pytest.mark.parametrize(
    ("verb", "data", "status"),
    [
        ("finish", {"evidence": "See the run"}, "done"),
        ("drop", {"reason": "Replaced"}, "wont_do"),
        ("start", {}, "in_progress"),
    ],
)
def test_moving_several_on_asks_for_what_each_step_needs(ada, incident, verb, data, status):
    item = make_action_item(incident, owner=make_user(), due_on=dt.date(2030, 1, 1))
    if data:
        assert "Say" in text_of(bulk(ada, [item], "move_on", verb=verb))
        item.refresh_from_db()
        assert item.status == "open"
    bulk(ada, [item], "move_on", verb=verb, **data)
    item.refresh_from_db()
    assert item.status == status


def test_records_of_a_private_incident_are_not_listed_until_the_admin_says_that_they_look(ada):
    incident = make_incident(status=Status.RESOLVED, is_private=True)
    make_action_item(incident, "Canary work", status="historical")
    make_cause(incident, "Canary cause")
    postmortem = make_published(incident, title="Canary story")
    records = [
        ActionItem.objects.get(),
        RootCause.objects.get(),
        postmortem,
        Revision.objects.get(),
        Review.objects.get(),
    ]
    for record in records:
        assert "Canary" not in text_of(ada.get(page(type(record))))
        assert ada.get(page(type(record), "change", record.pk)).status_code == 302
    privacy.open_as_admin(actor=Actor.person(ada.user), incident=incident, now=timezone.now())
    for record in records:
        assert ada.get(page(type(record), "change", record.pk)).status_code == 200


def test_one_action_item_is_changed_by_the_domain(ada, incident):
    item = make_action_item(incident)
    data = {"version": 1, "text": "Better words", "type": "process"}
    with recorded() as audit:
        assert ada.post(page(ActionItem, "change", item.pk), data).status_code == 302
    assert [entry.action for entry in audit] == ["action.edited"]
    assert ada.post(page(ActionItem, "change", item.pk), {**data, "text": "Stale"}).status_code == 409
    item.refresh_from_db()
    assert item.text == "Better words"


def test_one_cause_is_changed_removed_and_brought_back(ada, incident):
    cause = make_cause(incident)
    data = {"version": 1, "title": "Better words", "role": "trigger", "category": "code"}
    assert ada.post(page(RootCause, "change", cause.pk), data).status_code == 302
    for action, removed in (("remove", True), ("bring_back", False)):
        ada.post(page(RootCause), {"action": action, "_selected_action": [cause.pk]})
        cause.refresh_from_db()
        assert (cause.removed_at is not None) is removed
    assert (cause.title, cause.role) == ("Better words", "trigger")


def test_a_template_is_added_and_changed(ada):
    data = {"name": "Ours", "sections": "other | Our part | Say it", "is_active": "on"}
    assert ada.post(page(Template, "add"), data).status_code == 302
    template = Template.objects.get(name="Ours")
    assert ada.post(page(Template, "change", template.pk), {**data, "version": 1, "name": "Yours"}).status_code == 302
    assert ada.post(page(Template, "add"), {**data, "sections": "x"}).status_code == 422
    template.refresh_from_db()
    assert template.name == "Yours"


def test_what_was_published_is_only_looked_at(ada):
    postmortem = make_published()
    for record in (postmortem, Revision.objects.get(), Review.objects.get()):
        assert ada.post(page(type(record), "change", record.pk), {"title": "x"}).status_code == 403
        assert ada.get(page(type(record), "add")).status_code == 403
