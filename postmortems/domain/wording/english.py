"""What is looked for in English, and what to say instead.

A pattern is a regular expression over one sentence, case ignored. ``{people}`` stands for words that name somebody: a
role, a pronoun, or an account's name. “The pod failed to start” is about a pod, so most patterns ask who it was.
"""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Pattern(NamedTuple):
    """What is looked for, and the suggestion that goes with it; nothing where ``unless`` ends what stands before."""

    words: str
    suggestion: str | Promise
    unless: str = ""


# Words that name somebody who does the work; users and customers of a service are not among them, nor “they” and “it”.
PEOPLE = (
    r"(?:we|i|he|she|who|someone|somebody|people|humans?|person|staff|colleagues?|employees?|interns?|contractors?"
    r"|engineers?|developers?|devs?|programmers?|operators?|admins?|administrators?|sysadmins?|dbas?|sres?|managers?"
    r"|maintainers?|reviewers?|responders?|authors?|on-?calls?|leads?|teams?|teammates?|technicians?|consultants?)"
)
# What may stand between who it was and what they did: “the engineer on call then simply forgot”.
_WHERE = r"(?:\s+(?:on|of|in|from|at)\s+(?:the\s+|our\s+)?[\w-]+(?:\s+(?:team|shift|duty|call|side|department))?)?"
_THEN = (
    r"(?:,?\s+(?:who|had|has|have|then|also|just|again|simply|clearly|unfortunately|sadly|apparently|obviously"
    r"|completely|totally|probably|either|both|all|repeatedly|initially)){0,4}"
)
_WHO = r"(?<![\w□'’-]){people}" + _WHERE + _THEN + r"\s+"
_DONE = (
    r"(?:\w+(?:ed|own|ught|ept|elt|ade)|been|done|had|known|seen|gone|given|taken|told|set|put|run|read|let|left|got"
    r"|found|kept|sent|held|written|chosen|spoken|asked)"
)
_ONCE = r"(?:\s+(?:also|already|at least|first|immediately|better|more \w+|properly|never|probably|just))?"
_NOT = r"(?:n['’]t|\s+not|\s+never)?"
# Adverbs that make a judgement of what somebody did.
_WRONGLY = r"(?:wrongly|mistakenly|accidentally|inadvertently|erroneously|incorrectly|improperly|carelessly|foolishly)"
_MISDEED = (
    r"(?:broke(?!\s+(?:down|up|off|out|through|the\s+(?:dependency|loop|cycle|link|glass|tie|deadlock|connection)))\b"
    r"|misconfigured|mis-configured|mistyped|botched|bungled|fumbled|mishandled|messed\s+up|screwed\s+up"
    r"|overlooked|disregarded|caused\s+(?:the|this|an?)\s+(?:outage|incident|failure|problem|issue|mess)"
    r"|ignored|missed\s+(?:the|an?|this|that|it)\b|made\s+(?:a|an|the|this|that)\s+(?:\w+\s+)?(?:mistake|error|blunder))"
)

# What denies that it was so, or speaks of such errors in general and of nobody's.
_IN_GENERAL = (
    r"\b(?:not|no|never|nor|without|than|instead\s+of|any|every|all|some|possible|potential|future|less|more"
    r"|(?:prevent|avoid|reduc|eliminat|minimi[sz]|limit|catch|guard)\w*(?:\s+(?:for|against))?|risks?\s+of|chances?\s+of|prone\s+to"
    r"|(?:assum|suspect|rul|think|thought)\w*(?:\s+out)?|(?:could|might|may)\s+be|whether\s+it\s+was|room\s+for|against|types?\s+of|kinds?\s+of)(?:\s+(?:an?|the|this|to|due|simply|just|possible|potential))*\s*$"
)

# Sentences without any of these are not looked at twice.
STEMS = (
    r"have|fail|neglect|omit|bother|care|think|forg|error|mistake|sloppy|slopp|incompeten|reckless|irrespons|thoughtless"
    r"|inattent|attention|diligence|discipline|common|fault|blunder|oversight|negligen|blame|culprit|wrong|accident"
    r"|inadvert|incorrect|improper|foolish|broke|misconf|mis-conf|mistyp|botch|bungl|fumbl|mishandl|mess|screw|overlook"
    r"|disregard|caused|ignored|missed|competence"
)

HINDSIGHT = _("Hindsight. Say what could be seen at that moment, and what would show it next time.")
IN_THE_WAY = _("Say what was in the way: what was missing, hidden or hard to see for whoever had this role.")
MEMORY = _("Everybody forgets. Say what hung on memory, and what could remind or check instead.")
MADE_POSSIBLE = _("This is where the question begins. Say what made the slip possible, and what let it through.")
JUDGEMENT = _("This judges people. Say what the work asked of them: the time, the tools, what the screen showed.")
LET_THROUGH = _("Say which step, check or tool let it through, and the role in place of the person.")

PATTERNS: tuple[Pattern, ...] = (
    Pattern(_WHO + r"(?:should|ought\s+to)" + _NOT + r"\s+have" + _ONCE + rf"\s+{_DONE}\b", HINDSIGHT),
    Pattern(
        r"\bshould" + _NOT + r"\s+have\s+(?!(?:been\s+)?automatically)(?:(?:never|also|already|first)\s+)?been"
        r"(?:\s+\w+ly)?\s+\w+(?:ed|own|en|ught|one|ade|ept)\b",
        HINDSIGHT,
        r"\b(?:whether|(?:reflect|check|ask|discuss|look)\w*\s+if)\b.*$",
    ),
    Pattern(
        r"\bcould\s+have\s+(?:easily\s+)?been\s+(?:\w+ly\s+)?"
        r"(?:prevented|avoided|caught|detected|noticed|spotted|foreseen|tested)\b",
        HINDSIGHT,
    ),
    Pattern(_WHO + r"(?:failed|failing|neglected|neglecting|omitted)\s+to\b", IN_THE_WAY),
    Pattern(_WHO + r"(?:did\s+not|didn['’]t)\s+(?:bother|care|think)\s+to\b", IN_THE_WAY),
    Pattern(_WHO + r"(?:forgot|forgotten)\b(?!\s+(?:what|why|how|where|if|whether)\b)", MEMORY),
    Pattern(r"^[\s#+\d.)-]*(?:simply\s+)?forgot\s+(?:to|about|that)\b", MEMORY),
    Pattern(r"\b(?:was|were|been)\s+(?:simply\s+)?forgotten\b", MEMORY),
    Pattern(
        r"\b(?:human|operator|user|pilot|engineer)(?:\s+|-)(?:error|mistake|failure)\b"
        r"(?!s|\s*-|\s+(?:reports?|messages?|rates?|logs?|pages?|handling|counts?|codes?|states?|budgets?))",
        MADE_POSSIBLE,
        _IN_GENERAL,
    ),
    Pattern(
        r"\b(?:careless(?:ly|ness)?|negligen(?:t|ce|tly)|sloppy|sloppiness|incompeten(?:t|ce|tly)|reckless(?:ly|ness)?"
        r"|irresponsib(?:le|ly)|thoughtless(?:ly|ness)?|inattenti(?:on|ve)|(?:stupid|silly|rookie|dumb)\s+mistakes?"
        r"|lack\s+of\s+(?:attention|care|diligence|discipline|competence|common\s+sense))\b",
        JUDGEMENT,
    ),
    Pattern(
        r"\b(?:his|her|my|our|{people}['’]s?|{people}s['’])\s+(?:own\s+)?(?:fault|mistake|blunder|oversight|carelessness)\b",
        LET_THROUGH,
    ),
    Pattern(_WHO + r"(?:is|are|was|were)\s+(?:to\s+blame|at\s+fault|blamed|the\s+culprits?)\b", LET_THROUGH),
    Pattern(_WHO + rf"(?:{_WRONGLY}\s+\w+|\w+ed\s+{_WRONGLY}\b|{_MISDEED})", LET_THROUGH),
)
