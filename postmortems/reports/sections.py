"""The sections of the insights in the order in which they are read: repeats first, for they are what matters."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from incidents.domain.durations import DurationName, PhaseName
from incidents.enums import ChangeKind, Series, Severity, YesNoUnknown
from incidents.forms.incident_filters import INVALID, NEAR_MISS, RECORDED
from incidents.insights import MERGED, PHASES, Distribution, Share, Spent

from .. import insights
from ..enums import POSTMORTEM_DAYS, CauseCategory, Defence, DefenceResult, PublicationState, WorkState
from ..list_filters import ANSWERED, UNAPPROVED, UNTRIED
from .report import Report, step_label
from .tables import (
    BAR,
    BARS,
    BOXES,
    COLUMNS,
    MINUTES,
    PERCENT,
    STACKED_BARS,
    STACKED_COLUMNS,
    Bar,
    Cell,
    Column,
    Headline,
    Section,
    Segment,
    Table,
    choices_table,
    length,
    number,
    percent,
    plain,
    share_headline,
)

# How many services stand side by side; those that were hit most often.
MOST_COLUMNS = 10
PHASE_LABELS = {
    phase: gettext_lazy("cannot be told apart") if phase == MERGED else PhaseName(phase).label for phase in PHASES
}


def repeats(report: Report) -> Section:
    """The one number that matters: what happened again, the chains of it, and what is still to do."""
    later = {link.later for link in report.links}
    counted = report.figures.keys
    again = [key for key in counted if key in later]
    repeating = {report.figures.places_of_keys[key] for key in again}
    words = ngettext(
        "of %(count)d incident repeats an earlier one",
        "of %(count)d incidents repeat an earlier one",
        len(counted),
    )
    rows = [
        [
            report.step_cell(step),
            number(len(here), report.filters.behind(since=step.first_day, until=step.last_day)),
            number(
                len(repeating.intersection(here)),
                report.filters.behind(since=step.first_day, until=step.last_day, repeat="yes"),
            ),
        ]
        for step, here in zip(report.steps, report.by_step, strict=True)
    ]
    found = insights.chained(report.links, again)
    chains = insights.chains(found, report.user) if found else []
    return Section(
        "repeats",
        _("Happened again"),
        [
            Headline(str(len(again)), words % {"count": len(counted)}, report.filters.behind(repeat="yes")),
            Headline(str(report.near_misses), _("near misses besides"), report.filters.behind(figures=NEAR_MISS)),
        ],
        [
            Table(
                "over-time",
                _("Repeats over time"),
                [Column(_("When")), Column(_("Incidents"), "neutral"), Column(_("Repeats"), "late")],
                rows,
                COLUMNS,
                is_wide=True,
            )
        ],
        chains=chains,
        more_chains=len(found) - len(chains),
    )


def noticed(report: Report) -> Section:
    """How often users saw it before us."""
    figures, behind = report.figures, report.filters.behind
    whole = figures.users_first(range(len(figures)))
    rows = []
    for key, places in report.by_service.items():
        share, slug = figures.users_first(places), report.services[key][0]
        url = behind(service=slug, detected_by="users")
        cells = [report.service_cell(key), percent(share, url), number(share.part, url), number(share.of)]
        rows.append([*cells, number(share.unknown, behind(service=slug, detected_by="unknown"))])
    rows.sort(key=lambda row: -(row[1].value or 0))
    columns = [_("Service"), _("Users first"), _("Incidents"), _("of those where it is known"), _("not known")]
    return Section(
        "noticed",
        _("Who noticed first"),
        [share_headline(whole, _("Users saw it before us"), behind(detected_by="users"))],
        [
            Table(
                "by-service", _("Users first, by service"), plain(columns, accent=1), rows, BARS, PERCENT, is_wide=True
            )
        ],
    )


def minutes(report: Report) -> Section:
    """Where the minutes between the impact and the end went; before it, how long the change lay dormant."""
    whole = report.figures.minutes_spent(range(len(report.figures)))
    by_severity = [
        (report.severity_cell(key), report.figures.minutes_spent(places)) for key, places in report.by_severity.items()
    ]
    by_service = [
        (report.service_cell(key), report.figures.minutes_spent(places)) for key, places in report.by_service.items()
    ][:MOST_COLUMNS]
    headlines = [Headline(length(whole.total), _("from impact to resolved, in all"))] if whole.total else []
    dormant = _latent(report)
    if dormant:
        words = ngettext(
            "lay between the change and the impact of %(count)d incident, besides",
            "lay between the change and the impact of %(count)d incidents, besides",
            len(dormant),
        )
        url = report.filters.behind(trigger="any")
        headlines.append(Headline(length(sum(dormant)), words % {"count": len(dormant)}, url))
    return Section(
        "minutes",
        _("Where the minutes go"),
        headlines,
        [
            _spent_table("by-severity", _("Minutes by severity"), _("Severity"), by_severity),
            _spent_table("by-service", _("Minutes by service"), _("Service"), by_service),
        ],
        _("Only incidents whose times are in a possible order. Each is counted as far as it is known."),
        bars=[
            (_("by severity"), [_bar(cell, spent) for cell, spent in by_severity if spent.total]),
            (_("by service"), [_bar(cell, spent) for cell, spent in by_service if spent.total]),
        ],
    )


def durations(report: Report) -> Section:
    """To detect, acknowledge, mitigate and resolve: distributions with their n, or the incidents where they are few."""
    groups = report.groups(by_time=report.filters.by_time)
    first = _("When") if report.filters.by_time else _("Severity")
    return Section(
        "durations",
        _("How long it took"),
        tables=[_duration_table(report, name, groups, first) for name in DurationName],
        note=_(
            "What is only known as “not later than” is left out. Below 20 the incidents themselves are listed, "
            "the shortest first."
        ),
    )


def work(report: Report) -> Section:
    """Whether action items and postmortems were done when they were due."""
    behind = report.filters.behind
    items = insights.work(report.figures, today=report.today, zone=report.zone)
    told = insights.publications(report.figures, now=report.now)
    columns = plain([_("State"), _("Action items")], accent=1)
    return Section(
        "work",
        _("Done in time"),
        [
            share_headline(insights.in_time(items), _("Action items that were due"), behind(work=WorkState.IN_TIME)),
            share_headline(
                insights.in_time(told),
                _("Postmortems within %(count)d days of resolved") % {"count": POSTMORTEM_DAYS},
                behind(postmortem=PublicationState.IN_TIME),
            ),
        ],
        [
            Table(
                "action-items",
                _("Action items of these incidents"),
                columns,
                [[Cell(str(state.label)), number(items[state], behind(work=state))] for state in WorkState],
            ),
            Table(
                "postmortems",
                _("Postmortems that their severity asks for"),
                plain([_("State"), _("Incidents")], accent=1),
                [[Cell(str(state.label)), number(told[state], behind(postmortem=state))] for state in PublicationState],
            ),
        ],
    )


def defences(report: Report) -> Section:
    """Which safety nets held, failed and were absent, where somebody said so."""
    behind, shown = report.filters.behind, report.filters.shown_result
    overall = Counter((defence, result) for _incident, defence, result in report.checks)
    known = Counter(defence for _incident, defence, _result in report.checks)
    rows = [
        [
            Cell(str(Defence(defence).label)),
            *(
                number(overall[defence, result], behind(defence=f"{defence}:{result}"))
                for result in (DefenceResult.ABSENT, DefenceResult.FAILED, DefenceResult.HELD)
            ),
            number(known[defence], behind(defence=f"{defence}:{ANSWERED}")),
        ]
        for defence in sorted(Defence, key=lambda each: (-overall[each, DefenceResult.ABSENT], -known[each]))
        if known[defence]
    ]
    columns = [Column(_("Safety net"))]
    columns += [Column(_("Absent"), "late"), Column(_("Failed"), "warn"), Column(_("Held"), "ok"), Column(_("Known"))]
    tables = [Table("results", _("What each did"), columns, rows, STACKED_BARS, is_wide=True)] if rows else []
    if rows:
        tables.append(_matrix(report, [row[0].text for row in rows], shown))
    return Section(
        "defences",
        _("Safety nets"),
        [
            Headline(
                _("%(part)d of %(of)d") % {"part": overall[defence, DefenceResult.ABSENT], "of": known[defence]},
                _("%(net)s was absent") % {"net": Defence(defence).label},
                behind(defence=f"{defence}:{DefenceResult.ABSENT}"),
            )
            for defence in sorted(known, key=lambda each: -overall[each, DefenceResult.ABSENT])[:3]
            if overall[defence, DefenceResult.ABSENT]
        ],
        tables,
        _("Counted is only what somebody answered on an incident."),
    )


def frequency(report: Report) -> Section:
    """What was hit how often, by which kind of cause, and started by what."""
    behind = report.filters.behind
    severities = [(severity, set(places)) for severity, places in report.by_severity.items()]
    over_time = [
        [
            report.step_cell(step),
            *(
                number(
                    len(members.intersection(here)),
                    behind(since=step.first_day, until=step.last_day, severity=severity),
                )
                for severity, members in severities
            ),
        ]
        for step, here in zip(report.steps, report.by_step, strict=True)
    ]
    kinds, causes = Counter(trigger.kind for trigger in report.triggers), insights.categories(report.figures)
    services = [
        [report.service_cell(key), number(len(places), behind(service=report.services[key][0]))]
        for key, places in report.by_service.items()
    ]
    time_columns = [Column(str(Severity(severity).label), severity) for severity, _members in severities]
    return Section(
        "frequency",
        _("What happens how often"),
        tables=[
            Table(
                "over-time", _("Incidents over time"), [Column(_("When")), *time_columns], over_time, STACKED_COLUMNS
            ),
            Table("by-service", _("By service"), plain([_("Service"), _("Incidents")], accent=1), services, BARS),
            choices_table("cause", _("Cause"), _("By cause"), CauseCategory, causes, behind),
            choices_table("trigger", _("Change"), _("By the change that started it"), ChangeKind, kinds, behind),
        ],
        note=_("An incident on several services, or with causes of several kinds, counts in each of them."),
    )


def changes(report: Report) -> Section:
    """The changes that started incidents, and which safety nets those had not passed."""
    behind, triggers = report.filters.behind, report.triggers
    approved = Counter(trigger.was_approved for trigger in triggers)
    tried = Counter(trigger.tried_in_sandbox for trigger in triggers)
    words = ngettext(
        "of %(count)d incident was started by a change", "of %(count)d incidents were started by a change",
        len(report.figures),
    )  # fmt: skip
    rows = [
        [
            Cell(label),
            number(counts[YesNoUnknown.NO], behind(trigger=name)),
            number(counts[YesNoUnknown.YES]),
            number(counts[YesNoUnknown.UNKNOWN]),
        ]
        for label, counts, name in (
            (_("Approved by somebody"), approved, UNAPPROVED),
            (_("Tried in a sandbox"), tried, UNTRIED),
        )
    ]
    return Section(
        "changes",
        _("Changes that started incidents"),
        [
            Headline(str(len(triggers)), words % {"count": len(report.figures)}, behind(trigger="any")),
            share_headline(_without(approved), _("Without approval"), behind(trigger=UNAPPROVED)),
            share_headline(_without(tried), _("Not tried in a sandbox"), behind(trigger=UNTRIED)),
        ],
        [
            Table(
                "nets",
                _("What they had passed"),
                [Column(_("Net")), Column(_("No"), "late"), Column(_("Yes"), "ok"), Column(_("Not known"), "neutral")],
                rows,
            )
        ],
    )


# The sections in the order in which they are read; the keys are in addresses.
SECTIONS: dict[str, Callable[[Report], Section]] = {
    "repeats": repeats,
    "noticed": noticed,
    "minutes": minutes,
    "durations": durations,
    "work": work,
    "defences": defences,
    "frequency": frequency,
    "changes": changes,
}


def _without(counts: Counter[str]) -> Share:
    known = counts[YesNoUnknown.NO] + counts[YesNoUnknown.YES]
    return Share(counts[YesNoUnknown.NO], known, counts[YesNoUnknown.UNKNOWN])


def _latent(report: Report) -> list[int]:
    """The minutes between the triggering change and the impact, where both are known and in this order."""
    places, impacts = report.figures.places_of_keys, report.figures.impact_minutes
    found = [(impacts[places[trigger.incident_id]], trigger.live_minute) for trigger in report.triggers]
    return [impact - live for impact, live in found if impact is not None and impact > live]


def _spent_table(key: str, caption: str, first: str, groups: Iterable[tuple[Cell, Spent]]) -> Table:
    labels = [str(PHASE_LABELS[phase]) for phase in PHASES]
    rows = [
        [
            cell,
            number(spent.n),
            *(_minutes_cell(spent.minutes.get(phase, 0)) for phase in PHASES),
            _minutes_cell(spent.total),
        ]
        for cell, spent in groups
    ]
    return Table(key, caption, plain([first, _("Incidents"), *labels, _("In all")], accent=-1), rows, is_folded=True)


def _minutes_cell(minutes: int) -> Cell:
    return Cell(length(minutes), value=minutes)


def _bar(cell: Cell, spent: Spent) -> Bar:
    """One group's minutes as parts of a bar of full width."""
    segments, before = [], 0
    for phase in PHASES:
        x = BAR * before // spent.total
        before += spent.minutes[phase]
        width = BAR * before // spent.total - x
        if width:
            label = f"{PHASE_LABELS[phase]}: {length(spent.minutes[phase])}"
            segments.append(Segment(phase, label, x, width))
    text = _("%(length)s of %(count)d") % {"length": length(spent.total), "count": spent.n}
    return Bar(cell.text, cell.url, segments, text)


def _duration_table(
    report: Report, name: DurationName, groups: list[tuple[Cell, list[int], dict[str, Any]]], first: str
) -> Table:
    rows = []
    for cell, places, said in groups:
        found = report.figures.distribution(name, places)
        recorded = report.filters.behind(**said, duration=f"{name}:{RECORDED}")
        invalid = report.filters.behind(**said, duration=f"{name}:{INVALID}")
        spread = _spread(found, recorded)
        rows.append([cell, number(found.n, recorded), *spread, number(found.bounds), number(found.invalid, invalid)])
    columns = [
        Column(first),
        Column(_("n")),
        Column(_("a quarter took at most"), "lower"),
        Column(_("median"), "median"),
        Column(_("three quarters took at most"), "upper"),
        Column(_("longest"), "longest"),
        Column(_("only bounds")),
        Column(_("wrong order")),
    ]
    return Table(name, str(name.label).capitalize(), columns, rows, BOXES, MINUTES)


def _spread(found: Distribution, url: str) -> list[Cell]:
    """Quartiles and the longest, or the incidents themselves where they are few."""
    if not found.n:
        return [Cell("–", span=4)]
    if not found.is_listed:
        return [
            Cell(length(minutes), url, minutes)
            for minutes in (*map(found.quantile, (0.25, 0.5, 0.75)), found.minutes[-1])
        ]
    items = []
    for minutes, incident in found.members:
        reference = f"{Series.INC}-{incident}"
        items.append(Cell(f"{reference} {length(minutes)}", reverse("incident", args=[reference]), minutes))
    return [Cell("", items=items, span=4)]


def _matrix(report: Report, nets: list[str], shown: DefenceResult) -> Table:
    """In how many of those incidents where it is known each net did this, by service or over time."""
    behind = report.filters.behind
    places = report.figures.places_of_keys
    if report.filters.nets_by_time:
        heads: list[tuple[Any, str, dict[str, Any]]] = [
            (place, step_label(step), {"since": step.first_day, "until": step.last_day})
            for place, step in enumerate(report.steps)
        ]
        counts = insights.matrix(report.checks, lambda incident: [report.steps_of_places[places[incident]]])
    else:
        heads = [
            (key, report.services[key][1], {"service": report.services[key][0]})
            for key in list(report.by_service)[:MOST_COLUMNS]
        ]
        counts = insights.matrix(report.checks, lambda incident: report.services_of_places.get(places[incident], []))
    rows = []
    for label in nets:
        defence = next(defence for defence in Defence if str(defence.label) == label)
        cells = [
            _matrix_cell(counts[defence.value, key], shown, behind(**said, defence=f"{defence}:{shown}"))
            for key, _label, said in heads
        ]
        rows.append([Cell(label), *cells])
    caption = {
        DefenceResult.ABSENT: _("Absent in so many of those where it is known"),
        DefenceResult.FAILED: _("Failed in so many of those where it is known"),
        DefenceResult.HELD: _("Held in so many of those where it is known"),
    }[shown]
    columns = [Column(_("Safety net")), *(Column(label) for _key, label, _said in heads)]
    return Table("matrix", caption, columns, rows, look=f"matrix is-{shown}", is_wide=True)


def _matrix_cell(counts: Counter[str], shown: DefenceResult, url: str) -> Cell:
    part, of = counts[shown], counts.total()
    if not of:
        return Cell("")
    text = _("%(part)d of %(of)d") % {"part": part, "of": of}
    return Cell(text, url if part else "", shade=-(-4 * part // of))
