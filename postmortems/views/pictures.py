"""The pictures that stand on a published page, for the public too."""

import uuid

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from incidents.views.pictures import picture_file

from ..models import Postmortem


@login_not_required
@require_safe
def postmortem_picture(
    request: HttpRequest, reference: str, picture_name: uuid.UUID, picture_format: str
) -> HttpResponse:
    """A picture that stands in the public variant of the published revision; of all others, that there is none.

    Asked anew at each fetch: once the postmortem is withdrawn, or the picture taken out, it is gone.
    """
    readable = Postmortem.objects.readable_by(request.user).of_reference(reference).select_related("incident")
    found = readable.showing_publicly(request.path).first()
    if found is None:
        raise Http404
    picture = found.incident.attachments.filter(name=picture_name, format=picture_format).first()
    if picture is None:
        raise Http404
    picture.incident = found.incident
    return picture_file(request, picture)
