"""Every pair of colours that stands on a page can be read by tired eyes: WCAG AA, in both schemes."""

import itertools
import re
from pathlib import Path

import pytest

STYLESHEET = Path(__file__).parents[2] / "static" / "css" / "nevertwice.css"
TEXT, GRAPHIC = 4.5, 3.0
SCHEMES = ("light", "dark")

GROUNDS = ("paper", "surface", "sunken")
SOFT = ("accent-soft", "ok-soft", "late-soft", "warn-soft")
STATES = ("sev1", "sev2", "sev3", "sev4", "ok", "late", "warn")
PHASES = ("ph-undetected", "ph-unacknowledged", "ph-asking", "ph-diagnosing", "ph-fixing", "ph-verifying")

TEXT_PAIRS = [
    *itertools.product(("ink", "ink-2", "ink-3", "accent", *STATES), GROUNDS),
    *itertools.product(("ink", "ink-2"), ("hover", *SOFT)),
    *itertools.product(("accent", "accent-strong", "late", "ink-3"), ("surface", "accent-soft")),
    ("accent", "warn-soft"),
    ("accent", "late-soft"),
    ("accent-strong", "hover"),
    ("accent-ink", "accent"),
    ("accent-ink", "accent-strong"),
    ("late-ink", "late"),
    ("late-ink", "sev1"),
    ("late", "late-soft"),
    ("ok", "ok-soft"),
    ("warn", "warn-soft"),
    ("sev3", "accent-soft"),
    ("ink", "mark"),
]
GRAPHIC_PAIRS = [*itertools.product(("edge", "accent", "ink-3", *PHASES), ("paper", "surface"))]


def tokens(scheme: str) -> dict[str, str]:
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", STYLESHEET.read_text())
    return {name: (light if scheme == "light" else dark) for name, light, dark in pairs}


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_known_pairs():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("pairs", "least"), [(TEXT_PAIRS, TEXT), (GRAPHIC_PAIRS, GRAPHIC)], ids=["text", "graphic"])
def test_pairs_in_use_are_readable(scheme, pairs, least):
    colours = tokens(scheme)
    ratios = {(front, ground): contrast(colours[front], colours[ground]) for front, ground in pairs}
    assert {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < least} == {}


def test_browsers_without_light_dark_get_the_light_scheme():
    fallback = STYLESHEET.read_text().split("@supports not", 1)[1].split("}", 1)[0]
    assert dict(re.findall(r"--([\w-]+): (#\w{6})", fallback)) == tokens("light")
