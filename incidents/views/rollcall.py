"""Asking colleagues what went live, and the page on which each of them answers."""

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST

from ..clock_text import zone_label
from ..domain import rollcall, rollcall_answers
from ..forms.rollcall import AnswerForm, RollCallForm
from ..models import Incident, RollCallAnswer
from ..permissions import Actor, Perm, require
from ..requests import SignedInRequest
from .access import actor_of, clock_for, incident_page, page_zone, private_gate
from .answers import attempt, form_page, sent


@require_http_methods(["GET", "HEAD", "POST"])
@incident_page
def roll_call(request: SignedInRequest, incident: Incident) -> HttpResponse:
    """How far the roll calls of an incident are, and asking anew."""
    actor, now, zone = actor_of(request), timezone.now(), page_zone(request, incident)
    require(actor, Perm.ROLL_CALL, incident)
    candidates = rollcall.candidates(incident, actor=actor, now=now)
    clock = clock_for(incident, zone.zone, now)
    form = RollCallForm(sent(request), incident=incident, candidates=candidates, clock=clock)
    if asked := attempt(form, partial(_ask, request, incident, form)):
        _say_whom(request, asked)
        return redirect("roll-call", incident.reference)
    reach = rollcall.reach(candidates)
    standing = rollcall.standing(incident, reader=request.user)
    context = {"incident": incident, "zone": zone, "reach": reach, "may_begin": rollcall.may_begin(incident)}
    return form_page(request, "incidents/roll_call.html", form, standing=standing, **context)


def _ask(request: SignedInRequest, incident: Incident, form: RollCallForm) -> rollcall.Asked:
    data = form.cleaned_data
    return rollcall.ask(
        actor=actor_of(request),
        incident=incident,
        people=list(data["people"]),
        from_at=data["from_at"].at,
        to_at=data["to_at"].at,
        note=data["note"],
        client_id=data["client_id"],
        now=timezone.now(),
    )


def _say_whom(request: SignedInRequest, asked: rollcall.Asked) -> None:
    count = asked.roll_call.answers.count()
    said = ngettext("%(count)d person is asked.", "%(count)d people are asked.", count) % {"count": count}
    messages.success(request, said)
    if asked.left_out:
        names = ", ".join(person.name for person in asked.left_out)
        messages.info(
            request, _("Left out, because they are asked about this time already: %(names)s.") % {"names": names}
        )


@require_POST
@incident_page
def roll_call_end(request: SignedInRequest, incident: Incident, roll_call_id: int) -> HttpResponse:
    found = get_object_or_404(incident.roll_calls, pk=roll_call_id)
    rollcall.end(actor=actor_of(request), roll_call=found, now=timezone.now())
    messages.success(request, _("The roll call is over. Everybody who was asked is told that there is nothing to do."))
    return redirect("roll-call", incident.reference)


@login_not_required
@cache_control(no_store=True)
@require_http_methods(["GET", "HEAD", "POST"])
def roll_call_answer(request: HttpRequest, roll_call_token: str) -> HttpResponse:
    """The page behind the link in the notice. Opening it is no answer: mail programs open links by themselves."""
    answer = _answer(roll_call_token)
    if answer is None:
        return render(request, "incidents/roll_call_over.html")
    if stop := _stop(request, answer):
        return stop
    now, zone = timezone.now(), rollcall.zone_of(answer.person)
    form = AnswerForm(sent(request), clock=clock_for(answer.incident, zone, now))
    actor = Actor.person(answer.person)
    give = partial(rollcall_answers.give, actor=actor, answer=answer, now=now)
    if attempt(form, lambda: give(said=form.said(answer))):
        return redirect(request.path)
    context = {"answer": answer, "incident": answer.incident, "zone": zone, "zone_label": zone_label(zone, now)}
    return form_page(request, "incidents/roll_call_answer.html", form, **context)


def _answer(token: str) -> RollCallAnswer | None:
    """The answer that this link is for; nothing where it is over, and 404 for a link that we never made."""
    key = rollcall.key_of(token)
    if key is None:
        raise Http404
    related = ("person", "change", "roll_call__asked_by", "roll_call__incident")
    answer = RollCallAnswer.objects.select_related(*related).filter(key=key).first()
    if answer is None or not rollcall_answers.is_open(answer):
        return None
    if not Actor.person(answer.person).sees(answer.incident):
        raise Http404
    return answer


def _stop(request: HttpRequest, answer: RollCallAnswer) -> HttpResponse | None:
    """Of a private incident the link alone shows nothing: whoever was asked has to sign in."""
    if not answer.incident.is_private:
        return None
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if request.user != answer.person:
        raise Http404
    return private_gate(request, answer.incident)
