"""What the texts about an incident speak of."""

from django.db.models import Q

from incidents.models import Incident

from ..models import Postmortem, RootCause


def is_mentioned(incident: Incident, words: str) -> bool:
    """Whether the draft, a revision or a cause of this incident holds these words."""
    written = Q(lede__contains=words) | Q(sections__text__contains=words) | Q(revisions__markdown__contains=words)
    if Postmortem.objects.filter(written, incident=incident).exists():
        return True
    return RootCause.objects.filter(incident=incident, explanation__contains=words).exists()
