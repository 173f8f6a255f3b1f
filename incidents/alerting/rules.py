"""Which rule decides about an alert: the first whose lines all hold for its labels."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..errors import InvalidInput
from ..models import AlertRule
from .alert import IncomingAlert

LINE = re.compile(r"\s*([^=!~\s]+)\s*(=~|!=|=)\s*(.*?)\s*")
MOST_LINES = 20
LONGEST_PATTERN = 200
# What a pattern is tried on, so that a bad one cannot take long.
LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Matcher:
    """One line of a rule: a label, how it is compared, and with what."""

    label: str
    way: str
    value: str

    def holds(self, labels: dict[str, str]) -> bool:
        """Whether it holds for these labels; one that is absent is empty."""
        said = labels.get(self.label, "")[:LONGEST_VALUE]
        if self.way == "=~":
            return re.fullmatch(self.value, said) is not None
        return (said == self.value) is (self.way == "=")


def parse(text: str) -> list[Matcher]:
    """The lines of a rule. Raises `InvalidInput` that names the first line that is none."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LINES:
        raise _wrong(_("At most 20 lines."))
    return [_matcher(line) for line in lines]


def deciding(alert: IncomingAlert, rules: Iterable[AlertRule]) -> AlertRule | None:
    """The first of these rules that holds for the alert; nothing where none does."""
    labels = {"alertname": alert.name, **alert.labels}
    return next((rule for rule in rules if all(matcher.holds(labels) for matcher in parse(rule.matchers))), None)


def _matcher(line: str) -> Matcher:
    found = LINE.fullmatch(line)
    if found is None:
        raise _wrong(_("“%(line)s” is not of the form label=value.") % {"line": line.strip()[:100]})
    label, way, value = found.groups()
    value = value.strip('"')
    if way == "=~":
        _check_pattern(value)
    return Matcher(label, way, value)


def _check_pattern(pattern: str) -> None:
    """Patterns may not repeat what repeats: such a one takes for ever on some texts."""
    if len(pattern) > LONGEST_PATTERN:
        raise _wrong(_("A pattern has at most 200 characters."))
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise _wrong(_("“%(pattern)s” is no pattern: %(error)s.") % {"pattern": pattern, "error": error}) from error
    if re.search(r"[*+}][^()]*\)[*+{]", pattern) or len(re.findall(r"[*+}]", pattern)) > 4:
        raise _wrong(_("“%(pattern)s” repeats too much. Write several rules.") % {"pattern": pattern})


def _wrong(message: str) -> InvalidInput:
    return InvalidInput(message, code="matchers", fields={"matchers": message})
