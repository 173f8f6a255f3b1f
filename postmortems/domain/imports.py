"""Documents of earlier days become incidents: all of one document, or nothing of it."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from incidents import markup
from incidents.domain import backfill, impacts, timeline
from incidents.domain.milestones import MilestoneTime
from incidents.enums import ImpactAudience, Milestone, ScopeBasis, ScopeUnit, Source, TimelineKind
from incidents.errors import InvalidInput, NotPossible
from incidents.models import Incident, Service
from incidents.permissions import Actor, Perm, require

from ..enums import ActionStatus, Defence, DefenceResult, SectionKind
from ..models import DefenceCheck, ImportedDocument, Postmortem, RootCause, Section
from ..search import keeping
from ..transfer.markdown_reader import Document, EventRecord, SectionRecord
from . import action_items, causes, lifecycle

LONGEST_TIME_TEXT = 60
MAX_EVENTS = 500
MAX_RECORDS = 200
_K = SectionKind


@dataclass(frozen=True, slots=True)
class Imported:
    """The incident that a document is now, and whether it was made just now."""

    incident: Incident
    is_new: bool


def earlier_import(digest: str) -> Incident | None:
    """The incident that the text with this fingerprint has become, if it was imported before."""
    found = ImportedDocument.objects.select_related("incident").filter(digest=digest).first()
    return found.incident if found else None


def import_document(
    *,
    actor: Actor,
    document: Document,
    digest: str,
    file_name: str,
    home_zone: str,
    now: dt.datetime,
    publish: bool = False,
) -> Imported:
    """Make an incident of kind backfill with all that a document holds; the same text twice makes one.

    Times must be settled: what is not known stays empty. ``home_zone`` is a name as stored, for a document without one.
    Raises `InvalidInput` or `NotPossible`; then nothing of the document is kept.
    """
    require(actor, Perm.IMPORT)
    if not document.is_postmortem:
        raise NotPossible(document.warnings[0] if document.warnings else _("This is no postmortem."), code="refused")
    _check_size(document)
    if earlier := earlier_import(digest):
        return Imported(earlier, is_new=False)
    try:
        with transaction.atomic(), keeping.gathered():
            incident = _write(actor, document, file_name, home_zone, now)
            postmortem = _write_postmortem(actor, incident, document, now)
            ImportedDocument.objects.create(
                digest=digest, file_name=file_name[:255], incident=incident, imported_by=actor.user, imported_at=now
            )
            if publish:
                lifecycle.publish_imported(actor=actor, postmortem=postmortem, now=now)
    except IntegrityError:
        # The same text arrived twice at the same moment; the other one has written it.
        if earlier := earlier_import(digest):
            return Imported(earlier, is_new=False)
        raise
    incident.refresh_from_db()
    return Imported(incident, is_new=True)


def _check_size(document: Document) -> None:
    """A document beyond these bounds is something else than the story of one incident."""
    if len(document.timeline) + len(document.lead_up) > MAX_EVENTS:
        raise InvalidInput(_("It has more than %(most)d events.") % {"most": MAX_EVENTS}, code="too_large")
    others = (document.root_causes, document.action_items, document.sections)
    if any(len(records) > MAX_RECORDS for records in others):
        message = _("It has more than %(most)d sections, causes or action items.")
        raise InvalidInput(message % {"most": MAX_RECORDS}, code="too_large")


def _write(actor: Actor, document: Document, file_name: str, home_zone: str, now: dt.datetime) -> Incident:
    incident = backfill.record(
        actor=actor,
        history=backfill.History(
            title=_title(document, file_name),
            home_zone=document.timezone or home_zone,
            summary="",
            severity=document.severity,
            detected_by=document.detected_by,
            services=list(Service.objects.filter(name__in=document.services)) if document.services else [],
            milestones=_milestones(document),
            near_miss_saved_by=document.near_miss_saved_by,
            near_miss_earlier_stop=document.near_miss_earlier_stop,
        ),
        now=now,
    )
    _write_events(actor, incident, document, now)
    _write_impacts(actor, incident, document, now)
    made = _write_causes(actor, incident, document, now)
    _write_actions(actor, incident, document, made, now)
    _write_defences(actor, incident, document, now)
    return incident


def _title(document: Document, file_name: str) -> str:
    words = document.title or document.lede or file_name.rpartition("/")[2].partition(".")[0].replace("-", " ")
    return " ".join(words.split())[:200] or _("Imported incident")


def _milestones(document: Document) -> dict[Milestone, MilestoneTime]:
    times = {
        Milestone(name): MilestoneTime(record.at, record.precision) for name, record in document.milestones.items()
    }
    if document.started_at:
        times[Milestone.IMPACT_STARTED] = MilestoneTime(document.started_at, document.started_precision)
    if document.resolved_at:
        times[Milestone.RESOLVED] = MilestoneTime(document.resolved_at, document.resolved_precision)
    return times


def _write_events(actor: Actor, incident: Incident, document: Document, now: dt.datetime) -> None:
    records = [*document.lead_up, *document.timeline]
    if records:
        entries = [_event_content(record, now) for record in records]
        timeline.add_entries(actor=actor, incident=incident, entries=entries, now=now, source=Source.IMPORT)


def _event_content(record: EventRecord, now: dt.datetime) -> timeline.EventContent:
    if record.at is not None and record.at > now:
        raise InvalidInput(
            _("Line %(line)d: %(at)s is still to come. Put the date right.") % {"line": record.line, "at": record.at},
            code="in_future",
        )
    offset = record.at.utcoffset() if record.at else None
    return timeline.EventContent(
        text=record.text,
        kind=TimelineKind(record.kind),
        occurred_at=record.at,
        ended_at=record.ended_at,
        time_text="" if record.at else (record.time_text or record.time or "?")[:LONGEST_TIME_TEXT],
        utc_offset_minutes=round(offset.total_seconds() / 60) if offset is not None else None,
        precision=record.precision,
        evidence=record.evidence,
        is_starred=record.starred,
        is_internal=record.internal,
    )


def _write_impacts(actor: Actor, incident: Incident, document: Document, now: dt.datetime) -> None:
    for record in document.impacts:
        number = record.percent or record.count
        content = impacts.ImpactContent(
            what=record.what[:300],
            audience=ImpactAudience(record.audience),
            scope=_decimal(number) if number else None,
            scope_unit=ScopeUnit.COUNT if record.count else ScopeUnit.PERCENT,
            scope_basis=ScopeBasis(record.basis),
            from_at=record.from_at,
            to_at=record.to_at,
        )
        impacts.add(actor=actor, incident=incident, content=content, now=now)


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _write_causes(actor: Actor, incident: Incident, document: Document, now: dt.datetime) -> list[RootCause]:
    return [
        causes.add(
            actor=actor,
            incident=incident,
            content=causes.CauseContent(
                title=record.title,
                role=record.role,
                category=record.category,
                explanation=record.explanation,
                whys=record.whys,
                evidence=record.evidence,
                no_action_reason=record.no_action_reason,
            ),
            now=now,
        )
        for record in document.root_causes
    ]


def _write_actions(
    actor: Actor, incident: Incident, document: Document, made: list[RootCause], now: dt.datetime
) -> None:
    for record in document.action_items:
        action_items.create(
            actor=actor,
            incident=incident,
            content=action_items.ActionContent(
                text=record.title,
                details=record.details,
                type=record.type,
                cause=made[record.cause] if record.cause is not None and record.cause < len(made) else None,
            ),
            now=now,
            source=Source.IMPORT,
            status=ActionStatus.HISTORICAL,
        )


def _write_defences(actor: Actor, incident: Incident, document: Document, now: dt.datetime) -> None:
    DefenceCheck.objects.bulk_create(
        DefenceCheck(
            incident=incident,
            defence=Defence(defence),
            result=DefenceResult(result),
            note=note[:300],
            answered_by=actor.user,
            answered_at=now,
        )
        for defence, result, note in document.defences
    )


def _write_postmortem(actor: Actor, incident: Incident, document: Document, now: dt.datetime) -> Postmortem:
    postmortem = Postmortem.objects.create(
        incident=incident,
        title=incident.title,
        lede=document.lede[:500],
        happened_before=document.happened_before,
        is_imported=True,
        created_by=actor.user,
        created_at=now,
        updated_at=now,
    )
    kept = [section for section in document.sections if section.text.strip()]
    for section in kept:
        markup.render(section.text)  # refused now rather than on the day it is published
    Section.objects.bulk_create(
        _section(postmortem, record, document, position, now) for position, record in enumerate(kept)
    )
    if actor.user is not None:
        postmortem.authors.add(actor.user)
    return postmortem


def _section(
    postmortem: Postmortem, record: SectionRecord, document: Document, position: int, now: dt.datetime
) -> Section:
    is_title = record.heading == document.title
    return Section(
        postmortem=postmortem,
        kind=record.kind,
        heading=_("Introduction") if is_title or not record.heading else record.heading[:200],
        text=record.text,
        position=position,
        saved_by=postmortem.created_by,
        saved_at=now,
        updated_at=now,
    )
