"""The tags that the frame of every page is made with."""

import re

import pytest
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.template import Context, Template
from django.test import RequestFactory

from incidents.templatetags.pages import toast_icon, undo_url


def draw(source: str, path: str = "/", **names: str) -> str:
    context = Context({"request": RequestFactory().get(path), **names})
    return Template("{% load icons pages %}" + source).render(context)


def test_icon_is_hidden_from_screen_readers_and_points_into_the_sprite():
    drawn = draw('{% icon "star" "icon-large" %}')
    assert re.search(r'class="icon icon-large" aria-hidden="true".*href="[^"]*icons\.svg#star"', drawn)


def test_icon_escapes_its_name():
    assert "<script" not in draw("{% icon name %}", name='"><script>')


def test_tab_of_the_page_that_is_shown_is_current():
    tab = '{% tab "/incidents/INC-1/" "Incident" 3 %}'
    assert 'aria-current="page"' in draw(tab, "/incidents/INC-1/")
    assert "aria-current" not in draw(tab, "/incidents/INC-1/audit/")
    assert '<span class="count">3</span>' in draw(tab)


def test_nav_item_of_a_page_that_does_not_exist_leaves_nothing():
    assert draw('{% nav_item "no-such-page" "Nowhere" %}').strip() == ""


@pytest.mark.parametrize(("path", "current"), [("/livez", "page"), ("/livez/more", "true"), ("/", "")])
def test_nav_item_marks_the_page_and_what_lies_below_it(path, current):
    drawn = draw('{% nav_item "livez" "Alive" %}', path)
    assert 'href="/livez"' in drawn
    assert (f'aria-current="{current}"' in drawn) == bool(current)


@pytest.mark.parametrize(
    ("tags", "url"),
    [
        ("undo:/incidents/INC-1/timeline/2/restore/", "/incidents/INC-1/timeline/2/restore/"),
        ("pinned undo:/x/", "/x/"),
        ("", ""),
        ("undo:https://elsewhere.example/", ""),
        ("undo://elsewhere.example/", ""),
    ],
)
def test_undo_leads_to_an_address_of_this_site_only(tags, url):
    assert undo_url(Message(constants.SUCCESS, "Struck out.", extra_tags=tags)) == url


@pytest.mark.parametrize(
    ("level", "icon"), [(constants.SUCCESS, "check-circle"), (constants.ERROR, "error"), (constants.INFO, "info")]
)
def test_levels_of_messages_have_their_icons(level, icon):
    assert toast_icon(Message(level, "text")) == icon
