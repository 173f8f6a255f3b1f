"""Every page of every route, for each role: strict HTML that stands on its own; and every template's source."""

import re
from pathlib import Path

import html5lib
import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Engine
from django.template.loader import get_template
from django.test import RequestFactory

from tests.project.markup_checks import faults, parse, parse_part
from tests.project.routes import ROWS, all_routes, states_of
from tests.project.surfaces import addresses
from tests.project.test_routes import ask
from tests.project.world import World, build_world

TEMPLATES = sorted((settings.ROOT / "templates").rglob("*.html"))


@pytest.fixture
def world(db: None) -> World:
    return build_world()


def check(page: str, *, whole: bool, ours: bool = True) -> list[str]:
    """The faults of a page; of Django's admin only what could run."""
    try:
        root = parse(page) if whole else parse_part(page)
    except html5lib.html5parser.ParseError as error:
        if ours:
            return [f"not strict HTML: {error}"]
        root = parse(page, strict=False)
    found = faults(root, whole=whole)
    return found if ours else [fault for fault in found if fault.startswith(("inline", "on", "style"))]


@pytest.mark.parametrize("actor", ["anonymous", "no_role", "reader", "incident_lead", "admin"])
def test_every_page_is_well_made(world: World, actor: str) -> None:
    wrong, swept = [], 0

    for name, url in addresses(world, word="front"):
        response = world.client(actor).get(url)
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            continue
        page = response.content.decode()
        found = check(page, whole="<html" in page, ours=not name.startswith("admin:"))
        wrong += [f"{url}: {fault}" for fault in found]
        swept += 1

    assert not wrong, "\n".join(wrong)
    assert swept >= (25 if actor == "anonymous" else 70) or actor == "anonymous"


def test_every_refused_form_is_well_made(world: World) -> None:
    """A form that comes back says what is wrong, in strict HTML."""
    wrong, swept = [], 0

    for route in all_routes():
        row = ROWS[route.name]
        if row.post == 405 or route.name.startswith("admin:"):
            continue
        for state in states_of(route)[:2]:
            broken = dict.fromkeys(row.post_body(world, state), "\u0001 broken")
            response = ask(world.client("admin"), "POST", route.url(world, state), broken)
            if response.status_code not in {400, 409, 422}:
                continue
            page = response.content.decode()
            wrong += [f"{route.name}: {fault}" for fault in check(page, whole="<html" in page)]
            swept += 1

    assert not wrong, "\n".join(wrong)
    assert swept >= 25


def test_error_pages_are_well_made() -> None:
    request = RequestFactory().get("/somewhere/")
    request.user = AnonymousUser()
    for name, context in (
        ("400.html", {"request": request}),
        ("403.html", {"request": request}),
        ("404.html", {"request": request}),
        # These stand in for a page that could not be made: they get nothing to go by.
        ("403_csrf.html", {}),
        ("500.html", {}),
        ("503.html", {}),
    ):
        assert check(get_template(name).render(context), whole=True) == [], name


def test_no_template_goes_around_the_rules() -> None:
    """No inline style or script, no handler, nothing marked safe, nothing from elsewhere, no string without gettext."""
    forbidden = {
        r"\|\s*safe\b|\bautoescape off\b|\|\s*safeseq\b": "marked safe",
        r"<style\b|\sstyle\s*=": "inline style",
        r"<script(?![^>]*\bsrc=)(?![^>]*application/json)": "inline script",
        r"\son[a-z]+\s*=\s*[\"']": "handler",
        r"hx-on|javascript:": "handler",
        r"(?:src|href|action)=\"(?:https?:)?//": "from elsewhere",
    }
    wrong = [
        f"{template.relative_to(settings.ROOT)}: {meaning}"
        for template in TEMPLATES
        if "email" not in template.parts
        for pattern, meaning in forbidden.items()
        if re.search(pattern, template.read_text(), re.IGNORECASE)
    ]

    assert not wrong, "\n".join(wrong)
    assert len(TEMPLATES) >= 60


# What is no text of a page: translated blocks, comments, blocks that fill an attribute, tags, samples of code.
NOT_TEXT = re.compile(
    r"{%\s*blocktrans.*?{%\s*endblocktrans\w*\s*%}|{%\s*comment\b.*?{%\s*endcomment\s*%}"
    r"|{%\s*block (?:width|body_attributes|bodyclass|current)\s*%}.*?{%\s*endblock"
    r"|{#.*?#}|{%.*?%}|{{.*?}}|<!--.*?-->|&\w+;",
    re.DOTALL,
)
NOT_READ = re.compile(r"<(pre|code)\b.*?</\1>|<[^>]*>", re.DOTALL)
NAMES = {"nevertwice", "never", "twice", "csv", "markdown", "curl", "github", "actions", "gitlab"}


def test_words_in_templates_are_translatable() -> None:
    """Outside tags and variables a template holds no word of its own, names aside."""
    wrong = []
    for template in TEMPLATES:
        rest = NOT_READ.sub(" ", NOT_TEXT.sub(" ", template.read_text()))
        words = [word for word in re.findall(r"[A-Za-z]{3,}", rest) if word.lower() not in NAMES]
        if words:
            wrong.append(f"{template.relative_to(settings.ROOT)}: {' '.join(words[:6])}")

    assert not wrong, "\n".join(wrong)


def test_an_undefined_variable_fails(tmp_path: Path) -> None:
    """In templates of ours, where no default is named; Django's and those of libraries count on blanks."""
    engine = Engine(string_if_invalid=settings.TEMPLATES[0]["OPTIONS"]["string_if_invalid"])
    ours, theirs = str(settings.ROOT / "templates" / "probe.html"), str(tmp_path / "elsewhere.html")

    def render(source: str, name: str) -> str:
        template = engine.from_string(source)
        template.origin.name = name
        return template.render(Context({}))

    with pytest.raises(AssertionError, match=r"nothing\.like\.that"):
        render("{{ nothing.like.that }}", ours)
    assert render("{{ nothing.like.that|default:'–' }}", ours) == "–"
    assert render("{{ nothing.like.that }}", theirs) == ""
