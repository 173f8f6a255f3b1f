"""Compare-and-set: of two writers who read the same version, one wins and the other learns of it."""

import pytest
from django.db import transaction
from django.utils import timezone

from incidents.domain.versions import check_version, compare_and_set
from incidents.errors import Stale
from incidents.models import Incident
from tests.factories import make_incident
from tests.incident_pages import at_once, stored

pytestmark = pytest.mark.django_db


def test_a_write_makes_the_next_version_and_the_object_knows():
    incident, now = make_incident(), timezone.now()
    compare_and_set(incident, at=now, title="New")
    assert (incident.title, incident.version, incident.updated_at) == ("New", 2, now)
    assert (stored(incident.reference).title, stored(incident.reference).version) == ("New", 2)


def test_who_read_an_older_version_is_refused_and_gets_the_present_one():
    incident = make_incident()
    older = Incident.objects.get(pk=incident.pk)
    compare_and_set(incident, at=timezone.now(), title="First")
    with pytest.raises(Stale) as stale:
        compare_and_set(older, at=timezone.now(), title="Second")
    assert (stale.value.http_status, stale.value.code) == (409, "stale")
    assert stale.value.current.title == "First"
    assert stored(incident.reference).title == "First"
    assert (older.title, older.version) == ("Blank front page", 1)


def test_a_version_that_was_not_given_is_not_checked():
    incident = make_incident()
    check_version(incident, None)
    check_version(incident, 1)
    with pytest.raises(Stale):
        check_version(incident, 2)


@pytest.mark.django_db(transaction=True)
def test_of_eight_at_once_one_wins_each_round():
    incident = make_incident()

    def press():
        mine = Incident.objects.get(pk=incident.pk)
        mine.version = 1
        try:
            with transaction.atomic():
                compare_and_set(mine, at=timezone.now(), title="Mine")
        except Stale:
            return 0
        return 1

    assert sum(at_once([press] * 8)) == 1
    assert stored(incident.reference).version == 2
