"""What counts as a word: the one tokenizer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortems.search.words import MAX_WORD_LENGTH, MAX_WORDS, fold, stem, stems, terms, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rolled back: the banner.", ["rol", "back", "the", "banner"]),
        ("ERR_CONN_RESET at 02:13", ["err", "con", "reset", "at", "02", "13"]),
        ("Zoë naïve “CAFÉ” Straße", ["zoe", "naiv", "cafe", "stras"]),
        ("e\u0301te\u0301", ["ete"]),
        ("ﬁne ½ 5xx", ["fine", "12", "5xx"]),
        ("сервер упал", ["сервер", "упал"]),
        ("サーバ障害 now", ["サ", "ー", "ハ", "障", "害", "now"]),
        ("don't a—b a\u200bb", ["don", "t", "a", "b", "a", "b"]),
        ("\x00 😀 ___ -- ``", []),
        ("", []),
    ],
)
def test_text_becomes_words(text, expected):
    assert stems(text) == expected


@pytest.mark.parametrize(
    "family",
    [
        "deploy deploys deployed deploying",
        "retry retries retried",
        "cache caches cached caching",
        "stop stops stopped stopping",
        "cancel cancels cancelled cancelling",
        "time times timed timing",
        "note notes noted",
        "log logs logged logging",
        "process processes processed",
        "database databases",
        "fix fixes fixed",
        "query queries",
    ],
)
def test_forms_of_one_word_have_one_stem(family):
    assert len({stem(word) for word in family.split()}) == 1


@pytest.mark.parametrize(("one", "other"), [("note", "not"), ("string", "str"), ("status", "statu"), ("speed", "spe")])
def test_different_words_stay_different(one, other):
    assert stem(one) != stem(other)


def test_only_english_letters_lose_endings():
    assert stems("таблицаs 12s sha256ing") == ["таблицаs", "12s", "sha256ing"]


def test_a_word_knows_where_it_stands():
    text = "The Café failed"
    assert [(text[word.start : word.end], word.folded, word.stem) for word in words(text)] == [
        ("The", "the", "the"),
        ("Café", "cafe", "cafe"),
        ("failed", "failed", "fail"),
    ]


def test_what_people_copy_whole_is_kept_beside_its_parts():
    found = terms("ERR_CONN_RESET on db-03.example.com, v2.3.1; a well-kept follow-up. Then nothing.More")
    assert {"err_conn_reset", "db-03.example.com", "v2.3.1"} < set(found)
    assert {"wel", "kept", "err", "db"} < set(found)
    assert not {"well-kept", "follow-up"} & set(found)


def test_case_and_accents_make_no_difference():
    assert fold("Zoë") == fold("ZOE") == "zoe"
    assert fold("STRASSE") == fold("straße")


@pytest.mark.parametrize(
    "text", ["a" * 300_000, "a-" * 200_000, "a." * 200_000, "e\u0301" * 200_000, "あ" * 300_000, "_-" * 200_000]
)
def test_huge_texts_are_read_without_going_back_and_cut(text):
    found = terms(text)
    assert len(found) <= MAX_WORDS
    assert all(len(term) <= MAX_WORD_LENGTH for term in found)


@given(st.text(max_size=200))
def test_words_are_letters_and_digits_whatever_comes(text):
    for word in words(text):
        assert word.stem.isalnum()
        assert word.folded == fold(text[word.start : word.end][:MAX_WORD_LENGTH])[:MAX_WORD_LENGTH]


@given(st.text(max_size=60))
def test_indexed_words_are_found_by_themselves(text):
    assert stems(" ".join(word.folded for word in words(text))) == stems(text)
