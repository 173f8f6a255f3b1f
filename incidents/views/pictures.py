"""Adding pictures to an incident, and showing them to whoever sees it."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_http_methods, require_safe

from ..domain import attachments, picture_entries
from ..enums import PictureFormat
from ..errors import DomainError
from ..forms.pictures import PictureForm
from ..models import Attachment, Incident, TimelineEvent
from ..permissions import Perm, require
from ..requests import SignedInRequest
from .access import actor_of, incident_page
from .answers import attempt, form_page

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
    newest = incident.attachments.order_by("-id")[:SHOWN]
    shown = [(each, attachments.markdown_of(each)) for each in newest]
    return form_page(request, "incidents/pictures.html", form, incident=incident, pictures=shown)


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


def picture_file(request: HttpRequest, attachment: Attachment) -> HttpResponse:
    """The file of a picture, or 304 where the browser has it; whoever calls has asked who may see it."""
    tag = quote_etag(attachment.digest[:32])
    response = get_conditional_response(request, etag=tag) or _file(attachment)
    response["ETag"] = tag
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
