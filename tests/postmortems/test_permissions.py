"""Who may do what with lessons: every address by every role, on a visible and on a private incident."""

import pytest
from django.test import Client
from django.urls import reverse

from incidents.enums import Role, Status
from incidents.models import AuditEntry, IncidentMember
from incidents.permissions import RULES, Actor, offers
from postmortems.permissions import LessonPerm
from tests.factories import make_action_item, make_cause, make_incident, make_published, make_user
from tests.incident_pages import client_of

pytestmark = pytest.mark.django_db

ROLES = ("", "reader", "responder", "editor", "admin")
# What product.md says, written down a second time on purpose.
LEAST = {
    LessonPerm.WRITE: "responder",
    LessonPerm.CREATE_ACTION: "responder",
    LessonPerm.PROGRESS_ACTION: "responder",
    LessonPerm.VERIFY_ACTION: None,
    LessonPerm.WAIVE_VERIFICATION: "editor",
    LessonPerm.EDIT_MANY_ACTIONS: "admin",
    LessonPerm.VIEW_TEAM_FIGURES: "admin",
    LessonPerm.APPROVE: "editor",
    LessonPerm.PUBLISH_PUBLIC: "editor",
    LessonPerm.EDIT_TEMPLATES: "admin",
    LessonPerm.COMMENT: "responder",
    # Only its author, whoever that is; and nobody wrote this one.
    LessonPerm.EDIT_COMMENT: None,
    LessonPerm.EDIT_CHECKLIST: "admin",
}
# name: (least role, body of a POST)
PAGES = {
    "cause-new": ("responder", {"title": "A cause", "role": "trigger", "category": "code"}),
    "cause-edit": ("responder", {"title": "A cause", "role": "trigger", "category": "code", "version": 1}),
    "cause-remove": ("responder", {}),
    "cause-restore": ("responder", {}),
    "defences": ("responder", {"review": "held"}),
    "action-new": ("responder", {"text": "Do it", "type": "process"}),
    "action-edit": ("responder", {"text": "Do it", "type": "process", "version": 1}),
    "action": ("responder", {"verb": "drop", "reason": "No"}),
    "postmortem-start": ("responder", {}),
    "postmortem-edit": ("responder", {"title": "New", "version": 1}),
    "section-save": ("responder", {"text": "New", "version": 1}),
    "section-waive": ("responder", {"text": "", "version": 1, "waived": "1"}),
    "wording-hint": ("responder", {"hint": "0" * 32, "place": "head"}),
    "postmortem-review": ("responder", {"verb": "nothing"}),
    "review-ask": ("responder", {}),
    "review-read": ("responder", {"seen_at": "2026-01-06T01:48:00Z"}),
    "comment-new": ("responder", {"text": "Why?"}),
    "postmortem-not-required": ("editor", {"reason": "x"}),
    "postmortem-retract": ("editor", {"reason": ""}),
    "postmortem-preview": ("editor", {"public": "0"}),
}


@pytest.mark.parametrize("perm", LessonPerm)
def test_the_table_of_rights(perm):
    item = make_action_item(make_incident(status=Status.RESOLVED))
    item.author_id = make_user().pk
    allowed = [role for role in ROLES if offers(Actor.person(make_user(role=role)), perm, item)]
    least = LEAST[perm]
    assert allowed == ([] if least is None else list(ROLES[ROLES.index(least) :]))
    assert perm in RULES


def furnished(**fields):
    incident = make_incident(status=Status.RESOLVED, **fields)
    postmortem = make_published(incident)
    cause, item = make_cause(incident), make_action_item(incident)

    def where(name):
        section = postmortem.sections.first()
        more = {"cause": [cause.pk], "section-save": [section.pk], "section-waive": [section.pk]}
        last = more.get(name) or (more["cause"] if name in ("cause-edit", "cause-remove", "cause-restore") else [])
        reference = item.reference if name in ("action", "action-edit") else incident.reference
        return reverse(name, args=[reference, *last])

    return incident, where


@pytest.mark.sweep
@pytest.mark.parametrize("name", PAGES)
def test_each_address_by_each_role(name):
    least, body = PAGES[name]
    _incident, where = furnished()
    visitor = Client().post(where(name), body)
    assert (visitor.status_code, visitor.url.split("?")[0]) == (302, reverse("sign-in"))
    before = AuditEntry.objects.count()
    for role in ROLES:
        status = client_of(role).post(where(name), body).status_code
        if ROLES.index(role) >= ROLES.index(least):
            assert status in (200, 302, 409, 422), role
        else:
            assert (status, AuditEntry.objects.count()) == (403, before), role


@pytest.mark.sweep
@pytest.mark.parametrize("name", PAGES)
def test_on_a_private_incident_each_address_is_hidden_from_strangers(name):
    incident, where = furnished(is_private=True)
    _least, body = PAGES[name]
    before = AuditEntry.objects.count()
    for method in ("get", "post"):
        strangers = [client_of(Role.RESPONDER), client_of(Role.EDITOR)]
        answers = {getattr(client, method)(where(name), body).status_code for client in strangers}
        assert answers <= ({404, 405} if method == "get" else {404}), method
        assert getattr(client_of(Role.ADMIN), method)(where(name), body).status_code in (403, 405)
    assert AuditEntry.objects.count() == before
    member = client_of(Role.EDITOR)
    IncidentMember.objects.create(incident=incident, user=member.user)
    assert member.post(where(name), body).status_code in (200, 302, 409, 422)
