"""Importing documents one after the other, and exporting a postmortem."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from incidents.errors import DomainError, Forbidden, InvalidInput
from incidents.forms.errors import add_domain_error
from incidents.models import Incident
from incidents.permissions import Perm, offers, require
from incidents.requests import SignedInRequest
from incidents.views.access import actor_of, incident_page
from incidents.views.answers import form_page

from ..domain import imports
from ..forms.transfer import Preview, UploadForm
from ..models import Postmortem
from ..permissions import LessonPerm
from ..transfer.export import ExportFormat, export, is_there
from ..transfer.markdown_reader import Document, read_document
from ..transfer.texts import digest
from ..transfer.upload import Piece, carried, carry


@require_http_methods(["GET", "HEAD", "POST"])
def import_page(request: SignedInRequest) -> HttpResponse:
    """Take documents in, then show one after the other, each to be looked at, corrected and confirmed."""
    require(actor_of(request), Perm.IMPORT)
    if request.method != "POST":
        return form_page(request, "postmortems/import.html", UploadForm())
    if "carried" not in request.POST:
        return _take_in(request)
    try:
        pieces = carried(request.POST["carried"])
    except InvalidInput as error:
        messages.error(request, error.message)
        return redirect("postmortem-import")
    return _next(request, pieces[1:]) if "skip" in request.POST else _confirm(request, pieces)


def _take_in(request: SignedInRequest) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return form_page(request, "postmortems/import.html", form)
    try:
        return _next(request, form.cleaned_data["pieces"])
    except InvalidInput as error:
        add_domain_error(form, error)
        return form_page(request, "postmortems/import.html", form)


def _next(request: SignedInRequest, pieces: list[Piece]) -> HttpResponse:
    """The preview of the first document that can be imported; what is refused is named."""
    while pieces:
        first = pieces[0]
        document = _read(first)
        if document.is_postmortem and _known_before(request, first) is None:
            return _show(request, pieces, _preview(request, document))
        messages.warning(request, _said(request, first, document))
        pieces = pieces[1:]
    return redirect("postmortem-import")


def _confirm(request: SignedInRequest, pieces: list[Piece]) -> HttpResponse:
    """Import the document that was shown, as corrected, and go on to the next."""
    preview = _preview(request, _read(pieces[0]), request.POST)
    if not preview.is_valid():
        return _show(request, pieces, preview)
    try:
        incident = _import(request, pieces[0], preview)
    except Forbidden:
        raise
    except DomainError as error:
        add_domain_error(preview.head, error)
        return _show(request, pieces, preview)
    messages.success(request, _("Imported as %(reference)s.") % {"reference": incident.reference})
    return _next(request, pieces[1:]) if len(pieces) > 1 else redirect(incident)


def _import(request: SignedInRequest, piece: Piece, preview: Preview) -> Incident:
    done = imports.import_document(
        actor=actor_of(request),
        document=preview.document(),
        digest=digest(piece.text),
        file_name=piece.name,
        home_zone=settings.TIME_ZONE,
        now=timezone.now(),
        publish=preview.head.cleaned_data.get("publish", False),
    )
    return done.incident


def _read(piece: Piece) -> Document:
    if piece.refusal:
        return Document(warnings=[piece.refusal])
    document = read_document(piece.text)
    document.warnings += piece.warnings
    return document


def _preview(request: SignedInRequest, document: Document, data: object = None) -> Preview:
    return Preview(document, data, may_publish=offers(actor_of(request), LessonPerm.APPROVE))


def _show(request: SignedInRequest, pieces: list[Piece], preview: Preview) -> HttpResponse:
    waiting = len(pieces) - 1
    context = {
        "preview": preview,
        "document": preview.read,
        "rows": preview.rows(),
        "name": pieces[0].name,
        "carried": carry(pieces),
        "waiting": waiting,
        "waits": ngettext("%(number)d more waits.", "%(number)d more wait.", waiting) % {"number": waiting},
    }
    return render(request, "postmortems/import_preview.html", context, status=422 if preview.has_errors else 200)


def _known_before(request: SignedInRequest, piece: Piece) -> str | None:
    """What this very text has become already; nothing of an incident that the person may not know of but that it is."""
    incident = imports.earlier_import(digest(piece.text))
    if incident is None:
        return None
    return incident.reference if actor_of(request).sees(incident) else ""


def _said(request: SignedInRequest, piece: Piece, document: Document) -> str:
    known = _known_before(request, piece) if document.is_postmortem else None
    if known is None:
        return f"{piece.name}: {document.warnings[0]}"
    if not known:
        return _("%(name)s: the same text was imported before.") % {"name": piece.name}
    return _("%(name)s: the same text was imported before, as %(reference)s.") % {
        "name": piece.name,
        "reference": known,
    }


@require_safe
@incident_page
def export_file(request: SignedInRequest, incident: Incident, format: str) -> HttpResponse:  # noqa: A002
    """A postmortem as a file to keep."""
    postmortem = Postmortem.objects.select_related("published_revision").filter(incident=incident).first()
    actor = actor_of(request)
    if format not in ExportFormat.values or postmortem is None or not is_there(actor, postmortem):
        raise Http404
    # The one that came with the people on it.
    postmortem.incident = incident
    made = export(actor=actor, postmortem=postmortem, format=ExportFormat(format))
    response = HttpResponse(made.text, content_type=made.content_type)
    response["Content-Disposition"] = f'attachment; filename="{made.name}"'
    return response
