"""Safety nets: only what was answered is stored and counted."""

import pytest

from incidents.enums import Role, Status
from postmortems.models import DefenceCheck
from tests.factories import make_incident
from tests.incident_pages import client_of, recorded, text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident():
    return make_incident(status=Status.RESOLVED)


def stored(incident):
    return {check.defence: check.result for check in incident.defences.all()}


def test_what_is_not_asked_is_not_counted(incident):
    client = client_of()
    assert client.get(url(incident, "defences")).status_code == 200
    with recorded() as audit:
        response = client.post(url(incident, "defences"), {"review": "failed", "sandbox": "absent", "alert": ""})
    assert response.status_code == 302
    assert stored(incident) == {"review": "failed", "sandbox": "absent"}
    (entry,) = audit
    assert entry.changes == {"review": [None, "failed"], "sandbox": [None, "absent"]}
    page = text_of(client.get(url(incident)))
    assert "Sandbox<small>Absent" in page
    assert "Backup" not in page


def test_answers_change_and_are_taken_back(incident):
    client = client_of()
    client.post(url(incident, "defences"), {"review": "failed", "sandbox": "absent"})
    with recorded() as audit:
        client.post(url(incident, "defences"), {"review": "held"})
        client.post(url(incident, "defences"), {"review": "held"})
    assert stored(incident) == {"review": "held"}
    assert [entry.changes for entry in audit] == [{"review": ["failed", "held"], "sandbox": ["absent", None]}]


def test_an_unknown_answer_is_refused(incident):
    response = client_of().post(url(incident, "defences"), {"review": "perhaps"})
    assert response.status_code == 422
    assert not DefenceCheck.objects.exists()


def test_a_reader_answers_nothing_and_sees_the_answers(incident):
    reader = client_of(Role.READER)
    assert reader.get(url(incident, "defences")).status_code == 403
    assert reader.post(url(incident, "defences"), {"review": "held"}).status_code == 403
    client_of().post(url(incident, "defences"), {"review": "held"})
    assert "Review<small>Held" in text_of(reader.get(url(incident)))


def test_in_the_panel_it_opens_and_closes_in_place(incident):
    client, htmx = client_of(), {"HX-Request": "true"}
    assert "<html" not in text_of(client.get(url(incident, "defences"), headers=htmx))
    response = client.post(url(incident, "defences"), {"backup": "held"}, headers=htmx)
    assert response["HX-Retarget"] == "#lessons"
    assert "Backup<small>Held" in text_of(response)
