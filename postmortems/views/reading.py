"""Reading: the library, a published postmortem, its older revisions, and the preview for the public.

The only pages that serve anonymous readers. They see public postmortems and nothing else; so does an account without
a role.
"""

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from incidents import registry
from incidents.models import Incident
from incidents.paging import keyset_page
from incidents.permissions import Actor, offers, require
from incidents.requests import PageRequest, SignedInRequest
from incidents.views.access import actor_of, incident_page, private_gate
from incidents.views.answers import attempt, filters_of, form_page, sent
from incidents.zones import reader_zone

from ..domain import lifecycle
from ..forms.reading import LibraryForm, PublicForm
from ..models import Postmortem, Revision
from ..permissions import LessonPerm
from ..publication import findings, page
from ..querysets import LIBRARY_ORDER
from . import published


@login_not_required
@require_safe
def postmortem(request: HttpRequest, reference: str) -> HttpResponse:
    """The short address leads to the canonical one."""
    found = page.find(request.user, reference)
    if found is None:
        return _not_found(request, reference)
    return redirect(found.url, permanent=reference != found.reference)


@login_not_required
@require_safe
def postmortem_canonical(request: HttpRequest, reference: str, slug: str) -> HttpResponse:
    """A published postmortem, unchanged since its publication but for what is live on it."""
    found = page.find(request.user, reference)
    if found is None:
        return _not_found(request, reference)
    if request.path != found.url:
        return redirect(found.url, permanent=True)
    if found.is_private and (gate := _gate(request, Incident.objects.get(pk=found.incident_id))):
        return gate
    return _unkept(published.answer(request, found.page(_reader(request), _today(request))), found.is_private)


@login_not_required
@require_safe
def postmortem_revision(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """An older revision, for those who see the incident; of a retracted postmortem for those who write."""
    revision = _revision(request, reference, number)
    if revision is None:
        raise Http404
    found = revision.postmortem
    if not (found.is_published or offers(actor_of(request), LessonPerm.WRITE, found)):
        raise Http404
    if reference != found.incident.reference:
        return redirect("postmortem-revision", found.incident.reference, number, permanent=True)
    if gate := _gate(request, found.incident):
        return gate
    shown = page.of_revision(found, revision, _reader(request))
    return _unkept(published.answer(request, shown), found.incident.is_private)


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
    return published.answer(request, page.of_revision(found, found.published_revision, None))


@login_not_required
@require_safe
def library(request: PageRequest) -> HttpResponse:
    """Everything published that this reader may read, latest first."""
    is_public = _is_public(request)
    form = LibraryForm(request.GET, user=request.user, is_public=is_public)
    form.is_valid()
    found = Postmortem.objects.readable_by(request.user).for_library().filtered(**form.criteria())
    page = keyset_page(found, order=LIBRARY_ORDER, params=request.GET)
    _mark(request, page.rows)
    context = {
        "form": form,
        "page": page,
        "query": filters_of(request).urlencode(),
        "zone": reader_zone(request.user),
        "is_public": is_public,
    }
    template = "postmortems/_library_rows.html" if request.htmx else "postmortems/library.html"
    return render(request, template, context)


def _mark(request: PageRequest, rows: list[Any]) -> None:
    """Give each postmortem the marks of its incident that this reader may see; the public is shown none."""
    if _is_public(request):
        return
    marks = registry.marks(request.user, [postmortem.incident_id for postmortem in rows])
    for postmortem in rows:
        postmortem.marks = marks.get(postmortem.incident_id, [])


def _is_public(request: HttpRequest) -> bool:
    """Whether this reader sees only what everybody sees: nobody is signed in, or the account has no role."""
    return request.user.is_anonymous or not request.user.is_reader


def _revision(request: HttpRequest, reference: str, number: int) -> Revision | None:
    of_incident = Postmortem.objects.visible_to(request.user).of_reference(reference)
    revisions = Revision.objects.select_related("postmortem__incident")
    return revisions.filter(postmortem__in=of_incident, number=number).first()


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


def _gate(request: HttpRequest, incident: Incident) -> HttpResponse | None:
    return private_gate(request, incident) if incident.is_private else None


def _reader(request: HttpRequest) -> Actor | None:
    """Who reads, unless it is somebody who sees only what everybody sees."""
    return None if _is_public(request) else actor_of(request)


def _today(request: HttpRequest) -> dt.date:
    return timezone.now().astimezone(reader_zone(request.user)).date()


def _unkept(response: HttpResponse, is_private: bool) -> HttpResponse:
    """No browser keeps what is private."""
    if is_private:
        response["Cache-Control"] = "no-store"
    return response
