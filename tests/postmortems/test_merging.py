"""Two texts of one origin, put together: no word is lost, whatever they are."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortems.differences import words_of
from postmortems.merging import both, holds, merge

LINES = st.lists(st.sampled_from(["one", "two three", "- four", "", "five. Six"]), max_size=8)
TEXTS = LINES.map("\n".join)


def edited(base, marks):
    """Some words taken out, and new ones, each of its own, put in."""
    words = words_of(base)
    for place, mark, gone in marks:
        at = place % (len(words) + 1)
        words[at : at + gone] = [f" {mark} "]
    return "".join(words)


def marks(prefix):
    edits = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2)), max_size=4)
    return edits.map(lambda found: [(place, f"{prefix}{n}", gone) for n, (place, gone) in enumerate(found)])


def new_words(text, base):
    return Counter(text.split()) - Counter(base.split())


@given(TEXTS, marks("theirs"), marks("mine"))
def test_every_word_that_either_wrote_is_there(base, their_marks, my_marks):
    theirs, mine = edited(base, their_marks), edited(base, my_marks)
    merged = merge(base, theirs, mine).text
    for text in (theirs, mine):
        assert {word for word in new_words(text, base) if word.startswith(("theirs", "mine"))} <= set(merged.split())


@given(TEXTS, TEXTS)
def test_what_only_one_changed_is_taken_over(base, text):
    assert merge(base, text, base) == (text, 0)
    assert merge(base, base, text) == (text, 0)
    assert merge(base, text, text) == (text, 0)


@given(TEXTS, TEXTS)
def test_without_a_common_origin_both_are_there(theirs, mine):
    merged = both(theirs, mine).text
    assert set(theirs.split()) | set(mine.split()) <= set(merged.split())
    assert holds(merged, theirs)


@pytest.mark.parametrize(
    ("base", "theirs", "mine", "merged"),
    [
        (
            "The pool was full.",
            "The pool ran full.",
            "The pool was full. Nobody saw.",
            "The pool ran full. Nobody saw.",
        ),
        ("- a\n- b", "- a\n- b\n- c", "- a\n- b\n- d", "- a\n- b\n- c\n- d"),
        ("- a\n- b c", "- a\n- b c\n- new", "- a\n- b cd", "- a\n- b cd\n- new"),
        ("- a", "- a\n- new", "- a more", "- a more\n- new"),
        ("one two three", "one three", "one two three four", "one three four"),
        ("", "", "mine", "mine"),
        ("- a", "- a\n- new", "- a\n- new and more", "- a\n- new and more"),
        ("It was full.", "It ran full.", "It ran quite full.", "It ran quite full."),
    ],
)
def test_what_does_not_meet_is_no_conflict(base, theirs, mine, merged):
    assert merge(base, theirs, mine) == (merged, 0)


@pytest.mark.parametrize(
    ("base", "theirs", "mine", "merged"),
    [
        ("One word.", "One long word.", "One short word.", "One long short word."),
        ("a b c", "a x c", "a y c", "a x y c"),
        ("a b c", "a c", "a x c", "a x c"),
        ("", "theirs", "mine", "theirs mine"),
        ("- a", "- a\n- b\n- c", "- a\n- b\n- d", "- a\n- b\n- c\n- b\n- d"),
    ],
)
def test_where_both_changed_the_same_words_both_stand_and_it_is_said(base, theirs, mine, merged):
    assert merge(base, theirs, mine) == (merged, 1)


def test_a_text_holds_another_only_with_all_of_its_words_in_order():
    assert holds("one two three", "one three")
    assert not holds("one three", "one two three")
    assert not holds("three one", "one three")
