"""Reading: the library, a published postmortem, its older revisions, the feed, and the preview for the public.

The only pages that serve anonymous readers. They see public postmortems and nothing else.
"""

import hashlib

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from incidents.clock_text import parse_zone
from incidents.models import Incident
from incidents.permissions import offers, require
from incidents.views.access import actor_of, incident_page
from incidents.views.answers import attempt, form_page, sent
from incidents.zones import reader_zone

from ..domain import lifecycle
from ..forms.reading import LibraryForm, PublicForm
from ..models import ActionItem, Postmortem, RootCause
from ..permissions import LessonPerm
from ..publication import findings, html


@login_not_required
@require_safe
def postmortem(request: HttpRequest, reference: str) -> HttpResponse:
    """The short address leads to the canonical one."""
    return redirect(_readable(request, reference), permanent=False)


@login_not_required
@require_safe
def postmortem_canonical(request: HttpRequest, reference: str, slug: str) -> HttpResponse:
    """A published postmortem, unchanged since its publication but for what is live on it."""
    found = _found(request, reference)
    if found is None:
        return _not_found(request, reference)
    if request.path != found.get_absolute_url():
        return redirect(found, permanent=True)
    items = None if request.user.is_anonymous else list(ActionItem.objects.of_postmortem(found))
    tag = _tag(request, found, items)
    unchanged = get_conditional_response(request, etag=tag)
    response = unchanged or render(request, "postmortems/read.html", _context(request, found, items))
    response["ETag"] = tag
    return response


@require_safe
@incident_page
def postmortem_revision(request: HttpRequest, incident: Incident, number: int) -> HttpResponse:
    """An older revision, for those who see the incident."""
    found = Postmortem.objects.readable_by(request.user).filter(incident=incident).first()
    revision = found and found.revisions.filter(number=number).first()
    if found is None or revision is None:
        raise Http404
    found.incident, found.published_revision = incident, revision
    return render(request, "postmortems/read.html", {**_context(request, found, []), "older": True})


@incident_page
def postmortem_preview(request: HttpRequest, incident: Incident) -> HttpResponse:
    """What the public would see, with what is still inside it, and the decision."""
    found = Postmortem.objects.visible_to(request.user).for_reading().filter(incident=incident).first()
    if found is None or found.published_revision is None or not found.is_published:
        raise Http404
    actor = actor_of(request)
    require(actor, LessonPerm.PUBLISH_PUBLIC, found)
    form = PublicForm(sent(request), postmortem=found)

    def decide() -> Postmortem:
        data = form.cleaned_data
        return lifecycle.set_public(
            actor=actor, postmortem=found, public=data["public"], seen_revision=data["revision"], now=timezone.now()
        )

    if form.is_bound and attempt(form, decide):
        return redirect(found)
    context = {"postmortem": found, "revision": found.published_revision, "findings": findings.inside(found)}
    return form_page(request, "postmortems/preview.html", form, **context)


@require_safe
@incident_page
def postmortem_as_public(request: HttpRequest, incident: Incident) -> HttpResponse:
    """The page as the public sees it, or would."""
    found = Postmortem.objects.readable_by(request.user).for_reading().filter(incident=incident).first()
    if found is None:
        raise Http404
    require(actor_of(request), LessonPerm.PUBLISH_PUBLIC, found)
    return render(request, "postmortems/read.html", _context(request, found, None, is_public=True))


@login_not_required
@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """Everything published that this reader may read, latest first."""
    form = LibraryForm(request.GET, user=request.user)
    form.is_valid()
    found, after = (
        Postmortem.objects.readable_by(request.user)
        .for_library()
        .filtered(**form.criteria())
        .stretch(request.GET.get("after", ""))
    )
    query = request.GET.copy()
    query.pop("after", None)
    context = {"form": form, "postmortems": found, "after": after, "query": query.urlencode()}
    template = "postmortems/_library_rows.html" if request.htmx else "postmortems/library.html"  # type: ignore[attr-defined]
    return render(request, template, {**context, "zone": reader_zone(request.user)})


def _readable(request: HttpRequest, reference: str) -> Postmortem:
    found = _found(request, reference)
    if found is None:
        raise Http404
    return found


def _found(request: HttpRequest, reference: str) -> Postmortem | None:
    return Postmortem.objects.readable_by(request.user).of_reference(reference).for_reading().first()


def _not_found(request: HttpRequest, reference: str) -> HttpResponse:
    """410 for what the public once could read, else the same 404 for all that is hidden or absent."""
    if Postmortem.objects.of_reference(reference).withdrawn_from_public().exists():
        return render(request, "postmortems/gone.html", status=410)
    raise Http404


def _tag(request: HttpRequest, found: Postmortem, items: list[ActionItem] | None) -> str:
    """Changes with everything that the page shows: revision, live states, reader, day, version of the program."""
    user = request.user
    reader = f"{user.pk}.{user.colour_scheme}.{user.role}" if not user.is_anonymous else "public"
    states = [(item.pk, item.version) for item in items or []]
    day = timezone.now().astimezone(reader_zone(user)).date().isoformat()
    parts = (found.published_revision_id, found.version, html.RENDERER_VERSION, reader, states, day)
    return quote_etag(hashlib.sha256(repr(parts).encode()).hexdigest()[:24])


def _context(
    request: HttpRequest, found: Postmortem, items: list[ActionItem] | None, *, is_public: bool = False
) -> dict[str, object]:
    """What surrounds the stored HTML of a revision."""
    revision = found.published_revision
    assert revision is not None  # noqa: S101 - readable ones have a revision, which a constraint of the table holds
    is_public = is_public or request.user.is_anonymous
    actor = None if is_public else actor_of(request)
    return {
        "postmortem": found,
        "revision": revision,
        "article": revision.html_public if is_public else revision.html_internal,
        "is_public": is_public,
        "items": items,
        "planned": revision.document["action_items"] if is_public else [],
        "repeats": [] if is_public else RootCause.objects.repeated_by(found.incident, request.user),
        "related": [] if is_public else Postmortem.objects.readable_by(request.user).related_by_cause(found.incident),
        "may_publish": actor is not None and offers(actor, LessonPerm.PUBLISH_PUBLIC, found),
        "may_write": actor is not None and offers(actor, LessonPerm.WRITE, found),
        "zone": parse_zone(found.incident.home_zone),
        "today": timezone.now().astimezone(reader_zone(request.user)).date(),
    }
