"""The characters that keyboards, phones and chat tools put in place of plain ones."""

import re
import unicodedata

# One character for one, so that a position in the plain text is the same position in the text as typed.
_PLAIN = str.maketrans(
    {
        "\u00a0": " ",
        "\u2007": " ",
        "\u2008": " ",
        "\u2009": " ",
        "\u200a": " ",
        "\u202f": " ",
        "\u205f": " ",
        "\u3000": " ",
        "\u2000": " ",
        "\u2001": " ",
        "\u2002": " ",
        "\u2003": " ",
        "\u2004": " ",
        "\u2005": " ",
        "\u2006": " ",
        "\t": " ",
        "\uff1a": ":",
        "\u2236": ":",
        "\ua789": ":",
        "\ufe55": ":",
        "\uff0e": ".",
        "\uff0c": ",",
        "\uff0f": "/",
        "\uff1f": "?",
        "\uff08": "(",
        "\uff09": ")",
        "\uff3b": "[",
        "\uff3d": "]",
        "\uff5e": "~",
        "\u223c": "~",
        "\uff0b": "+",
        "\uff0d": "-",
        "\u2212": "-",
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "–",
        "—": "–",
        "\u2015": "–",
    }
)
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
# Control characters, lone surrogates, and the invisible ones that split words or turn the reading direction round.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)


def clean(text: str) -> str:
    """The text with ``\\n`` for every kind of line end, and without what a person can neither see nor have meant."""
    return _UNWANTED.sub("", _LINE_ENDS.sub("\n", text))


def plain(text: str) -> str:
    """The text, of the same length, with ASCII digits, spaces, colons and hyphens; every long dash becomes ``–``."""
    if text.isascii():
        return text.replace("\t", " ")
    return "".join(_plain_digit(character) for character in text.translate(_PLAIN))


def _plain_digit(character: str) -> str:
    return character if character.isascii() else str(unicodedata.decimal(character, character))
