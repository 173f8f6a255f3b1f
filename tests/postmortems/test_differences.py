"""What two texts have in common, word by word: nothing left out, nothing made up, whatever they are."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortems.differences import GONE, NEW, SAME, Piece, differences

WORDS = st.lists(st.sampled_from(["the ", "a", "pool", ". ", "\n", "\n\n", "- ", "é", " ", "don't "]), max_size=60)
TEXTS = st.one_of(WORDS.map("".join), st.text(max_size=80))


@given(TEXTS, TEXTS)
def test_the_pieces_are_both_texts(old, new):
    pieces = differences(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != NEW) == old
    assert "".join(piece.text for piece in pieces if piece.kind != GONE) == new
    assert all(piece.text for piece in pieces)
    assert all(one.kind != other.kind for one, other in itertools.pairwise(pieces))
    assert (differences(old, old) == [Piece(SAME, old)]) or not old


def test_single_words_differ_within_a_paragraph():
    old = "The pool was full.\n\nNobody saw it."
    new = "The pool ran full.\n\nNobody saw it for an hour."
    assert differences(old, new) == [
        Piece(SAME, "The pool"),
        Piece(GONE, " was"),
        Piece(NEW, " ran"),
        Piece(SAME, " full.\n\nNobody saw it"),
        Piece(NEW, " for an hour"),
        Piece(SAME, "."),
    ]


@pytest.mark.parametrize(
    ("old", "new", "kinds"), [("", "", []), ("", "a", [NEW]), ("a", "", [GONE]), ("a", "a", [SAME])]
)
def test_what_is_empty_is_no_piece(old, new, kinds):
    assert [piece.kind for piece in differences(old, new)] == kinds


def paragraphs(count, words=40, seed=0):
    dice = random.Random(seed)
    return [" ".join(f"word{dice.randrange(400)}" for _word in range(words)) + "." for _paragraph in range(count)]


def test_a_long_text_is_compared_word_by_word_where_it_was_edited_here_and_there():
    old = paragraphs(600)
    new = [text.replace(" word7 ", " other ") for text in old]
    pieces = differences("\n\n".join(old), "\n\n".join(new))
    assert {piece.text for piece in pieces if piece.kind == GONE} == {" word7"}
    assert {piece.text for piece in pieces if piece.kind == NEW} == {" other"}
