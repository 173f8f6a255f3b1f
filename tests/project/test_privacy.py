"""A private incident leaks nowhere (S5): not its words, not its number, and no figure moves because of it."""

import datetime as dt
import re

import pytest
from django.utils import timezone

from incidents.domain import privacy, rollcall
from incidents.enums import Role
from incidents.models import Impact, Incident, IncidentMember, OutboxMessage, RollCallAnswer
from incidents.permissions import Actor
from incidents.querysets import IncidentQuerySet
from tests.factories import make_service, make_team, make_user
from tests.project.surfaces import Clock, addresses, look
from tests.project.world import OUTSIDERS, World, build_world, draft, furnish, learn, make_private, wait_to_leave

pytestmark = pytest.mark.django_db

# People look for the beginning, which a page may repeat to them; the end is what only the incident holds.
BEGINNING, END = "zebrafish", "quillwort"
CANARY = f"{BEGINNING}{END}"

# Besides those whom the world knows: near to the private incident, yet without a right to it.
NEIGHBOURS = ("deputy", "former_member", "lead_of_another_team", "member_of_another", "team_member", "reader_lead")
WHO_MAY_NOT = (*OUTSIDERS, *NEIGHBOURS)


@pytest.fixture
def world(db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    world = build_world()
    monkeypatch.setattr(timezone, "now", Clock(timezone.now()))
    return world


def hide_one(world: World) -> Incident:
    """A private incident with the canary in every text of it, and neighbours who may not know of it."""
    now = timezone.now()
    people = world.people
    owner = make_team(f"Owners {BEGINNING}", team_lead=people["team_lead"])
    service = make_service("Owned by them", slug="owned", team=owner)
    hidden = make_private(
        people,
        service,
        title=f"{CANARY} in the title",
        summary=f"{CANARY} in the summary",
        team=owner,
        cancel_note=f"{CANARY} in the note",
        home_zone="Pacific/Chatham",
        declared_by=people["incident_lead"],
        # That there is such a person is no secret, what they do here is.
        scribe=make_user("Somebody Else", Role.RESPONDER),
    )
    furnish(hidden, people, now, word=CANARY)
    learn(hidden, people, now, word=CANARY)
    wait_to_leave(hidden, people, now, word=CANARY)
    told = draft(hidden, people, now)
    told.sections.update(text=f"{CANARY} in a section")
    Impact.objects.create(incident=hidden, what=f"{CANARY} could not be used", scope=77)
    hidden.related.add(world.incidents["open"])
    Incident.objects.filter(pk=world.incidents["cancelled"].pk).update(duplicate_of=hidden)
    OutboxMessage.objects.create(
        dedupe_key=CANARY, kind="test", recipient=f"{CANARY}@example.org", payload={"title": CANARY}, incident=hidden
    )
    return hidden


def add_neighbours(world: World) -> None:
    """Before anything is hidden: people who will be close to it."""
    lead, reader_lead = make_user("Lead of another", Role.RESPONDER), make_user("Lead who reads", Role.READER)
    make_team("Another team", team_lead=lead)
    other_private = make_private(world.people, make_service("Elsewhere", slug="elsewhere"), title="Another one")
    for name, role in (("deputy", Role.RESPONDER), ("former_member", Role.READER), ("team_member", Role.RESPONDER)):
        world.people[name] = make_user(name, role)
    world.people |= {"lead_of_another_team": lead, "reader_lead": reader_lead}
    world.people["member_of_another"] = make_user("Member of another", Role.READER)
    IncidentMember.objects.create(incident=other_private, user=world.people["member_of_another"])


def place_neighbours(world: World, hidden: Incident) -> None:
    """Give each the place that comes closest to a right, and is none."""
    team, people = hidden.team, world.people
    assert team is not None
    team.deputy = people["deputy"]
    team.save()
    team.members.add(people["team_member"])
    # Leading the team of a service counts for responders only.
    read_only = make_team("Read only", team_lead=people["reader_lead"])
    hidden.services.add(make_service("Read only", slug="read-only", team=read_only))
    actor, now = Actor.person(people["incident_lead"]), timezone.now()
    privacy.add_member(actor=actor, incident=hidden, user=people["former_member"], now=now)
    privacy.remove_member(actor=actor, incident=hidden, user=people["former_member"], now=now)


def surfaces(world: World, hidden: Incident | None = None) -> list[str]:
    """All addresses, those of the hidden incident with them once there is one."""
    # Django's admin is closed to all of these people, which the sweep of routes shows. Of a resolved incident nothing
    # more is shown than of an open one, of a cancelled one what it duplicates.
    resolved, cancelled = world.incidents["resolved"].reference, world.incidents["cancelled"].reference
    found = [
        url
        for name, url in addresses(world, word=BEGINNING)
        if not name.startswith("admin:") and resolved not in url and (cancelled not in url or name == "incident")
    ]
    if hidden is not None:
        reference = world.incidents["private"].reference
        found += [url.replace(reference, hidden.reference) for url in found if reference in url]
        # The links that were sent to those who were asked about it.
        asked = RollCallAnswer.objects.filter(roll_call__incident=hidden)
        found += [rollcall.link_to(answer.key) for answer in asked]
    return found


def hits(world: World, urls: list[str], actors: tuple[str, ...], marks: tuple[str, ...]) -> list[str]:
    """The pages on which one of these people sees one of these marks."""
    pattern = re.compile("|".join(marks), re.IGNORECASE)
    return [
        f"{actor} at {url}"
        for actor in actors
        for url in urls
        if pattern.search(look(world.client(actor), url)) is not None
    ]


@pytest.mark.parametrize("group", [OUTSIDERS[:3], OUTSIDERS[3:], NEIGHBOURS[:3], NEIGHBOURS[3:]], ids=",".join)
def test_no_page_shows_a_word_of_a_private_incident_to_who_may_not_see_it(world: World, group: tuple[str, ...]) -> None:
    add_neighbours(world)
    hidden = hide_one(world)
    place_neighbours(world, hidden)
    urls = surfaces(world, hidden)
    # Its own address is in the request, not in what was given away.
    own = [url for url in urls if hidden.reference in url]
    elsewhere = [url for url in urls if hidden.reference not in url]

    assert hits(world, own, group, (END,)) == []
    assert hits(world, elsewhere, group, (END, rf"\b{hidden.reference}\b")) == []
    assert len(urls) * len(group) >= 200


def test_those_who_may_do_see_it(world: World) -> None:
    hidden = hide_one(world)
    urls = ["/", "/incidents/", hidden.get_absolute_url(), "/incidents/export.csv", f"/incidents/?q={BEGINNING}"]

    for actor in ("member", "team_lead", "incident_lead"):
        assert len(hits(world, urls, (actor,), (END,))) == len(urls), actor
    # An admin knows that it is there; what it says, only after having said to be looking.
    assert len(hits(world, urls, ("admin",), (f"{END} in the title",))) >= 4
    assert hits(world, [hidden.get_absolute_url()], ("admin",), (f"{END} in the summary", "We look at")) == []


@pytest.mark.parametrize("group", [("reader", "responder"), ("editor", "no_role", "anonymous", "deputy")], ids=",".join)
def test_no_page_changes_because_something_is_hidden(world: World, group: tuple[str, ...]) -> None:
    """Lists, counts, select lists and the order of services stay as they were; only a gap in the numbers may show."""
    add_neighbours(world)
    owner = make_team("Owners", team_lead=world.people["team_lead"])
    service = make_service("Owned", slug="owned", team=owner)
    urls = [*surfaces(world), "/services/owned/"]
    before = {(actor, url): look(world.client(actor), url) for actor in group for url in urls}

    hidden = make_private(world.people, service, title=CANARY, declared_by=world.people["incident_lead"])
    furnish(hidden, world.people, timezone.now(), word=CANARY)
    learn(hidden, world.people, timezone.now(), word=CANARY)
    wait_to_leave(hidden, world.people, timezone.now(), word=CANARY)

    moved = [key for key, shown in before.items() if look(world.client(key[0]), key[1]) != shown]
    assert moved == []
    assert len(before) >= 120


def test_the_sweep_sees_a_hole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the one definition of visibility broken, both ways of looking find it on many pages."""
    before = {
        url: look(world.client("reader"), url) for url in ("/", "/incidents/", "/services/", "/incidents/export.csv")
    }
    hidden = hide_one(world)
    monkeypatch.setattr(IncidentQuerySet, "visible_to", lambda rows, _user: rows.all())

    found = hits(world, surfaces(world, hidden), ("reader",), (END,))

    assert len(found) >= 15
    assert all(look(world.client("reader"), url) != shown for url, shown in before.items())


def test_no_tag_of_a_page_tells_that_something_is_hidden(world: World) -> None:
    """The ETag is made of what the page says to this reader, and of nothing else."""
    client = world.client("reader")
    client.get("/incidents/new/")
    before = client.get("/incidents/")["ETag"]

    make_private(world.people, world.service, title=CANARY)
    assert client.get("/incidents/")["ETag"] == before

    Incident.objects.filter(pk=world.incidents["open"].pk).update(title="Something else", title_key="something else")
    assert client.get("/incidents/")["ETag"] != before


def test_what_left_the_house_stays_with_those_who_may_know(world: World) -> None:
    """The delivery log and the audit, where everything comes together, are for admins alone."""
    hide_one(world)

    for actor in (*OUTSIDERS, "member", "team_lead", "incident_lead"):
        for url in ("/delivery/", "/audit/", "/admin/", "/admin/incidents/outboxmessage/"):
            response = world.client(actor).get(url)
            assert response.status_code in {302, 403}
            assert END not in response.content.decode()
    assert isinstance(timezone.now(), dt.datetime)
