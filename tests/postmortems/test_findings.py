"""What the preview says is still inside a page for everybody."""

import pytest
from django.utils import timezone

from incidents.enums import Role, Status
from incidents.models import TimelineEvent
from tests.factories import make_action_item, make_incident, make_published, make_user
from tests.incident_pages import client_of, text_of
from tests.postmortems.pages import address

pytestmark = pytest.mark.django_db


def found(postmortem):
    response = client_of(Role.EDITOR).get(address(postmortem, "preview"))
    return {(str(finding.kind), finding.what) for finding in response.context["findings"]}


def test_names_addresses_hosts_and_images_are_listed_each_once():
    make_user("ada okoro")
    text = (
        "Ada Okoro wrote to ops@example.org twice, ops@example.org. See https://grafana.corp.internal/d/1, db7.lan, "
        "10.0.0.7 and [the run](https://ci.example.net/run).\n\n"
        "![graph](/incidents/INC-1/pictures/0b5f1c9e-6a5e-4a52-9d2f-6a8d2f6f3f11.png)"
    )
    assert found(make_published(text=text)) == {
        ("name", "ada okoro"),
        ("e-mail address", "ops@example.org"),
        ("host", "grafana.corp.internal"),
        ("host", "db7.lan"),
        ("host", "10.0.0.7"),
        ("host", "ci.example.net"),
        ("image", "/postmortems/INC-1/pictures/0b5f1c9e-6a5e-4a52-9d2f-6a8d2f6f3f11.png"),
    }


def test_action_items_are_looked_through_and_internal_parts_are_not():
    incident = make_incident(status=Status.RESOLVED)
    make_action_item(incident, "Move old.example.org", status="historical")
    now = timezone.now()
    TimelineEvent.objects.create(
        incident=incident, text="hidden.example.org", is_internal=True, occurred_at=now, sort_at=now
    )
    assert found(make_published(incident)) == {("host", "old.example.org")}


def test_nothing_found_is_said():
    postmortem = make_published(text="A clean story, e.g. this.")
    assert found(postmortem) == set()
    page = text_of(client_of(Role.EDITOR).get(address(postmortem, "preview")))
    assert "No account name, e-mail address, host or image was found." in page


def test_a_link_that_nobody_can_read_is_shown_whole():
    assert ("host", "https://u:[x]@h") in found(make_published(text="See [it](https://u:[x]@h) and [that](http://[v)"))
