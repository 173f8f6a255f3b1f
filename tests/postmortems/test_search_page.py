"""The page of the search: for every reader, with and without JavaScript, whatever is typed."""

import pytest

from incidents.enums import Role
from postmortems import search
from tests.factories import make_incident
from tests.incident_pages import client_of, text_of
from tests.project.hostile import STRINGS

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def client():
    return client_of(Role.READER)


def test_what_is_found_stands_on_the_page_with_the_hit_marked(client):
    make_incident(title="Blank <front> page")
    search.reindex()
    page = client.get("/search/", {"q": "front"}).content.decode()
    assert "Blank &lt;<mark>front</mark>&gt; page" in page
    assert 'value="front"' in page
    assert "1 found" in page


def test_the_header_of_every_page_leads_here(client):
    assert 'role="search" action="/search/"' in text_of(client.get("/incidents/"))


def test_while_somebody_types_the_list_alone_answers_and_takes_beginnings(client):
    make_incident(title="Certificate expired")
    search.reindex()
    answer = client.get("/search/", {"q": "certi"}, headers=HTMX)
    assert "<mark>Certificate</mark>" in text_of(answer)
    assert "<html" not in text_of(answer)
    assert "HX-Request" in answer["Vary"]
    assert "Certificate" not in text_of(client.get("/search/", {"q": "certi"}))


def test_an_empty_field_says_what_can_be_written_and_each_example_answers(client):
    page = client.get("/search/")
    assert "What can be written here" in text_of(page)
    for example, _meaning in page.context["examples"]:
        answer = client.get("/search/", {"q": example})
        assert answer.status_code == 200
        assert not [remark for remark in answer.context["results"].remarks if "There is no service" not in remark]


def test_nothing_found_says_what_to_do_next(client):
    assert "Nothing found" in text_of(client.get("/search/", {"q": "zzzz"}))


@pytest.mark.parametrize("page", ["", "0", "-1", "2", "99", "x", "9" * 400, "²"])
def test_pages_that_are_none_are_the_first_or_last(client, page):
    make_incident()
    search.reindex()
    assert "1 found" in text_of(client.get("/search/", {"q": "blank", "page": page}))


@pytest.mark.sweep
@pytest.mark.parametrize("form", ["{}", '"{}', "-{}", "{}*", "service:{}", 'tag:"{}"', "before:{}", "blank {}"])
def test_whatever_is_typed_is_answered(client, form):
    make_incident()
    search.reindex()
    more = [
        "\x00",
        "'",
        '"',
        "*" * 300,
        "(" * 400,
        "AND OR NOT NEAR(a b, 3)",
        "a" * 100_000,
        "\ud7ff\U0010ffff",
        "{x}",
        "%s %(a)s",
    ]
    strings = [*STRINGS, *more]
    for string in strings:
        answer = client.get("/search/", {"q": form.replace("{}", string)})
        # What holds a NUL is refused before any page sees it.
        assert answer.status_code == (400 if "\x00" in string else 200), string
    assert len(strings) > 100
