"""No script from user text (S1): every text of every record hostile, every page parsed as a browser would."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import models
from django.utils import timezone

from incidents import markup
from incidents.models import AuditEntry, Incident, OutboxMessage, TimelineEvent
from postmortems.models import Postmortem, Revision
from postmortems.publication import document, html
from tests.project.hostile import STRINGS, packed
from tests.project.markup_checks import dangers, elements, parse, parse_part
from tests.project.routes import ROWS, all_routes
from tests.project.surfaces import addresses
from tests.project.test_broken_fields import fields_of
from tests.project.test_routes import ask
from tests.project.world import World, build_world

pytestmark = pytest.mark.django_db

TEXT = (models.CharField, models.TextField, models.JSONField)
# Not people's text: keys, digests, what the program itself writes, and HTML that is made from the text beside it.
NOT_TYPED = {
    *("html", "html_internal", "html_public", "markdown", "document", "token_hash", "password", "slug", "reference"),
    *("session_key", "session_data", "message_id", "dedupe_key", "lease_owner", "key", "object_id", "object_type"),
    *("home_zone", "time_zone", "email", "channel", "kind", "series", "severities", "name_key", "digest"),
    # What the index of the search is made of: the tokenizer writes it, and PostgreSQL takes nothing else there.
    *("title_words", "body_words"),
}


@pytest.fixture
def world(db: None) -> World:
    return build_world()


def text_fields() -> Iterator[models.Field]:
    """Every field of every model of ours that can hold what somebody typed."""
    for model in apps.get_models():
        if model.__module__.startswith(("incidents.", "postmortems.")):
            for field in model._meta.concrete_fields:
                typed = isinstance(field, TEXT) and not field.choices and not field.primary_key
                if (
                    typed
                    and field.name not in NOT_TYPED
                    and not isinstance(field, models.SlugField | models.EmailField)
                ):
                    yield field


def poison(round_of_texts: int) -> int:
    """Write hostile text straight into every field of every row, past all forms; how many values that were."""
    written = 0
    for field in text_fields():
        for number, row in enumerate(field.model._default_manager.order_by("pk")):
            value = text_for(field, round_of_texts + number, row.pk)
            if value is not None and not isinstance(row, AuditEntry):
                field.model._default_manager.filter(pk=row.pk).update(**{field.name: value})
                written += 1
    make_anew()
    return written


def make_anew() -> None:
    """What is kept beside the texts, as saving and publishing would have made it of them."""
    for event in TimelineEvent.objects.all():
        event.html = str(markup.render(event.text, breaks=True))
        event.save(update_fields=["html"])
    for postmortem in Postmortem.objects.filter(published_revision__isnull=False):
        told = document.build(postmortem)
        Revision.objects.filter(postmortem=postmortem).update(
            document=told,
            html_internal=html.render(told, public=False),
            html_public=html.render(told, public=True),
        )


def text_for(field: models.Field, number: int, key: object) -> object:
    """What fits the field, unlike what other rows hold."""
    if isinstance(field, models.JSONField):
        return _hostile_like(field, number)
    length = getattr(field, "max_length", None) or 20_000
    texts = packed(length - 12)
    return f"{texts[number % len(texts)]} {key}"[:length]


def _hostile_like(field: models.Field, number: int) -> object:
    text = STRINGS[number % len(STRINGS)]
    if field.name == "whys":
        return [text, *STRINGS[:3]]
    if field.model is OutboxMessage:
        return {"title": text}
    return None


def look_for_dangers(world: World, actor: str) -> tuple[list[str], int, str]:
    found, swept, everything = [], 0, []
    for _name, url in addresses(world, word="<script>hit(0)</script>"):
        response = world.client(actor, raise_request_exception=False).get(url)
        assert response.status_code < 500, url
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            continue
        page = response.content.decode()
        # Control characters are among the texts; the forms would have taken them out.
        whole = "<html" in page
        root = parse(page, strict=False) if whole else parse_part(f"<div>{page}</div>", strict=False)
        found += [f"{url}: {danger}" for danger in dangers(root)]
        everything.append("".join("".join(element.itertext()) for tag, element in elements(root) if tag == "body"))
        swept += 1
    return found, swept, "\n".join(everything)


def test_there_are_enough_strings_and_fields() -> None:
    names = {f"{field.model.__name__}.{field.name}" for field in text_fields()}

    assert len(set(STRINGS)) >= 120
    assert len(names) >= 40
    assert {
        "Incident.title",
        "Incident.summary",
        "TimelineEvent.text",
        "User.name",
        "Service.name",
        "Tag.name",
    } <= names


@pytest.mark.parametrize("actor", ["admin", "incident_lead", "reader"])
@pytest.mark.parametrize("start", [0, 17])
def test_hostile_text_in_every_field_runs_nowhere(world: World, actor: str, start: int) -> None:
    assert poison(start) >= 150

    found, swept, shown = look_for_dangers(world, actor)

    assert not found, "\n".join(sorted(set(found)))
    assert swept >= 60
    # It was there to be seen, as text.
    assert shown.count("hit(") >= 500


def test_hostile_text_in_a_refused_form_runs_nowhere(world: World) -> None:
    """What comes back in a form with its errors; queries and previews with it."""
    found, swept = [], 0
    client = world.client("admin")

    for route in all_routes():
        row = ROWS[route.name]
        if row.status("POST", "open") in {403, 404, 405}:
            continue
        url = route.url(world)
        names = fields_of(client, url) if row.status("GET", "open") == 200 else {}
        names |= dict.fromkeys(row.post_body(world, "open"), "")
        for text in (*packed(900)[:3], STRINGS[36]):
            for extra in ({}, {"preview": "1"}) if route.name == "timeline" else ({},):
                body = {**dict.fromkeys(names, text), **extra}
                page = ask(world.client("admin"), "POST", url, body).content.decode()
                root = parse(page, strict=False)
                found += [f"{url}: {danger}" for danger in dangers(root)]
                swept += 1

    assert not found, "\n".join(sorted(set(found)))
    assert swept >= 150


def test_what_people_type_into_the_timeline_runs_nowhere(world: World) -> None:
    """Each string as an entry of its own, through the page, as the entry line takes it."""
    incident, client = world.incidents["open"], world.client("incident_lead")
    taken = 0
    for text in STRINGS:
        taken += client.post(f"{incident.get_absolute_url()}timeline/", {"text": f"-5m {text}"}).status_code == 302

    page = client.get(f"{incident.get_absolute_url()}timeline/").content.decode()

    assert dangers(parse(page, strict=False)) == []
    assert taken >= 150
    assert page.count("hit") >= 120


def test_a_hole_would_have_been_seen(world: World) -> None:
    """HTML that goes around the one door is found on the pages that show it."""
    world.incidents["open"].timeline.update(html="<p>x<img src=x onerror=hit(1)></p>")

    found, _swept, _shown = look_for_dangers(world, "reader")

    assert any("onerror" in danger for danger in found)
    assert Incident.objects.exists()
    assert timezone.now()
