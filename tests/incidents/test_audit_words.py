"""The audit reads as words: every action and field that the code records, in the reader's zone."""

import datetime as dt
import re
from pathlib import Path

import pytest

from incidents import audit, audit_words
from incidents.domain.lifecycle import Verb
from incidents.enums import Role
from incidents.permissions import Actor
from postmortems.domain.action_items import ActionVerb
from postmortems.domain.lifecycle import PostmortemVerb
from tests.factories import make_incident, make_user
from tests.incident_pages import client_of, text_of, url

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
CAIRO = dt.timezone(dt.timedelta(hours=2))
NOON = dt.datetime(2026, 1, 6, 12, tzinfo=dt.UTC)
# Names of signatures and loggers, which look the same.
NO_ACTIONS = {"incidents.device", "incidents.sign_in"}


def test_every_action_that_the_code_records_has_words():
    written = set()
    for path in [*ROOT.glob("incidents/**/*.py"), *ROOT.glob("postmortems/**/*.py")]:
        if path.parent.name == "domain":
            written |= set(re.findall(r'"([a-z]+\.[a-z_]+)"', path.read_text()))
    written |= {f"incident.{verb}" for verb in Verb} | {f"action.{verb}" for verb in ActionVerb}
    written |= {f"postmortem.{verb}" for verb in PostmortemVerb}
    assert len(written) > 70
    assert {action for action in written - NO_ACTIONS if not audit_words.has_words(action)} == set()
    assert audit_words.deed("something.else") == "something.else"


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        ("severity", "sev3", "unknown", ("severity", "SEV3", "not yet known")),
        ("status", "investigating", "resolved", ("status", "Investigating", "Resolved")),
        ("detected_by", "", "users", ("who noticed", "–", "Users")),
        ("is_private", False, True, ("private", "no", "yes")),
        ("resolved_at", None, NOON, ("resolved", "–", "6 Jan 2026, 14:00 (GMT+2)")),
        ("impact_started", NOON, None, ("impact started", "6 Jan 2026, 14:00 (GMT+2)", "–")),
        ("near_miss_saved_by", "x" * 201, "luck", ("what saved us", "…", "luck")),
        ("struck", False, True, ("struck out", "no", "yes")),
        ("on_call", None, "absent", ("On-call", "–", "Absent")),
        ("nobody_knows", 0, 3, ("nobody knows", "0", "3")),
    ],
)
def test_fields_and_values_are_said_as_people_would(name, before, after, said):
    actor = Actor.person(make_user())
    entry = audit.record(
        actor=actor, action="incident.edited", target=make_incident(), at=NOON, changes={name: (before, after)}
    )
    entry.refresh_from_db()
    assert audit_words.changes(entry, CAIRO) == [said]


def test_the_page_of_an_incident_and_the_log_speak_in_words():
    incident, responder = make_incident(home_zone="UTC+02:00"), client_of()
    responder.post(url(incident, "incident-severity"), {"severity": "sev1"})
    page = text_of(responder.get(url(incident, "incident-audit")))
    assert "changed the severity" in page
    assert "SEV1" in page
    for code in ("incident.severity", "sev1<"):
        assert code not in page
    assert "changed the severity" in text_of(client_of(Role.ADMIN).get("/audit/"))
