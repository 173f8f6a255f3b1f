"""Pictures on an incident: who sees the incident sees them, and they go where the entry goes that shows them."""

import datetime as dt
import hashlib
import re
import uuid

from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from .. import audit, registry
from ..errors import InvalidInput, NotPossible
from ..models import Attachment, Incident, StatusUpdate, TimelineEvent
from ..permissions import Actor, Perm, require
from . import pictures

# So that nobody fills the disk by mistake.
MAX_PICTURES = 500
_NAME = re.compile(r"/pictures/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.")
# What Markdown takes for a mark has no place between the brackets.
_IN_BRACKETS = re.compile(r"[\\`*_\[\]()<>!\x00-\x1f]+")


def add(*, actor: Actor, incident: Incident, upload: File, now: dt.datetime) -> Attachment:
    """Store a picture, written anew. The same one twice on an incident is one.

    Raises `Forbidden`, `InvalidInput` for what is no picture that we take, `NotPossible` where it cannot be stored.
    """
    require(actor, Perm.ADD_REPORT_LINE, incident)
    if (upload.size or 0) > pictures.MAX_BYTES:
        raise pictures.too_large()
    name = _last_part(upload.name or "")
    picture = pictures.encode(upload.read(), name=name)
    digest = hashlib.sha256(picture.content).hexdigest()
    if known := incident.attachments.filter(digest=digest).first():
        return known
    if incident.attachments.count() >= MAX_PICTURES:
        raise NotPossible(_("This incident has %(count)d pictures, and takes no more.") % {"count": MAX_PICTURES})
    attachment = Attachment(
        incident=incident,
        name=uuid.uuid4(),
        original_name=name[:200],
        format=picture.format,
        width=picture.width,
        height=picture.height,
        size=len(picture.content),
        digest=digest,
        uploaded_by=actor.user,
        created_at=now,
    )
    _store(actor, attachment, picture.content, now)
    return attachment


@transaction.atomic
def remove(*, actor: Actor, attachment: Attachment, reason: str, now: dt.datetime) -> Attachment:
    """Delete the file of a picture that nobody may see, wherever it is shown; where it stood a sign says so.

    What it was called and its digest go with it. Raises `Forbidden`, `InvalidInput` without a reason, `NotPossible`
    where it is gone already or the file cannot be deleted; then nothing has changed.
    """
    require(actor, Perm.ADMINISTER, attachment)
    reason = " ".join(reason.split())
    if not reason:
        message = _("Say why; one sentence is enough.")
        raise InvalidInput(message, code="reason_missing", fields={"reason": message})
    rows = Attachment.objects.select_related("incident").filter(file=attachment.file.name, removed_at=None)
    if attachment.is_removed or not rows:
        raise NotPossible(_("This picture has been removed already."), code="removed")
    for row in rows:
        audit.record(actor=actor, action="picture.removed", target=row, at=now, note=reason)
    blank = {"file": "", "digest": "", "original_name": ""}
    rows.update(removed_at=now, removed_by=actor.user, **blank)
    try:
        # Last, so that whoever is told that it is gone can rely on it.
        attachment.file.storage.delete(str(attachment.file.name))
    except OSError as error:
        message = _(
            "The file could not be deleted, so nothing was changed. Look at the rights of the folder of pictures."
        )
        raise NotPossible(message, code="storage") from error
    attachment.refresh_from_db()
    return attachment


def newest(incident: Incident) -> QuerySet[Attachment]:
    """The pictures of the incident that are still there, the newest first."""
    return incident.attachments.filter(removed_at=None).order_by("-id")


def markdown_of(attachment: Attachment, description: str = "") -> str:
    """What to write so that the picture is shown: ``![description](address)``."""
    stem = attachment.original_name.rpartition(".")[0] or attachment.original_name
    said = " ".join(_IN_BRACKETS.sub(" ", description or stem).split())[:100]
    return f"![{said or _('picture')}]({attachment.get_absolute_url()})"


def take_along(*, event: TimelineEvent, other: Incident, now: dt.datetime) -> str:
    """Bring the pictures of an entry to the incident that it moves to; its text, with their new addresses.

    Part of moving an entry, which checks. A picture that something else on the old incident shows as well stays there,
    and the other incident gets a row of its own for it.
    """
    text = event.text
    for attachment in _shown_by(event):
        before = attachment.get_absolute_url()
        if _is_shown_elsewhere(attachment, event):
            attachment.pk, attachment.name, attachment.created_at = None, uuid.uuid4(), now
        attachment.incident = other
        attachment.save()
        text = text.replace(before, attachment.get_absolute_url())
    return text


def _shown_by(event: TimelineEvent) -> list[Attachment]:
    names = set(_NAME.findall(event.text))
    return list(event.incident.attachments.filter(name__in=names)) if names else []


def _is_shown_elsewhere(attachment: Attachment, event: TimelineEvent) -> bool:
    incident, name = event.incident, str(attachment.name)
    others = TimelineEvent.objects.filter(incident=incident, text__contains=name).exclude(pk=event.pk)
    updates = StatusUpdate.objects.filter(incident=incident, text__contains=name)
    own = Q(summary__contains=name) | Q(near_miss_saved_by__contains=name) | Q(near_miss_earlier_stop__contains=name)
    said = others.exists() or updates.exists() or Incident.objects.filter(own, pk=incident.pk).exists()
    return said or registry.is_mentioned(incident, name)


def _last_part(name: str) -> str:
    """The name of a file without folders, and without what cannot be shown."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(char for char in last if char.isprintable()).strip()


def _store(actor: Actor, attachment: Attachment, content: bytes, now: dt.datetime) -> None:
    """The file first: a row never names one that is not there."""
    try:
        attachment.file.save(str(attachment), ContentFile(content), save=False)
    except OSError as error:
        message = _("The picture could not be stored: there may be no room left on the disk. Tell an admin.")
        raise NotPossible(message, code="storage") from error
    try:
        with transaction.atomic():
            attachment.save(force_insert=True)
            changes = {"format": (None, attachment.format), "size": (None, attachment.size)}
            audit.record(actor=actor, action="picture.added", target=attachment, at=now, changes=changes)
    except Exception:
        attachment.file.delete(save=False)
        raise
