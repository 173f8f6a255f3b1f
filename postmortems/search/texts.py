"""What is written about an incident, and how much each kind of text says about what it was."""

from collections.abc import Collection, Iterable

from django.db.models import QuerySet

from incidents.enums import Source
from incidents.models import Alert, Impact, Incident, TimelineEvent

from ..models import ActionItem, Postmortem, RootCause, Section

# What says what was the matter and why counts twice, the story around it once.
ABOUT, AROUND = 2, 1
# The first entries tell what was seen and found; after that it is mostly what was done.
MOST_ENTRIES = 40

Texts = list[tuple[str, int]]


def texts_of(incidents: Collection[int]) -> dict[int, Texts]:
    """For each of these incidents all texts that tell of it, each with how often it counts. Eight queries."""
    found: dict[int, Texts] = {key: [] for key in incidents}

    def add(rows: Iterable[tuple], times: int) -> None:
        for key, *texts in rows:
            found[key] += [(text if isinstance(text, str) else "\n".join(text), times) for text in texts if text]

    def of(rows: QuerySet, *columns: str, owner: str = "incident") -> Iterable[tuple]:
        return rows.filter(**{f"{owner}__in": incidents}).values_list(owner, *columns)

    told = ("title", "summary", "near_miss_saved_by", "near_miss_earlier_stop")
    add(of(Incident.objects.order_by("pk"), *told, owner="pk"), ABOUT)
    add(of(Impact.objects.order_by("pk"), "what"), ABOUT)
    add(of(Alert.objects.order_by("pk"), "name"), ABOUT)
    causes = RootCause.objects.filter(removed_at=None)
    add(of(causes.order_by("position", "pk"), "title", "explanation", "whys"), ABOUT)
    add(of(Postmortem.objects.order_by("pk"), "lede"), ABOUT)
    sections = Section.objects.order_by("position", "pk")
    add(of(sections, "text", owner="postmortem__incident"), AROUND)
    add(of(ActionItem.objects.order_by("pk"), "text"), AROUND)
    add(_first_entries(incidents), AROUND)
    return found


def _first_entries(incidents: Collection[int]) -> Iterable[tuple]:
    events = TimelineEvent.objects.filter(incident__in=incidents, struck_at=None).exclude(source=Source.SYSTEM)
    taken = dict.fromkeys(incidents, 0)
    for key, text in events.order_by("sort_at", "position", "pk").values_list("incident", "text"):
        taken[key] += 1
        if taken[key] <= MOST_ENTRIES:
            yield key, text
