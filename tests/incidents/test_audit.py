"""What the audit keeps: who, when, what, from, to; short values, never long text; and its page on an incident."""

import datetime as dt

import pytest
from django.utils import timezone

from incidents import audit, registry
from incidents.enums import Role, Severity
from incidents.models import AuditEntry, TimelineEvent
from incidents.paging import PAGE_SIZE
from incidents.permissions import Actor
from tests.factories import make_incident, make_service, make_user
from tests.incident_pages import client_of, declare, recorded, text_of, url, write

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 1, 6, 1, 30, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _no_guards(monkeypatch):
    """What other applications object to closing is theirs to test."""
    monkeypatch.setattr(registry, "_guards", [])


def record(target, user=None, **more):
    return audit.record(actor=Actor.person(user or make_user()), action="thing.done", target=target, at=NOW, **more)


def test_an_entry_says_who_when_what_on_which_incident():
    user, incident = make_user("Ada"), make_incident()
    entry = record(incident, user, changes={"severity": (Severity.SEV2, Severity.SEV1)}, note="why")
    entry.refresh_from_db()
    assert (entry.actor, entry.actor_label, entry.at, entry.action) == (user, "Ada", NOW, "thing.done")
    assert (entry.object_type, entry.object_id, entry.object_label) == ("incident", str(incident.pk), "INC-1")
    assert (entry.incident, entry.changes, entry.note) == (incident, {"severity": ["sev2", "sev1"]}, "why")


def test_values_are_short_and_readable():
    entry = record(
        make_incident(),
        changes={
            "at": (None, NOW.astimezone(dt.timezone(dt.timedelta(hours=2)))),
            "flag": (True, False),
            "number": (1, 2),
            "names": (["a", "b"], ()),
            "long": ("x" * 200, "y" * 201),
            "service": (None, make_service("Storefront")),
        },
        note="n" * 900,
    )
    entry.refresh_from_db()
    assert entry.changes == {
        "at": [None, "2026-01-06T01:30:00+00:00"],
        "flag": [True, False],
        "number": [1, 2],
        "names": ["a, b", ""],
        "long": ["x" * 200, "…"],
        "service": [None, "Storefront"],
    }
    assert len(entry.note) == 500


def test_text_on_an_incident_is_named_and_not_copied():
    client, incident = client_of(), make_incident(title="secret title")
    (event,) = write(client, incident, "password=hunter2")
    body = {"version": 1, "time": "-1m", "kind": "note", "text": "password=hunter3"}
    client.post(url(incident, "entry-edit", event.pk), body)
    said = str(list(AuditEntry.objects.values()))
    assert "hunter" not in said
    assert "secret title" not in said
    assert record(event).object_label == f"timeline event {event.pk}"


def test_a_machine_stands_with_its_name():
    entry = audit.record(
        actor=Actor.machine("m" * 300, Role.ADMIN), action="x", target=make_service("Web"), at=timezone.now()
    )
    entry.refresh_from_db()
    assert (entry.actor, entry.actor_label, entry.incident, entry.object_label) == (None, "m" * 150, None, "Web")


def test_difference_is_what_would_change():
    incident = make_incident()
    assert audit.difference(incident, {"title": "New", "severity": "sev2", "team": None}) == {
        "title": ("Blank front page", "New")
    }


def test_every_door_leaves_exactly_one_entry_with_the_moment_it_was_done():
    """All that one person can do on an incident, one after another; what makes two, does so on two incidents."""
    editor, before = client_of(Role.EDITOR), timezone.now()
    with recorded() as entries:
        incident = declare(editor, client_id="")
    assert [entry.action for entry in entries] == ["incident.declared"]
    (event,) = write(editor, incident, "seen")
    doors = {
        "incident-severity": {"severity": "sev1"},
        "incident-follow": {"following": "1"},
        "incident-acknowledge": {},
        "incident-identify": {},
        "incident-monitor": {},
        "impact-new": {"audience": "staff", "what": "x", "scope_unit": "percent", "scope_basis": "measured"},
        "milestones": {"version": 5, "detected": "-5m"},
        "role-take": {"role": "scribe"},
        "incident-resolve": {"at": ""},
        "incident-close": {},
        "incident-reopen": {"reason": "again"},
        "incident-cancel": {"reason": "false_alarm"},
    }
    for name, body in doors.items():
        with recorded() as entries:
            assert editor.post(url(incident, name), body).status_code == 302, name
        assert len(entries) == 1, name
        assert entries[0].actor == editor.user
        assert entries[0].incident == incident
        assert before <= entries[0].at <= timezone.now()
        assert entries[0].changes, name
    for name, body in {"entry-star": {"starred": "1"}, "entry-strike": {}, "entry-restore": {}}.items():
        with recorded() as entries:
            editor.post(url(incident, name, event.pk), body)
        assert [entry.object_id for entry in entries] == [str(event.pk)]
        assert len(entries[0].changes) == 1


def test_what_is_refused_leaves_no_entry():
    reader, incident = client_of(Role.READER), make_incident()
    with recorded() as entries:
        for name in ("incident-severity", "incident-identify", "milestones", "role-take", "make-private"):
            reader.post(url(incident, name), {"severity": "sev1", "role": "scribe"})
    assert entries == []


def test_the_page_is_for_responders_newest_first_page_by_page():
    incident = make_incident()
    for number in range(PAGE_SIZE * 2 + 2):
        record(incident, changes={"n": (number, number + 1)})
    record(make_incident(), note="of another incident")
    assert client_of(Role.READER).get(url(incident, "incident-audit")).status_code == 403
    client, seen, address = client_of(), [], url(incident, "incident-audit") + "?zone=utc"
    for _ in range(3):
        page = client.get(address)
        seen += [entry.changes["n"][0] for entry in page.context["entries"]]
        address = page.context["older_url"]
        assert "zone=utc" in address or len(page.context["entries"]) == 2
    assert seen == list(range(PAGE_SIZE * 2 + 1, -1, -1))
    assert address == ""
    newest = client.get(url(incident, "incident-audit")).context["entries"]
    for wrong in ("x", "-1", "9" * 30, "٣", "0x1"):
        assert client.get(url(incident, "incident-audit"), {"after": wrong}).context["entries"] == newest


def test_the_page_shows_from_and_to_and_takes_no_marks_for_html():
    incident = make_incident()
    record(incident, changes={"title": ("<b>old</b>", "new")})
    response = client_of().get(url(incident, "incident-audit"))
    assert "thing.done" in text_of(response)
    assert b"&lt;b&gt;old&lt;/b&gt;" in response.content
    assert not TimelineEvent.objects.exists()
