"""What channels, such as trackers of other systems, are told of an action item."""

from incidents.registry import ActionItemNews

from ..models import ActionItem


def read(key: int) -> ActionItemNews | None:
    """The action item of this key as it is now; nobody is named, because what leaves the house names nobody."""
    item = ActionItem.objects.filter(pk=key).first()
    if item is None:
        return None
    return ActionItemNews(
        reference=item.reference,
        text=item.text,
        state=item.status,
        state_label=item.get_status_display(),
        type=item.type,
        due_on=item.due_on,
        has_owner=item.owner_id is not None,
        path=item.get_absolute_url(),
        version=item.version,
    )
