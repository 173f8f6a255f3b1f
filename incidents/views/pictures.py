"""Adding pictures to an incident, and showing them to whoever sees it."""

import uuid
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ..domain import attachments, picture_entries
from ..enums import PictureFormat
from ..errors import DomainError
from ..forms.pictures import PictureForm
from ..forms.redaction import PictureRemovalForm
from ..models import Attachment, Incident, TimelineEvent
from ..permissions import Perm, offers, require
from ..requests import SignedInRequest
from .access import actor_of, incident_page
from .answers import attempt, form_page, sent

SHOWN = 60
CONTENT_TYPES = {
    PictureFormat.PNG: "image/png",
    PictureFormat.JPEG: "image/jpeg",
    PictureFormat.WEBP: "image/webp",
    PictureFormat.GIF: "image/gif",
}
# Opened by itself it is a picture and nothing else, whatever a browser may make of its bytes.
POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


@require_http_methods(["GET", "HEAD", "POST"])
@incident_page
def pictures(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """The pictures of an incident, and a plain form that adds one to the timeline.

    A script that asks for JSON gets the Markdown that shows the picture, to be put where somebody is writing.
    """
    require(actor_of(request), Perm.ADD_REPORT_LINE, incident)
    is_sent = request.method == "POST"
    form = PictureForm(request.POST, request.FILES) if is_sent else PictureForm()
    if is_sent and request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return _answer_script(request, incident, form)
    if event := attempt(form, lambda: _add_entry(request, incident, form)):
        return redirect(f"{incident.get_absolute_url()}#e{event.pk}")
    shown = [(each, attachments.markdown_of(each)) for each in attachments.newest(incident)[:SHOWN]]
    may_remove = offers(actor_of(request), Perm.ADMINISTER)
    context = {"incident": incident, "pictures": shown, "may_remove": may_remove}
    return form_page(request, "incidents/pictures.html", form, **context)


def _add_entry(request: SignedInRequest, incident: Incident, form: PictureForm) -> TimelineEvent:
    data = form.cleaned_data
    return picture_entries.add(
        actor=actor_of(request),
        incident=incident,
        upload=data["file"],
        description=data["description"],
        client_id=data["client_id"],
        now=timezone.now(),
    )


def _answer_script(request: SignedInRequest, incident: Incident, form: PictureForm) -> HttpResponse:
    if not form.is_valid():
        message = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return JsonResponse({"code": "invalid", "message": message, "fields": {}}, status=422)
    try:
        attachment = attachments.add(
            actor=actor_of(request), incident=incident, upload=form.cleaned_data["file"], now=timezone.now()
        )
    except DomainError as error:
        refused = {"code": error.code, "message": error.message, "fields": error.fields}
        return JsonResponse(refused, status=error.http_status)
    said = {"markdown": attachments.markdown_of(attachment), "address": attachment.get_absolute_url()}
    return JsonResponse(said, status=201)


@require_safe
@incident_page
def picture(request: SignedInRequest, incident: Incident, picture_name: uuid.UUID, picture_format: str) -> HttpResponse:
    """One picture, to whoever sees its incident at this moment."""
    found = incident.attachments.filter(name=picture_name, format=picture_format).first()
    if found is None:
        raise Http404
    found.incident = incident
    return picture_file(request, found)


@require_http_methods(["GET", "HEAD", "POST"])
@incident_page
def picture_remove(request: SignedInRequest, incident: Incident, picture_name: uuid.UUID) -> HttpResponse:
    """Delete the file of a picture for good, with the reason."""
    require(actor_of(request), Perm.ADMINISTER, incident)
    found = get_object_or_404(incident.attachments, name=picture_name, removed_at=None)
    form = PictureRemovalForm(sent(request))
    if attempt(form, lambda: _remove(request, found, form)):
        messages.success(request, _("The picture is removed."))
        return redirect("pictures", incident.reference)
    return form_page(request, "incidents/picture_remove.html", form, incident=incident, picture=found)


def _remove(request: SignedInRequest, found: Attachment, form: PictureRemovalForm) -> Attachment:
    reason = form.cleaned_data["reason"]
    return attachments.remove(actor=actor_of(request), attachment=found, reason=reason, now=timezone.now())


def picture_file(request: HttpRequest, attachment: Attachment) -> HttpResponse:
    """The file of a picture, or 304 where the browser has it; whoever calls has asked who may see it."""
    if attachment.is_removed:
        return _sign_of_removal()
    tag = quote_etag(attachment.digest[:32])
    response = get_conditional_response(request, etag=tag) or _file(attachment)
    response["ETag"] = tag
    response["Content-Security-Policy"] = POLICY
    return response


def _sign_of_removal() -> HttpResponse:
    """410, and a picture that says so where the other one stood."""
    response = HttpResponse(
        render_to_string("incidents/picture_removed.svg"), content_type="image/svg+xml", status=HTTPStatus.GONE
    )
    response["Content-Security-Policy"] = POLICY
    return response


def _file(attachment: Attachment) -> HttpResponse:
    try:
        with attachment.file.open() as file:
            content = file.read()
    except OSError:
        raise Http404 from None
    response = HttpResponse(content, content_type=CONTENT_TYPES[PictureFormat(attachment.format)])
    # Not what it was called where it came from: that could be any text.
    name = f"{attachment.incident.reference}-{attachment.name.hex[:8]}.{attachment.format}"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response
