"""What the repair is worth: the third certificate is caught before it ends."""

from incidents.domain import declaration
from incidents.domain.declaration import NewIncident
from incidents.enums import (
    IncidentKind,
    TimelineKind,
)
from incidents.permissions import Actor

from ..enums import DefenceResult
from .story import ZONE, Story, tag

_K = TimelineKind


def tell_near_miss(story: Story, before: Story) -> None:
    """What the repair is worth: the third certificate is caught before it ends."""
    cast = story.cast
    new = NewIncident(
        title="The certificate of the sign-in would have ended on Sunday",
        home_zone=ZONE,
        kind=IncidentKind.NEAR_MISS,
        summary="An alert names a certificate that stands on no list: that of the sign-in page for partners.",
        services=[cast.shop],
        team=cast.team,
        near_miss_saved_by=f"The alert that is an action item of {before.incident.reference}, in its first week.",
        near_miss_earlier_stop="Renewal by machine, which is on its way.",
        is_example=True,
    )
    story.incident = declaration.record_near_miss(actor=Actor.person(cast.support), new=new, now=story.at("09:40"))
    renewed = "Renewed by hand, four days ahead; added to the list."
    story.tell(cast.engineer, "11:15", _K.ACTION, renewed, is_starred=True)
    tag(story, before)
    story.nets(alert=DefenceResult.HELD)
