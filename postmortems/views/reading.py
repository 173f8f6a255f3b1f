"""Reading: the library, a published postmortem, its older revisions, and the preview for the public.

The only pages that serve anonymous readers. They see public postmortems and nothing else; so does an account without
a role.
"""

import hashlib
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from incidents.clock_text import parse_zone
from incidents.models import Incident
from incidents.notifications import heartbeat
from incidents.paging import keyset_page
from incidents.permissions import offers, require
from incidents.requests import PageRequest, SignedInRequest
from incidents.views.access import actor_of, incident_page, private_gate
from incidents.views.answers import attempt, filters_of, form_page, sent
from incidents.zones import reader_zone

from ..domain import lifecycle
from ..forms.reading import LibraryForm, PublicForm
from ..models import ActionItem, Postmortem, Revision, RootCause
from ..permissions import LessonPerm
from ..publication import findings, html
from ..querysets import LIBRARY_ORDER, MAX_RELATED


@login_not_required
@require_safe
def postmortem(request: HttpRequest, reference: str) -> HttpResponse:
    """The short address leads to the canonical one."""
    found = _found(request, reference)
    if found is None:
        return _not_found(request, reference)
    return redirect(found, permanent=reference != found.incident.reference)


@login_not_required
@require_safe
def postmortem_canonical(request: HttpRequest, reference: str, slug: str) -> HttpResponse:
    """A published postmortem, unchanged since its publication but for what is live on it."""
    found = _found(request, reference)
    if found is None:
        return _not_found(request, reference)
    if request.path != found.get_absolute_url():
        return redirect(found, permanent=True)
    return _gate(request, found) or _page(request, found)


@login_not_required
@require_safe
def postmortem_revision(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """An older revision, for those who see the incident; of a retracted postmortem for those who write."""
    of_incident = Postmortem.objects.visible_to(request.user).of_reference(reference)
    revision = (
        Revision.objects.select_related("postmortem__incident")
        .filter(postmortem__in=of_incident, number=number)
        .first()
    )
    if revision is None:
        raise Http404
    found = revision.postmortem
    if not (found.is_published or offers(actor_of(request), LessonPerm.WRITE, found)):
        raise Http404
    if reference != found.incident.reference:
        return redirect("postmortem-revision", found.incident.reference, number, permanent=True)
    return _gate(request, found) or _older(request, found, revision)


@incident_page
def postmortem_preview(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """What the public would see, with what is still inside it, and the decision."""
    found = _published(incident)
    actor = actor_of(request)
    require(actor, LessonPerm.PUBLISH_PUBLIC, found)
    form = PublicForm(sent(request), postmortem=found)

    def decide() -> Postmortem:
        data = form.cleaned_data
        return lifecycle.set_public(
            actor=actor, postmortem=found, public=data["public"], seen_revision=data["revision"], now=timezone.now()
        )

    if attempt(form, decide):
        return redirect(found)
    # Whoever was refused sees the latest revision now, and what they decide next is about that.
    form.show_latest(found)
    context = {"postmortem": found, "revision": found.published_revision, "findings": findings.inside(found)}
    return form_page(request, "postmortems/preview.html", form, **context)


@require_safe
@incident_page
def postmortem_as_public(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """The page as the public sees it, or would."""
    found = _published(incident)
    require(actor_of(request), LessonPerm.PUBLISH_PUBLIC, found)
    assert found.published_revision is not None  # noqa: S101 - _published() holds no other
    return render(request, "postmortems/read.html", _as_public(found, found.published_revision))


@login_not_required
@require_safe
def library(request: PageRequest) -> HttpResponse:
    """Everything published that this reader may read, latest first."""
    is_public = _is_public(request)
    form = LibraryForm(request.GET, user=request.user, is_public=is_public)
    form.is_valid()
    found = Postmortem.objects.readable_by(request.user).for_library().filtered(**form.criteria())
    context = {
        "form": form,
        "page": keyset_page(found, order=LIBRARY_ORDER, params=request.GET),
        "query": filters_of(request).urlencode(),
        "zone": reader_zone(request.user),
        "is_public": is_public,
    }
    template = "postmortems/_library_rows.html" if request.htmx else "postmortems/library.html"
    return render(request, template, context)


def _is_public(request: HttpRequest) -> bool:
    """Whether this reader sees only what everybody sees: nobody is signed in, or the account has no role."""
    return request.user.is_anonymous or not request.user.is_reader


def _found(request: HttpRequest, reference: str) -> Postmortem | None:
    return Postmortem.objects.readable_by(request.user).of_reference(reference).for_reading().first()


def _not_found(request: HttpRequest, reference: str) -> HttpResponse:
    """410 for what the public once could read, else the same 404 for all that is hidden or absent."""
    if Postmortem.objects.of_reference(reference).withdrawn_from_public().exists():
        return render(request, "postmortems/gone.html", status=410)
    raise Http404


def _published(incident: Incident) -> Postmortem:
    found = Postmortem.objects.filter(incident=incident).for_reading().first()
    if found is None or found.published_revision is None or not found.is_published:
        raise Http404
    return found


def _gate(request: HttpRequest, found: Postmortem) -> HttpResponse | None:
    return private_gate(request, found.incident) if found.incident.is_private else None


def _page(request: HttpRequest, found: Postmortem) -> HttpResponse:
    """The page, or 304 where the reader has this very page."""
    revision = found.published_revision
    assert revision is not None  # noqa: S101 - readable ones have one, which a constraint of the table holds
    context = _context(request, found, revision)
    tag = _tag(request, found, context)
    # What was just done is said once, on a page that is sent.
    unchanged = None if messages.get_messages(request) else get_conditional_response(request, etag=tag)
    response = unchanged or render(request, "postmortems/read.html", context)
    response["ETag"] = tag
    if found.incident.is_private:
        response["Cache-Control"] = "no-store"
    return response


def _older(request: HttpRequest, found: Postmortem, revision: Revision) -> HttpResponse:
    response = render(request, "postmortems/read.html", {**_context(request, found, revision), "older": True})
    if found.incident.is_private:
        response["Cache-Control"] = "no-store"
    return response


def _tag(request: HttpRequest, found: Postmortem, context: dict[str, Any]) -> str:
    """Changes with everything that the page shows: revision, live states, reader, day, version of the program."""
    user = request.user
    parts: list[object] = [found.published_revision_id, found.version, html.RENDERER_VERSION]
    parts += [static("css/nevertwice.css"), settings.ORG_NAME]
    if not user.is_anonymous:
        parts += [user.pk, user.name, user.role, user.colour_scheme, user.keys_enabled]
        # Forms on the page hold a token made of the cookie, which this makes sure there is.
        get_token(request)
        parts += [request.META["CSRF_COOKIE"], context.get("today"), heartbeat.is_silent()]
    parts += [(item.pk, item.version, str(item.owner)) for item in context["items"]]
    parts += [(cause.pk, cause.version, cause.incident.version) for cause in context["repeats"]]
    parts += [(other.pk, other.version) for other in context["related"]]
    return quote_etag(hashlib.sha256(repr(parts).encode()).hexdigest()[:24])


def _context(request: HttpRequest, found: Postmortem, revision: Revision) -> dict[str, Any]:
    """The stored HTML of a revision, and what is live around it: the work, and others like it."""
    if _is_public(request):
        return _as_public(found, revision)
    actor = actor_of(request)
    is_latest = revision.pk == found.published_revision_id
    alike = list(RootCause.objects.like_those_of(found.incident, request.user)) if is_latest else []
    related = {cause.incident_id: cause.incident.postmortem for cause in alike if not cause.is_same}
    return {
        "postmortem": found,
        "revision": revision,
        "article": revision.html_internal,
        "canonical": found.get_absolute_url(),
        "is_public": False,
        "items": list(ActionItem.objects.of_postmortem(found)) if is_latest else [],
        "planned": [] if is_latest else html.planned_items(revision.document),
        "repeats": [cause for cause in alike if cause.is_same],
        "related": list(related.values())[:MAX_RELATED],
        "may_publish": found.is_published and offers(actor, LessonPerm.PUBLISH_PUBLIC, found),
        "may_write": offers(actor, LessonPerm.WRITE, found),
        "zone": parse_zone(found.incident.home_zone),
        "today": timezone.now().astimezone(reader_zone(request.user)).date(),
    }


def _as_public(found: Postmortem, revision: Revision) -> dict[str, Any]:
    """What everybody may see, and nothing that is live."""
    return {
        "postmortem": found,
        "revision": revision,
        "article": revision.html_public,
        "canonical": found.get_absolute_url(),
        "is_public": True,
        "items": [],
        "planned": html.planned_items(revision.document),
        "repeats": [],
        "related": [],
        "may_publish": False,
        "may_write": False,
        "zone": parse_zone(revision.document["incident"]["home_zone"]),
    }
