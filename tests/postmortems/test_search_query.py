"""What people type becomes what is looked for; nothing is an error."""

import pytest

from postmortems.search.query import MAX_QUERY_LENGTH, MAX_TERMS, Filter, Sequence, parse


def ways(typed, **more):
    return [[way.stems for way in term.ways] for term in parse(typed, **more).wanted]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("rolled back", [[("rol",)], [("back",)]]),
        ('"rolled back" now', [[("rol", "back")], [("now",)]]),
        ("db-03.example.com", [[("db", "03", "exampl", "com")]]),
        ('ab"cd ef', [[("ab",)], [("cd", "ef")]]),
        ("back back", [[("back",)]]),
        ("12:30 http://example.org", [[("12", "30")], [("http", "exampl", "org")]]),
        ("AND OR NOT", [[("and",)], [("or",)], [("not",)]]),
    ],
)
def test_words_and_phrases(typed, expected):
    assert ways(typed) == expected
    assert parse(typed).remarks == ()


def test_beginnings():
    (term,) = parse("cachi*").wanted
    assert term.ways[0] == Sequence(("cachi",), is_prefix=True)
    # What “caching” is indexed as, on the way to which somebody is.
    assert Sequence(("cach",)) in term.ways
    assert parse("cache", is_typing=True).wanted[0].ways[0].is_prefix
    assert not parse("cache ", is_typing=False).wanted[0].ways[0].is_prefix
    # Of one letter nearly everything begins so.
    assert ways("c*") == [[("c",)]]


def test_words_to_leave_out():
    query = parse('down -drill -"load test"')
    assert [term.typed for term in query.wanted] == ["down"]
    assert [term.ways[0].stems for term in query.unwanted] == [("dril",), ("load", "test")]
    assert parse("-drill").remarks
    assert parse("-drill").is_empty


def test_filters():
    query = parse('service:"card payments" sev:1,2 -tag:dns severity:3 down')
    assert query.filters == (
        Filter("service", ("card payments",)),
        Filter("sev", ("1", "2")),
        Filter("tag", ("dns",), is_excluded=True),
        Filter("sev", ("3",)),
    )
    assert [term.typed for term in query.wanted] == ["down"]


def test_an_unknown_filter_is_said_with_those_there_are_and_looked_for_as_words():
    query = parse("colour:red")
    assert [way.stems for way in query.wanted[0].ways] == [("colour", "red")]
    assert "colour:" in query.remarks[0]
    assert "service:" in query.remarks[0]
    assert "sev:" in parse("sev:").remarks[0]


@pytest.mark.parametrize(("typed", "reference"), [("inc-12", "INC-12"), ("A-7", "A-7"), ("DRILL-1", "DRILL-1")])
def test_numbers_are_known(typed, reference):
    assert parse(typed).reference == reference
    assert parse(f"{typed} more").reference == ""


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        '"',
        '""""',
        "-",
        "--",
        '-"',
        "*",
        "***",
        ":",
        "::",
        "\x00",
        "😀",
        "‮",
        "()",
        "'",
        "\\",
        "^",
        "~",
    ],
)
def test_what_says_nothing_is_empty(typed):
    assert parse(typed).wanted == ()


def test_huge_queries_are_cut_and_it_is_said():
    assert len(parse("word " * 100_000).typed) <= MAX_QUERY_LENGTH
    query = parse(" ".join(f"w{number}" for number in range(100)))
    assert len(query.wanted) == MAX_TERMS
    assert len(query.remarks) >= 1
    assert len(parse(f'"{"a " * 5000}"').wanted[0].ways[0].stems) == 20
