"""Who may do what: the table of the product, asked for every role, and what the conditions add."""

import pytest

from incidents.enums import Role, TimelineKind, TokenScope
from incidents.errors import Forbidden
from incidents.models import Incident, IncidentMember, TimelineEvent
from incidents.permissions import RULES, Actor, Perm, can, incident_of, offers, require
from tests.factories import make_incident, make_service, make_team, make_token, make_user

pytestmark = pytest.mark.django_db

ROLES = ("", *Role.values)

# The least role of somebody who has no part in the incident, as the product says it.
LEAST = {
    Perm.VIEW_INCIDENTS: "reader",
    Perm.REPORT: "reader",
    Perm.ADD_REPORT_LINE: "reader",
    Perm.FOLLOW: "reader",
    Perm.EXPORT: "reader",
    Perm.EDIT_ENTRY: "responder",
    Perm.DECLARE: "responder",
    Perm.RESPOND: "responder",
    Perm.RECORD_CHANGE: "responder",
    Perm.CLOSE: "responder",
    Perm.VIEW_INCIDENT_AUDIT: "responder",
    Perm.IMPORT: "responder",
    Perm.MANAGE_ENTRY: "editor",
    Perm.CANCEL: "editor",
    Perm.MARK_PRIVATE: "editor",
    Perm.LIFT_PRIVATE: "admin",
    Perm.ADMINISTER: "admin",
    Perm.EDIT_PROFILE: "",
    Perm.OWN_TOKENS: "reader",
}
# What a token of each scope may do, as far as its owner may; of all else it takes a person.
BY_READ_TOKEN = {Perm.VIEW_INCIDENTS, Perm.EXPORT}
BY_WRITE_TOKEN = BY_READ_TOKEN | {
    *(Perm.REPORT, Perm.ADD_REPORT_LINE, Perm.FOLLOW, Perm.EDIT_ENTRY),
    *(Perm.DECLARE, Perm.RESPOND, Perm.RECORD_CHANGE, Perm.CLOSE),
}
ABOUT_ENTRIES = (Perm.EDIT_ENTRY, Perm.MANAGE_ENTRY)
# What needs no incident, and so no right to see one.
AT_LARGE = (Perm.EDIT_PROFILE, Perm.ADMINISTER, Perm.OWN_TOKENS)


def actor_of(role):
    return Actor.person(make_user(role=role))


def make_event(incident, author=None):
    return TimelineEvent.objects.create(
        incident=incident,
        author=author,
        text="x",
        html="<p>x</p>",
        time_text="?",
        sort_at=incident.sort_at,
        kind=TimelineKind.NOTE,
    )


def target_of(perm, incident):
    if perm in AT_LARGE:
        return None
    return make_event(incident) if perm in ABOUT_ENTRIES else incident


def test_every_permission_of_incidents_has_a_rule_and_a_row_here():
    assert set(Perm) <= set(RULES)
    assert set(LEAST) <= set(Perm)


@pytest.mark.parametrize("perm", LEAST, ids=lambda perm: perm.name)
def test_each_role_may_exactly_what_the_table_says(perm):
    target = target_of(perm, make_incident())
    may = {role: can(actor_of(role), perm, target) for role in ROLES}
    assert may == {role: ROLES.index(role) >= ROLES.index(LEAST[perm]) for role in ROLES}
    for role, allowed in may.items():
        if allowed:
            require(actor_of(role), perm, target)
        else:
            with pytest.raises(Forbidden) as refused:
                require(actor_of(role), perm, target)
            assert perm.value in refused.value.message


@pytest.mark.parametrize("perm", LEAST, ids=lambda perm: perm.name)
def test_a_token_may_what_its_scope_and_its_owner_may(perm):
    target = target_of(perm, make_incident())
    for role in ROLES:
        owner = make_user(role=role)
        owner_may = can(Actor.person(owner), perm, target)
        for scope, allowed in ((TokenScope.READ, BY_READ_TOKEN), (TokenScope.WRITE, BY_WRITE_TOKEN)):
            actor = Actor.token(make_token(owner, scope=scope))
            assert can(actor, perm, target) == (owner_may and perm in allowed), (role, scope)


def test_a_token_of_a_disabled_person_may_nothing():
    owner = make_user(role=Role.ADMIN)
    token = make_token(owner, scope=TokenScope.WRITE)
    assert can(Actor.token(token), Perm.RECORD_CHANGE)
    owner.is_active = False
    assert not can(Actor.token(token), Perm.RECORD_CHANGE)


@pytest.mark.parametrize("perm", [perm for perm in LEAST if perm not in AT_LARGE], ids=lambda perm: perm.name)
def test_on_a_private_incident_only_members_and_admins_may_anything(perm):
    incident = make_incident(is_private=True)
    target = target_of(perm, incident)
    for role in ROLES:
        outsider, member = make_user(role=role), make_user(role=role)
        IncidentMember.objects.create(incident=incident, user=member)
        least = ROLES.index(role) >= ROLES.index(LEAST[perm])
        assert can(Actor.person(outsider), perm, target) is (least and role == "admin"), role
        assert can(Actor.person(member), perm, target) is least, role


@pytest.mark.parametrize("perm", [Perm.CANCEL, Perm.MARK_PRIVATE, Perm.MANAGE_ENTRY])
def test_the_incident_lead_may_what_else_asks_for_an_editor(perm):
    lead, scribe = make_user(), make_user()
    incident = make_incident(incident_lead=lead, scribe=scribe)
    target = make_event(incident) if perm == Perm.MANAGE_ENTRY else incident
    assert can(Actor.person(lead), perm, target)
    assert not can(Actor.person(scribe), perm, target)


def test_the_author_may_edit_and_strike_the_own_entry():
    author, other = make_user(role=Role.READER), make_user(role=Role.READER)
    event = make_event(make_incident(), author)
    for perm in ABOUT_ENTRIES:
        assert can(Actor.person(author), perm, event)
        assert not can(Actor.person(other), perm, event)


def test_somebody_whose_account_was_closed_may_nothing():
    gone = make_user(role=Role.ADMIN, is_active=False)
    incident = make_incident(incident_lead=gone, declared_by=gone)
    for perm in set(LEAST) - {Perm.EDIT_PROFILE}:
        assert not can(Actor.person(gone), perm, target_of(perm, incident))
    assert not Incident.objects.visible_to(gone).exists()


def test_a_machine_has_a_name_and_a_role_and_is_never_an_author_or_lead():
    machine, incident = Actor.machine("monitoring", Role.RESPONDER), make_incident()
    assert (machine.label, machine.user) == ("monitoring", None)
    assert can(machine, Perm.DECLARE)
    assert not can(machine, Perm.CANCEL, incident)
    assert not can(machine, Perm.MANAGE_ENTRY, make_event(incident))
    assert not can(Actor.machine("nobody", ""), Perm.REPORT)


def test_what_is_offered_needs_no_query(django_assert_num_queries):
    actor, incident = actor_of(Role.RESPONDER), make_incident(is_private=True)
    with django_assert_num_queries(0):
        assert offers(actor, Perm.RESPOND, incident)
    with django_assert_num_queries(1):
        assert not can(actor, Perm.RESPOND, incident)


def test_visibility_has_one_definition():
    lead, reader, editor = make_user(), make_user(role=Role.READER), make_user(role=Role.EDITOR)
    service = make_service(team=make_team(team_lead=lead))
    public, private = make_incident(), make_incident(is_private=True, services=[service])
    for user, seen in ((lead, {public, private}), (reader, {public}), (editor, {public}), (make_user(role=""), set())):
        assert set(Incident.objects.visible_to(user)) == seen
        assert {one for one in (public, private) if Actor.person(user).sees(one)} == seen
    assert Incident.objects.visible_to(lead).filter(pk=private.pk).count() == 1
    assert incident_of(make_event(public)) == public
    assert incident_of(service) is None
