"""An action item begun at a cause knows which one it answers."""

import pytest

from incidents.enums import Role, Status
from postmortems.enums import ActionType, CauseRole
from postmortems.models import RootCause
from tests.factories import make_incident, make_user, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(client):
    sign_in(client, make_user(role=Role.RESPONDER))
    return make_incident(status=Status.RESOLVED)


@pytest.mark.parametrize(
    ("role", "type_"),
    [(CauseRole.DELAYED_DETECTION, ActionType.DETECTIVE), (CauseRole.ROOT_CAUSE, ActionType.CORRECTIVE)],
)
def test_the_form_chooses_the_cause_and_a_type_that_fits(client, incident, role, type_):
    cause = RootCause.objects.create(incident=incident, title="Nothing looks at pages", role=role)
    form = client.get(f"/incidents/{incident.reference}/actions/new/?cause={cause.pk}").context["form"]
    assert (form["cause"].value(), form["type"].value()) == (cause.pk, type_)


@pytest.mark.parametrize("cause", ["", "0", "-1", "x", "9" * 30, "١"])
def test_other_words_choose_nothing(client, incident, cause):
    RootCause.objects.create(incident=incident, title="Nothing looks at pages")
    response = client.get(f"/incidents/{incident.reference}/actions/new/", {"cause": cause})
    assert response.status_code == 200
    assert response.context["form"]["cause"].value() is None


def test_a_cause_of_another_incident_is_not_chosen(client, incident):
    other = RootCause.objects.create(incident=make_incident(), title="Elsewhere")
    form = client.get(f"/incidents/{incident.reference}/actions/new/?cause={other.pk}").context["form"]
    assert form["cause"].value() is None
