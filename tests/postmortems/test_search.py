"""Searching: the same words find the same incidents on either engine, in the same order, and only what one may see."""

import datetime as dt

import pytest

from incidents.domain import privacy
from incidents.enums import ChangeVerdict, IncidentKind, Role, Severity, Status
from incidents.models import Impact, IncidentChange, Tag, TimelineEvent
from incidents.permissions import Actor
from postmortems import search
from postmortems.enums import CauseCategory
from postmortems.models import ActionItem, Postmortem, RepeatMark
from postmortems.search import index
from postmortems.search.results import Results
from tests.factories import (
    make_action_item,
    make_cause,
    make_change,
    make_incident,
    make_postmortem,
    make_service,
    make_user,
)

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def at(days):
    return NOW - dt.timedelta(days=days)


def entry(incident, text, **fields):
    moment = incident.sort_at
    values = {"occurred_at": moment, "sort_at": moment, "html": "", "text": text}
    return TimelineEvent.objects.create(incident=incident, **(values | fields))


def found(typed, user, **more) -> Results:
    return search.search(typed, user=user, zone=dt.UTC, now=NOW, **more)


def numbers(typed, user, **more):
    return [
        row.incident.number if row.incident else plain(row.title).replace("[", "").replace("]", "")
        for row in found(typed, user, **more).rows
    ]


def plain(fragments):
    return "".join(f"[{fragment.text}]" if fragment.is_hit else fragment.text for fragment in fragments)


@pytest.fixture
def reader():
    return make_user(role=Role.READER)


@pytest.fixture
def responder():
    return make_user(role=Role.RESPONDER)


@pytest.fixture
def corpus():
    """Some incidents with all that can be found on one, written past the domain and then indexed."""
    checkout, images = make_service("Checkout", slug="checkout"), make_service("Images", slug="images")
    one = make_incident(title="Checkout rejects cards", severity=Severity.SEV1, services=[checkout], sort_at=at(40))
    entry(one, "Connection refused by `db-03.example.com`: ERR_CONN_RESET", is_starred=True)
    entry(one, "Rolled back the **banner**")
    entry(one, "Coffee with the secretword", struck_at=at(1))
    make_cause(one, title="Certificate had expired", category=CauseCategory.CERTIFICATE, whys=["Nobody renews it"])
    make_action_item(one, text="Renew certificates by a robot", details="Ansible playbook")
    two = make_incident(title="Pictures are slow", severity=Severity.SEV3, services=[images], sort_at=at(30))
    entry(two, "The cache was cold after the rollback; refused twice")
    Impact.objects.create(incident=two, what="see photographs")
    two.tags.add(Tag.objects.create(name="capacity"))
    change = make_change(text="Raise the cache limit", intended_effect="fewer misses")
    IncidentChange.objects.create(incident=two, change=change, verdict=ChangeVerdict.LIKELY)
    make_change(text="Rotate the signing keys", intended_effect="none")
    three = make_incident(
        title="Banner shows Zoë’s name", kind=IncidentKind.NEAR_MISS, status=Status.RESOLVED, sort_at=at(20)
    )
    entry(three, "サーバ障害 noticed")
    four = make_incident(title="Certificates nearly expire", status=Status.CLOSED, sort_at=at(10))
    make_postmortem(four, text="The robot had stopped. Nobody looked at its draftword.")
    search.reindex()


CASES = {
    "banner": [3, 1],
    "Rolling back": [1],
    '"rolled back"': [1],
    '"back rolled"': [],
    "refused": [1, 2],
    "refused -cold": [1],
    "refused -pictures": [1],
    "db-03.example.com": [1],
    "ERR_CONN_RESET": [1],
    "certificate": [4, 1],
    "certif*": [4, 1],
    "cach*": [2],
    "cached": [2],
    "zoe": [3],
    "ZOË": [3],
    "障害": [3],
    "害障": [],
    "photographs": [2],
    "capacity": [2],
    "ansible": [1],
    "nobody renews": [1],
    "rotate": ["Rotate the signing keys"],
    "fewer misses": [2],
    # One word in the title, the other in the timeline.
    "pictures cold": [2],
    "pictures banner": [],
    "secretword": [],
    "zzzz": [],
    "sev:1": [1],
    "sev:1,3": [2, 1],
    "-sev:1 certificate": [4],
    "service:checkout banner": [1],
    "service:images": [2],
    "cause:certificate": [1],
    "tag:Capacity": [2],
    "kind:near-miss": [3],
    "status:closed": [4],
    "is:open banner": [1],
    "before:2026-01-25 after:2026-01-01": [1],
    "on:2026-01": [2, 1],
    "on:2026-02-19": [4],
    "in:timeline banner": [1],
    "in:causes certificate": [1],
    "in:actions renew": [1],
    "in:changes cache": [2],
    "in:incident certificate": [4],
    "-in:timeline banner": [3],
}


@pytest.mark.parametrize("typed", CASES)
def test_the_same_hits_on_either_engine(corpus, reader, typed):
    assert numbers(typed, reader) == CASES[typed]


def test_the_hit_is_marked_and_leads_to_where_it_is(corpus, reader):
    (row,) = found("refused -pictures", reader).rows
    assert plain(row.title) == "Checkout rejects cards"
    assert plain(row.hits[0].text) == "Connection [refused] by db-03.example.com: ERR_CONN_RESET"
    assert row.hits[0].path.startswith("/incidents/INC-1/timeline/#e")
    first, _second = found("certificate", reader).rows
    assert plain(first.title) == "[Certificates] nearly expire"
    (row,) = found("in:actions renewing", reader).rows
    assert plain(row.hits[0].title) == "[Renew] certificates by a robot"
    assert row.hits[0].path == f"/actions/{ActionItem.objects.get().reference}/"


def test_long_texts_show_the_part_with_the_hits(corpus, reader):
    incident = make_incident(title="Long", sort_at=at(1))
    entry(incident, f"{'before ' * 500}needle and thread{' after' * 2500}")
    index.reindex([incident.pk])
    (row,) = found("needle thread", reader).rows
    said = plain(row.hits[0].text)
    assert "[needle] and [thread]" in said
    assert (said[:2], said[-2:]) == ("… ", " …")
    assert len(said) < 400


def test_every_part_of_a_long_text_is_found(corpus, reader):
    incident = make_incident(title="Long", sort_at=at(1))
    entry(incident, f"{'word ' * 3500}needle")
    index.reindex([incident.pk])
    assert numbers("needle", reader) == [5]


def test_titles_come_before_bodies_and_newer_before_older(reader):
    for number, title, text in [(1, "Queue", ""), (2, "Other", "queue"), (3, "Queue", ""), (4, "Other", "queue")]:
        incident = make_incident(title=title, sort_at=at(100 - number))
        if text:
            entry(incident, text)
    search.reindex()
    assert numbers("queue", reader) == [3, 1, 4, 2]


def test_pages_of_many(reader):
    for number in range(1, 24):
        make_incident(title="Queue", sort_at=at(100 - number))
    search.reindex()
    first, second = found("queue", reader), found("queue", reader, page=2)
    assert (first.found, first.next_page, second.next_page) == (23, 2, 0)
    assert [row.incident.number for row in [*first.rows, *second.rows]] == list(range(23, 0, -1))
    assert found("queue", reader, page=9).rows == second.rows


def test_numbers_lead_straight_there(corpus, reader):
    assert found("inc-2", reader).direct == ("INC-2", "Pictures are slow", "/incidents/INC-2/")
    item = ActionItem.objects.get()
    assert found(item.reference.lower(), reader).direct[2] == f"/actions/{item.reference}/"
    assert found("INC-99", reader).direct is None


@pytest.mark.parametrize(
    "typed",
    [
        "sev:9",
        "status:broken",
        "cause:people",
        "service:nothing",
        "before:yesterday",
        "on:2026-02-31",
        "in:here",
        "is:odd",
        "owner:Ada",
        "on:9999-12-31",
    ],
)
def test_what_a_filter_does_not_know_is_said(corpus, reader, typed):
    results = found(f"{typed} banner", reader)
    assert results.rows == []
    if typed != "on:9999-12-31":
        assert results.remarks


def test_own_action_items(corpus, responder):
    item = ActionItem.objects.get()
    assert numbers("owner:me", responder) == []
    ActionItem.objects.filter(pk=item.pk).update(owner=responder)
    assert numbers("owner:me", responder) == numbers("owner:me robot", responder) == [1]


def test_drafts_are_found_by_responders_only(corpus, reader, responder):
    postmortem = Postmortem.objects.get()
    is_published = postmortem.status == "published"
    assert not is_published
    assert numbers("draftword", responder) == [4]
    assert numbers("draftword", reader) == []


# Did you mean


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("bannr", "banner"),
        ("bnaner", "banner"),
        ("photogr", "photogr*"),
        ("refusde cards", "refused cards"),
        ("photogrphas", "photographs"),
        ("qqqqqq", ""),
    ],
)
def test_another_spelling_is_offered(corpus, reader, typed, meant):
    index.learn(NOW)
    assert found(typed, reader).suggestion == meant


# Privacy


def test_a_private_incident_is_found_by_its_members_alone(corpus, reader, responder):
    actor = Actor.person(make_user(role=Role.EDITOR))
    incident = make_incident(title="Salaries canaryword", sort_at=at(1))
    entry(incident, "canarysnippet")
    search.reindex()
    index.learn(NOW)
    assert numbers("canaryword", reader) == [5]
    privacy.make_private(actor=actor, incident=incident, members=[responder], now=NOW)
    for typed in ("canaryword", "canarysnippet", "canary*", "INC-5", "is:private", "salaries"):
        results = found(typed, reader)
        assert (results.rows, results.found, results.direct) == ([], 0, None), typed
    for typed in ("canarywrd", "canaryw", "salareis"):
        assert found(typed, reader).suggestion == "", typed
    assert numbers("canaryword", responder) == numbers("canarysnippet", responder) == [5]
    privacy.lift(actor=Actor.person(make_user(role=Role.ADMIN)), incident=incident, now=NOW)
    assert numbers("canaryword", reader) == [5]


def test_what_repeats_something_hidden_is_no_repeat(reader):
    hidden, known, again, marked = (make_incident(title="Queue", sort_at=at(50 - day)) for day in range(4))
    make_cause(again, same_as=make_cause(hidden))
    RepeatMark.objects.create(incident=marked, earlier=known, reason="The same queue")
    search.reindex()
    assert sorted(numbers("is:repeat", reader)) == [again.number, marked.number]
    assert sorted(numbers("queue -is:repeat", reader)) == [hidden.number, known.number]
    privacy.make_private(actor=Actor.person(make_user(role=Role.EDITOR)), incident=hidden, members=[], now=NOW)
    assert numbers("is:repeat", reader) == [marked.number]
    assert sorted(numbers("queue -is:repeat", reader)) == [known.number, again.number]


def test_private_ones_push_nothing_out(reader, monkeypatch):
    monkeypatch.setattr("postmortems.search.finding.CANDIDATES", 3)
    open_one = make_incident(title="Queue", sort_at=at(50))
    for number in range(2, 12):
        make_incident(title="Queue", is_private=True, sort_at=at(50 - number))
    search.reindex()
    assert numbers("queue", reader) == [open_one.number]
    assert found("queue", reader).found == 1


def test_an_admin_reads_nothing_private_before_saying_so(corpus):
    admin = make_user(role=Role.ADMIN)
    incident = make_incident(title="Salaries", is_private=True, sort_at=at(1))
    entry(incident, "canarysnippet")
    search.reindex()
    assert numbers("canarysnippet", admin) == []
    privacy.open_as_admin(actor=Actor.person(admin), incident=incident, now=NOW)
    assert numbers("canarysnippet", admin) == [5]


def test_a_private_change_stays_with_its_incident(reader, responder):
    incident = make_incident(title="Salaries", is_private=True, declared_by=responder)
    make_change(text="Canarychange", private_to=incident)
    search.reindex()
    assert numbers("canarychange", reader) == []
    assert numbers("canarychange", responder) == [1]


def test_who_made_a_change_is_in_no_index(reader, responder):
    make_change(text="Banner", made_by=make_user("Quentin Canary"), approved_by="Rosa Canary", made_by_label="")
    search.reindex()
    assert numbers("canary", responder) == numbers("quentin", responder) == []
    assert numbers("banner", responder) == ["Banner"]
