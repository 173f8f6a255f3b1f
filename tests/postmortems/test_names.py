"""Roles in place of names: everywhere on the page, unless the switch says otherwise."""

import pytest
from django.utils import timezone

from incidents.enums import DetectedBy, Role, Status, TimelineKind
from incidents.models import Impact, TimelineEvent
from postmortems.publication.names import Roles
from tests.factories import make_action_item, make_cause, make_incident, make_published, make_team, make_user
from tests.incident_pages import client_of
from tests.postmortems.pages import address, read

pytestmark = pytest.mark.django_db

PEOPLE = {"Ada Okoro": "the incident lead", "Ben Lund": "a responder", "Ben Vos": "a colleague", "Cher": "the scribe"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Ada Okoro rolled back.", "The incident lead rolled back."),
        ("Then Ada asked @Ada Okoro's team.", "Then the incident lead asked the incident lead's team."),
        ("It was late. Ada slept", "It was late. The incident lead slept"),
        ("- Ada\n- **Ada** and Cher", "- The incident lead\n- **The incident lead** and the scribe"),
        ("Ben did it", "Ben did it"),
        ("Ben Lund and Ben Vos", "A responder and a colleague"),
        ("Adam, Cherry and ada@example.org", "Adam, Cherry and ada@example.org"),
        ("Ada@example.org", "Ada@example.org"),
        ("Acknowledged: Ada Okoro has it.", "Acknowledged: the incident lead has it."),
    ],
)
def test_names_become_roles(text, said):
    assert Roles(PEOPLE).in_place_of_names(text) == said


def test_marks_of_markdown_in_a_name_hide_nothing():
    people = {"Anne-Marie O_Neil": "the scribe"}
    assert Roles(people).in_place_of_names("Then Anne\\-Marie O\\_Neil has it") == "Then the scribe has it"


def test_nobody_named_nothing_changed():
    assert Roles({}).in_place_of_names("Ada") == "Ada"


def named_everywhere(**head):
    """A postmortem whose every text names somebody."""
    lead, owner, author = make_user("Ada Okoro"), make_user("Own Erson"), make_user("Aut Horson")
    reader, leader = make_user("Rea Derson", role=Role.READER), make_user("Tea Leadson")
    make_user("Out Sider")
    incident = make_incident(
        title="Ada Okoro broke it",
        status=Status.RESOLVED,
        incident_lead=lead,
        declared_by=reader,
        team=make_team(team_lead=leader),
    )
    now = timezone.now()
    for text in ("Ada Okoro looked", "Own Erson slept, Rea Derson called Tea Leadson", "Out Sider watched"):
        TimelineEvent.objects.create(
            incident=incident, text=text, author=author, occurred_at=now, sort_at=now, kind=TimelineKind.NOTE
        )
    Impact.objects.create(incident=incident, what="Ada Okoro saw nothing")
    cause = make_cause(incident, "Ada Okoro had no check", whys=["Ada did not ask"], explanation="Own Erson knew")
    make_action_item(incident, "Teach Aut Horson", owner=owner, due_on=now.date(), cause=cause)
    return make_published(incident, lede="Ada Okoro fell", text="Then *Ada Okoro* and Own Erson met.", **head)


NAMES = ("Ada", "Okoro", "Aut Horson", "Rea Derson", "Tea Leadson", "Out Sider")


def test_by_default_readers_see_roles():
    postmortem = named_everywhere()
    page = read(client_of(Role.READER), postmortem)
    # The live list of work is about who does what.
    article = page[: page.index('<div class="reading live">')]
    assert [name for name in NAMES if name in article] == []
    for words in (
        "The incident lead broke it",
        "A responder slept, a colleague called the team lead",
        "*</em>" not in page and "<em>the incident lead</em>",
    ):
        assert words in page
    assert postmortem.slug == "the-incident-lead-broke-it"
    library = client_of(Role.READER).get("/postmortems/").content.decode()
    assert [name for name in NAMES if name in library] == []
    assert "Own Erson" in page
    assert "Own Erson" not in article
    public = client_of(Role.EDITOR).get(address(postmortem, "as-public")).content.decode()
    assert [name for name in (*NAMES, "Own Erson") if name in public] == []
    assert "Teach a responder" in public


def test_the_switch_shows_names():
    page = read(client_of(Role.READER), named_everywhere(shows_names=True))
    assert [name for name in NAMES if name not in page] == []


@pytest.mark.parametrize("name", ["monitoring", "sev2", "UTC", "incident", "Customers", "note", "Europe Trip"])
def test_a_name_that_is_also_a_word_of_ours_breaks_nothing(name):
    incident = make_incident(
        status=Status.RESOLVED,
        declared_by=make_user(name),
        detected_by=DetectedBy.MONITORING,
        home_zone="Europe/Berlin",
    )
    document = make_published(incident).published_revision.document
    assert document["incident"]["detected_by"] == "monitoring"
    assert document["incident"]["home_zone"] == "Europe/Berlin"
