"""INC-3 and A-7 in what is published lead there for our own people, and nowhere for the public."""

import pytest
from django.test import Client

from incidents import markup
from incidents.enums import Role
from tests.factories import make_action_item, make_incident, make_postmortem, make_published
from tests.incident_pages import client_of
from tests.postmortems.pages import read


def linked(text):
    return markup.render(text, links_references=True)


@pytest.mark.parametrize(
    ("name", "address"),
    [("INC-3", "/incidents/INC-3/"), ("DRILL-1", "/incidents/DRILL-1/"), ("A-7", "/actions/A-7/")],
)
def test_what_things_are_called_is_a_link(name, address):
    assert linked(f"See {name}, then ({name}).") == (
        f'<p>See <a href="{address}">{name}</a>, then (<a href="{address}">{name}</a>).</p>'
    )
    assert linked(f"**{name}**") == f'<p><strong><a href="{address}">{name}</a></strong></p>'
    assert name in markup.render(f"See {name}.")
    assert "<a" not in markup.render(f"See {name}.")


@pytest.mark.parametrize("text", ["`INC-3`", "XINC-3", "INC-03", "INC-3-4", "INC-1234567890", "a-7", "/A-7", "UTC-3"])
def test_what_only_looks_like_it_is_none(text):
    assert "<a" not in linked(text)


def test_a_link_that_somebody_wrote_stays_theirs():
    assert linked("[INC-3](https://example.org/A-7)").count("<a") == 1
    assert 'href="https://example.org/A-7"' in linked("https://example.org/A-7 and INC-3")


def test_very_many_of_them_are_refused_in_time():
    with pytest.raises(markup.InvalidInput):
        linked("INC-3 " * 30_000)
    assert linked("INC-3 " * 300).count("<a") == 300


@pytest.mark.django_db
def test_the_public_is_led_to_nothing_of_ours():
    incident, hidden = make_incident(), make_incident(title="Secret merger", is_private=True)
    item = make_action_item(hidden, text="Secret work")
    text = f"As in {incident.reference} and {hidden.reference}; see {item.reference}."
    postmortem = make_published(text=text, public=True)
    ours, public = read(client_of(Role.READER), postmortem), read(Client(), postmortem)
    for name, address in (
        (incident.reference, "incidents"),
        (hidden.reference, "incidents"),
        (item.reference, "actions"),
    ):
        assert f'<a href="/{address}/{name}/">{name}</a>' in ours
        assert name in public
        assert f"/{address}/{name}/" not in public
    assert "Secret" not in ours + public
    assert client_of(Role.READER).get(f"/incidents/{hidden.reference}/").status_code == 404
    assert client_of(Role.READER).get(f"/actions/{item.reference}/").status_code == 404


@pytest.mark.django_db
def test_what_could_not_be_published_with_its_links_is_refused_when_it_is_saved():
    with pytest.raises(markup.InvalidInput):
        make_postmortem(text="INC-3 " * 30_000)
