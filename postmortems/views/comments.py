"""Comments on a draft, each answered in place where the page asked so."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from incidents.models import Incident
from incidents.permissions import require
from incidents.requests import SignedInRequest
from incidents.views.access import actor_of, incident_page
from incidents.views.answers import attempt, form_page, sent

from ..domain import comments, versions
from ..forms.reviews import CommentEditForm, CommentForm
from ..models import Comment, Postmortem, Section, Thread
from ..permissions import LessonPerm
from .draft import draft_of, shown


@dataclass(frozen=True, slots=True)
class Conversation:
    """A thread as a page shows it: what was said, the form to answer it, and whether it is open."""

    thread: Thread
    comments: list[Comment]
    form: CommentForm

    @property
    def is_open(self) -> bool:
        """Whether it is to be seen at once: also what was settled while somebody wrote an answer."""
        return not self.thread.is_resolved or bool(self.form.errors)

    @property
    def name(self) -> str:
        """What stands for it where what is typed is kept."""
        return _name(self.thread)


@dataclass(frozen=True, slots=True)
class PartThreads:
    """The threads on one part of the draft, the open ones first, and the form to begin another."""

    key: str
    section: Section | None
    open: list[Conversation]
    resolved: list[Conversation]
    form: CommentForm


@dataclass
class ThreadsByPart:
    """Gives each part of a page its threads, once; what is left over are threads on parts that are gone.

    Three queries, however many there are.
    """

    postmortem: Postmortem
    refused: CommentForm | None = None
    refused_in: str = ""
    _found: dict[str, list[Thread]] = field(init=False)

    def __post_init__(self) -> None:
        self._found = defaultdict(list)
        for thread in self.postmortem.threads.for_page().select_related("section"):
            self._found[versions.key_of(thread.section)].append(thread)
        self.open_count = sum(not thread.is_resolved for threads in self._found.values() for thread in threads)

    def of(self, section: Section | None) -> PartThreads:
        """The threads on this section, or without one on the whole postmortem."""
        key = versions.key_of(section)
        conversations = [self._conversation(thread) for thread in self._found.pop(key, [])]
        return PartThreads(
            key=key,
            section=section,
            open=[talk for talk in conversations if talk.is_open],
            resolved=[talk for talk in conversations if not talk.is_open],
            form=self._form(key),
        )

    def left_over(self) -> list[PartThreads]:
        """Threads on sections that stand in the draft no more."""
        return [self.of(threads[0].section) for threads in list(self._found.values())]

    def _conversation(self, thread: Thread) -> Conversation:
        return Conversation(thread, list(thread.comments.all()), self._form(_name(thread)))

    def _form(self, name: str) -> CommentForm:
        if self.refused is not None and self.refused_in == name:
            return self.refused
        return CommentForm(auto_id=f"id_{name}_%s")


def _name(thread: Thread) -> str:
    return f"t{thread.pk}"


@require_POST
@incident_page
def begin(request: SignedInRequest, incident: Incident, section_id: int | None = None) -> HttpResponse:
    """Begin a thread on a section, or on the whole postmortem."""
    postmortem = draft_of(request, incident)
    section = get_object_or_404(postmortem.sections, pk=section_id) if section_id is not None else None
    part = versions.key_of(section)
    form = CommentForm(request.POST, auto_id=f"id_{part}_%s")
    begun = attempt(
        form,
        lambda: comments.begin(
            actor=actor_of(request), postmortem=postmortem, section=section, now=timezone.now(), **form.cleaned_data
        ),
    )
    return _answer(request, postmortem, section, begun, form, part)


@require_POST
@incident_page
def reply(request: SignedInRequest, incident: Incident, thread_id: int) -> HttpResponse:
    """Answer in a thread."""
    thread = _thread(request, incident, thread_id)
    name = _name(thread)
    form = CommentForm(request.POST, auto_id=f"id_{name}_%s")
    said = attempt(
        form,
        lambda: comments.reply(actor=actor_of(request), thread=thread, now=timezone.now(), **form.cleaned_data),
    )
    return _answer(request, thread.postmortem, thread.section, said, form, name)


@require_POST
@incident_page
def settle(request: SignedInRequest, incident: Incident, thread_id: int) -> HttpResponse:
    """Resolve a thread, or open it again."""
    thread = _thread(request, incident, thread_id)
    act = comments.resolve if request.POST.get("resolved") == "1" else comments.reopen
    act(actor=actor_of(request), thread=thread, now=timezone.now())
    return _answer(request, thread.postmortem, thread.section, thread)


@incident_page
def edit(request: SignedInRequest, incident: Incident, comment_id: int) -> HttpResponse:
    """Put one's own comment right."""
    postmortem, actor = draft_of(request, incident), actor_of(request)
    own = Comment.objects.filter(thread__postmortem=postmortem).select_related("thread__section")
    comment = get_object_or_404(own, pk=comment_id)
    comment.thread.postmortem = postmortem
    require(actor, LessonPerm.EDIT_COMMENT, comment)
    form = CommentEditForm(sent(request), comment=comment)
    if attempt(form, lambda: comments.edit(actor=actor, comment=comment, now=timezone.now(), **form.cleaned_data)):
        return redirect(_address(postmortem, versions.key_of(comment.thread.section)))
    context = {**shown(request, postmortem), "comment": comment}
    return form_page(request, "postmortems/comment.html", form, **context)


def _thread(request: SignedInRequest, incident: Incident, thread_id: int) -> Thread:
    postmortem = draft_of(request, incident)
    thread: Thread = get_object_or_404(postmortem.threads.select_related("section"), pk=thread_id)
    thread.postmortem = postmortem
    return thread


def _answer(
    request: SignedInRequest,
    postmortem: Postmortem,
    section: Section | None,
    done: Any,
    form: CommentForm | None = None,
    name: str = "",
) -> HttpResponse:
    """The threads of the part anew, with what was refused in its place; without a script the page."""
    if done and not request.htmx:
        return redirect(_address(postmortem, versions.key_of(section)))
    threads = ThreadsByPart(postmortem, refused=None if done else form, refused_in=name)
    context = {**shown(request, postmortem), "threads": threads.of(section)}
    page = "postmortems/_threads.html" if request.htmx else "postmortems/threads.html"
    return render(request, page, context, status=200 if done else 422)


def _address(postmortem: Postmortem, part: str) -> str:
    return reverse("postmortem-review", args=[postmortem.incident.reference]) + f"#threads-{part}"
