"""Moments and durations as every page shows them."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone

from incidents.clock_text import parse_zone
from incidents.models import User
from incidents.templatetags.times import all_zones, duration
from incidents.zones import reader_zone

JOHANNESBURG = ZoneInfo("Africa/Johannesburg")
IMPACT = dt.datetime(2026, 1, 5, 23, 30, 20, tzinfo=dt.UTC)


def render(source: str, **context: object) -> str:
    return Template("{% load times %}" + source).render(Context(context))


def test_a_moment_shows_time_date_and_zone_and_keeps_utc_for_machines():
    html = render("{% moment at zone %}", at=IMPACT, zone=JOHANNESBURG)
    assert '<time datetime="2026-01-05T23:30:20Z"' in html
    assert "01:30 <small>6 Jan 2026, GMT+2</small></time>" in html


def test_a_moment_names_all_zones_once_on_hovering():
    zones = [JOHANNESBURG, parse_zone("GMT+2"), ZoneInfo("America/New_York")]
    expected = "01:30, 6 Jan 2026, GMT+2 · 18:30, 5 Jan 2026, GMT−5 · 23:30, 5 Jan 2026, UTC"
    assert all_zones(IMPACT, *zones) == expected
    assert f'title="{expected}"' in render("{% moment at zone other %}", at=IMPACT, zone=zones[0], other=zones[2])


def test_a_clock_shows_the_time_alone_and_the_rest_on_hovering():
    html = render("{% clock at zone %}", at=IMPACT, zone=JOHANNESBURG)
    assert html.endswith(">01:30</time>")
    assert "6 Jan 2026, GMT+2" in html


def test_a_day_is_the_day_of_the_zone():
    assert render("{% day at zone %}", at=IMPACT, zone=dt.UTC) == '<time datetime="2026-01-05">5 Jan 2026</time>'
    assert render("{% day at zone %}", at=IMPACT, zone=JOHANNESBURG) == '<time datetime="2026-01-06">6 Jan 2026</time>'


def test_summer_time_is_the_summer_time_of_that_moment():
    berlin = ZoneInfo("Europe/Berlin")
    july = dt.datetime(2026, 7, 5, 12, 0, tzinfo=dt.UTC)
    assert "14:00 <small>5 Jul 2026, GMT+2</small>" in render("{% moment at zone %}", at=july, zone=berlin)
    assert "00:30 <small>6 Jan 2026, GMT+1</small>" in render("{% moment at zone %}", at=IMPACT, zone=berlin)


@pytest.mark.parametrize("tag", ["moment", "clock", "day"])
def test_what_is_not_known_is_empty(tag):
    assert render("{% " + tag + " at zone %}", at=None, zone=dt.UTC) == ""


def test_a_zone_may_be_stored_text_and_nonsense_falls_back_to_the_active_one():
    assert ">01:30<" in render("{% clock at 'UTC+02:00' %}", at=IMPACT)
    assert ">01:30<" in render("{% clock at 'Africa/Johannesburg' %}", at=IMPACT)
    with timezone.override(JOHANNESBURG):
        assert ">01:30<" in render("{% clock at 'Atlantis/Capital' %}{% clock at %}", at=IMPACT)


def test_the_zone_beside_a_time_is_that_of_the_moment():
    berlin = ZoneInfo("Europe/Berlin")
    assert render("{% zone_at at zone %}", at=IMPACT, zone=berlin) == "GMT+1"
    assert render("{% zone_at at zone %}", at=IMPACT + dt.timedelta(days=180), zone=berlin) == "GMT+2"


def test_offsets_from_the_impact():
    later = IMPACT + dt.timedelta(minutes=5)
    assert render("{{ later|offset_from:start }}", later=later, start=IMPACT) == "T+05"
    assert render("{{ later|offset_from:start }}", later=later, start=None) == ""


def test_how_long_ago():
    now = timezone.now()
    assert render("{{ at|since }}", at=now - dt.timedelta(minutes=33)) == "33 min"
    assert render("{{ at|since }}", at=now + dt.timedelta(days=1)) == "under 1 min"
    assert render("{{ at|since }}", at=None) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.timedelta(minutes=33), "33 min"),
        (dt.timedelta(hours=2, minutes=5, seconds=59), "2 h 05 min"),
        (33 * 60, "33 min"),
        (90.5, "1 min"),
        (dt.timedelta(days=3, hours=4), "3 d 04 h"),
        (dt.timedelta(seconds=12), "under 1 min"),
        (None, ""),
        ("", ""),
    ],
)
def test_durations(value, text):
    assert duration(value) == text


def test_the_reader_sees_the_own_zone():
    assert reader_zone(User(name="ada", time_zone="Africa/Johannesburg")) == JOHANNESBURG


@pytest.mark.parametrize("name", ["", "Atlantis/Capital"])
def test_without_a_zone_of_the_own_it_is_that_of_the_installation(name, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    assert reader_zone(User(name="ada", time_zone=name)) == ZoneInfo("Europe/Berlin")


def test_an_anonymous_reader_sees_the_zone_of_the_installation(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    assert reader_zone(None) == ZoneInfo("Europe/Berlin")
