"""The phase bar: where the minutes of an incident went, as a picture that needs no script and no inline style."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django import template

from ..domain.durations import Duration, Phase, PhaseName

register = template.Library()

WIDTH = 1000
# A phase of one minute in a day-long incident still shows.
NARROWEST = 8
# A change that lay dormant for weeks must not squeeze the incident itself to nothing.
WIDEST_LATENT = 300


class Segment(NamedTuple):
    """One phase as drawn: ``x`` and ``width`` are thousandths of the bar; ``is_cut`` where it is not to scale."""

    phase: Phase
    x: int
    width: int
    is_cut: bool = False


@register.inclusion_tag("components/phase_bar.html")
def phase_bar(phases: Iterable[Phase], total: Duration | None = None) -> dict[str, Any]:
    """Draw what `incidents.domain.durations.phases()` returns; nothing where there are none.

    The latent phase is hatched and not part of ``total``, the duration named at the end of the legend.
    """
    segments = draw(phases)
    return {
        "segments": segments,
        "total": total if total and total.length else None,
        "has_latent": any(segment.phase.key == PhaseName.LATENT for segment in segments),
    }


def draw(phases: Iterable[Phase]) -> list[Segment]:
    """Share the bar among the phases by their length; none that has one vanishes, and together they fill it."""
    drawn = [phase for phase in phases if phase.seconds]
    latent = [phase for phase in drawn if phase.key == PhaseName.LATENT]
    rest = [phase for phase in drawn if phase.key != PhaseName.LATENT]
    if not latent or not rest:
        return _share(drawn, 0)
    to_scale = _share(drawn, 0)
    if to_scale[0].width <= WIDEST_LATENT:
        return to_scale
    return [Segment(latent[0], 0, WIDEST_LATENT, is_cut=True), *_share(rest, WIDEST_LATENT)]


def _share(phases: Sequence[Phase], x: int) -> list[Segment]:
    """Segments from ``x`` to the end of the bar."""
    whole = sum(phase.seconds for phase in phases)
    spare = WIDTH - x - NARROWEST * len(phases)
    segments, start, before = [], x, 0
    for index, phase in enumerate(phases, start=1):
        before += phase.seconds
        end = x + NARROWEST * index + round(spare * before / whole)
        segments.append(Segment(phase, start, end - start))
        start = end
    return segments
