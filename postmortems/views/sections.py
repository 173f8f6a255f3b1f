"""The sections of a draft: their text, their names, their order. Each in place where the page asked so."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from incidents.models import Incident
from incidents.requests import SignedInRequest
from incidents.views.access import actor_of, incident_page
from incidents.views.answers import attempt, sent

from .. import merging
from ..differences import GONE, Piece, differences
from ..domain import sections
from ..enums import SectionKind
from ..forms.writing import NewSectionForm, RenameForm, SectionForm
from ..models import Section
from ..publication import document
from . import editor
from .draft import draft_of, shown


@require_POST
@incident_page
def section_save(request: SignedInRequest, incident: Incident, section_id: int) -> HttpResponse:
    """Save one section: by itself while somebody types, else back to the editor."""
    section = _section(request, incident, section_id)
    form = SectionForm(request.POST, section=section)
    saved = attempt(form, lambda: _save(request, section, form))
    if request.htmx:
        return editor.saved_in_place(request, section.postmortem, form, saved)
    if saved:
        return _back(section)
    return _refused(request, section, form)


@require_POST
@incident_page
def section_add(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """Add a section at the end."""
    postmortem = draft_of(request, incident)
    form = NewSectionForm(request.POST)

    def add() -> Section:
        data = {**form.cleaned_data, "kind": SectionKind(form.cleaned_data["kind"])}
        return sections.add(actor=actor_of(request), postmortem=postmortem, now=timezone.now(), **data)

    section = attempt(form, add)
    if not request.htmx:
        return _back(section) if section else editor.page(request, postmortem, new_section=form)
    if section is None:
        refused = {**shown(request, postmortem), "new_section": form}
        return render(request, "postmortems/_section_new.html", refused, status=422)
    added = {**editor.card(request, section), "new_section": NewSectionForm()}
    return render(request, "postmortems/_section_added.html", added)


@incident_page
def section_rename(request: SignedInRequest, incident: Incident, section_id: int) -> HttpResponse:
    """Give a section another heading or kind."""
    section = _section(request, incident, section_id)
    form = RenameForm(sent(request), section=section)

    def rename() -> Section:
        given = form.cleaned_data
        data = {"heading": given["heading"], "kind": SectionKind(given["kind"]), "seen": given["seen"] or None}
        return sections.rename(actor=actor_of(request), section=section, now=timezone.now(), **data)

    if attempt(form, rename):
        return _head(request, section) if request.htmx else _back(section)
    if getattr(form, "is_stale", False):
        form.meet(section)
    page = "postmortems/_section_rename.html" if request.htmx else "postmortems/section_rename.html"
    context = {**shown(request, section.postmortem), "form": form, "section": section}
    return render(request, page, context, status=422 if form.errors else 200)


@require_safe
@incident_page
def section_head(request: SignedInRequest, incident: Incident, section_id: int) -> HttpResponse:
    """The heading of a section with what can be done to it, after somebody has thought better of renaming it."""
    section = _section(request, incident, section_id)
    return _head(request, section) if request.htmx else _back(section)


@require_POST
@incident_page
def section_move(request: SignedInRequest, incident: Incident, section_id: int) -> HttpResponse:
    """Move a section up or down by one. In place, the page is told the order and keeps what is typed in it."""
    section = _section(request, incident, section_id)
    by = 1 if request.POST.get("way") == "down" else -1
    sections.move(actor=actor_of(request), section=section, by=by, now=timezone.now())
    if not request.htmx:
        return _back(section)
    order = [f"s{key}" for key in section.postmortem.sections.values_list("pk", flat=True)]
    return trigger_client_event(HttpResponse(status=204), "section-order", {"order": order})


@require_POST
@incident_page
def section_remove(request: SignedInRequest, incident: Incident, section_id: int) -> HttpResponse:
    """Take a section out of the draft."""
    section = _section(request, incident, section_id)
    sections.remove(actor=actor_of(request), section=section, now=timezone.now())
    if request.htmx:
        return render(
            request, "postmortems/_section_removed.html", {**shown(request, section.postmortem), "section": section}
        )
    undo = reverse("section-restore", args=[incident.reference, section_id])
    messages.success(request, _("Section removed."), extra_tags=f"undo:{undo}")
    return redirect("postmortem-edit", incident.reference)


@require_POST
@incident_page
def section_restore(request: SignedInRequest, incident: Incident, section_id: int) -> HttpResponse:
    """Put a removed section back, with the text that somebody was writing in it meanwhile."""
    section = _section(request, incident, section_id)
    form = SectionForm({"version": section.version, **request.POST.dict()}, section=section)

    def restore() -> Section:
        text = form.cleaned_data["text"] if "text" in request.POST else None
        return sections.restore(
            actor=actor_of(request), section=section, now=timezone.now(), text=text, base=form.began_with()
        )

    restored = attempt(form, restore)
    if restored is None:
        return _refused(request, section, form)
    if not request.htmx:
        return _back(section)
    return render(request, "postmortems/_section.html", editor.card(request, section))


@require_POST
@incident_page
def section_waive(request: SignedInRequest, incident: Incident, section_id: int) -> HttpResponse:
    """Decide that a section has nothing to say; ``waived=`` without a value takes that back."""
    section = _section(request, incident, section_id)
    form = SectionForm(request.POST, section=section)
    form.fields["version"].required = False
    waived = bool(request.POST.get("waived"))

    def save() -> Section:
        unsaved = form.cleaned_data["text"]
        return sections.waive(
            actor=actor_of(request), section=section, waived=waived, now=timezone.now(), unsaved=unsaved
        )

    return _back(section) if attempt(form, save) else _refused(request, section, form)


@require_POST
@incident_page
def section_preview(request: SignedInRequest, incident: Incident, section_id: int) -> HttpResponse:
    """What readers will see of a section as it is typed, and what of it is not known."""
    section = _section(request, incident, section_id)
    form = SectionForm(request.POST, section=section)
    context = {**shown(request, section.postmortem), "section": section, "form": form}
    text = attempt(form, lambda: form.cleaned_data["text"])
    if text is not None:
        context |= {"html": attempt(form, lambda: document.preview(section, text))}
        context |= {"unknown": document.unknown_values(section.postmortem, [text])}
    page = "postmortems/_section_preview.html" if request.htmx else "postmortems/section_preview.html"
    return render(request, page, context, status=422 if form.errors else 200)


def _section(request: SignedInRequest, incident: Incident, section_id: int) -> Section:
    """The section of this draft, also one that was removed: whoever is writing in it is told so."""
    postmortem = draft_of(request, incident)
    section = Section.every.filter(postmortem=postmortem, pk=section_id).first()
    if section is None:
        raise Http404
    section.postmortem = postmortem
    return section


def _save(request: SignedInRequest, section: Section, form: SectionForm) -> Section:
    data = form.cleaned_data
    return sections.save(
        actor=actor_of(request),
        section=section,
        text=data["text"],
        now=timezone.now(),
        version=data["version"],
        base=form.began_with(),
    )


def _refused(request: SignedInRequest, section: Section, form: SectionForm) -> HttpResponse:
    """Both texts where somebody else changed the same words or removed the section, else what is wrong."""
    current = Section.every.select_related("saved_by", "removed_by").get(pk=section.pk)
    is_stale = bool(getattr(form, "is_stale", False))
    if not is_stale and current.removed_at is None:
        return editor.page(request, section.postmortem, section=form)
    context = {**shown(request, section.postmortem), "form": form, "section": current, **_both(current, form)}
    return render(request, "postmortems/merge.html", context, status=409 if is_stale else 422)


def _both(current: Section, form: SectionForm) -> dict[str, Any]:
    """What is stored and what was sent, each with what it changed, and a proposal that holds the words of both."""
    mine = str(form["text"].value() or "").replace("\r\n", "\n")
    base = form.began_with()
    base = None if base is None else base.replace("\r\n", "\n")
    if base is None:
        proposal = merging.both(current.text, mine)
        return {
            "proposal": proposal,
            "theirs": differences(mine, current.text),
            "mine": differences(current.text, mine),
        }
    proposal = merging.merge(base, current.text, mine)
    return {"proposal": proposal, "theirs": differences(base, current.text), "mine": differences(base, mine)}


def _standing(pieces: list[Piece]) -> list[Piece]:
    return [piece for piece in pieces if piece.kind != GONE]


def _head(request: SignedInRequest, section: Section) -> HttpResponse:
    return render(request, "postmortems/_section_head.html", {**shown(request, section.postmortem), "section": section})


def _back(section: Section) -> HttpResponse:
    """The editor at this section."""
    return redirect(f"{reverse('postmortem-edit', args=[section.postmortem.incident.reference])}#s{section.pk}")
