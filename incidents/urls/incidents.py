"""Addresses of incidents and all that hangs on one."""

from django.urls import URLPattern, URLResolver, include, path

from ..domain.lifecycle import Verb
from ..views import declaration, incident, milestones, roles, timeline, today

_entry = [
    path("", timeline.entry, name="entry"),
    path("edit/", timeline.entry_edit, name="entry-edit"),
    path("star/", timeline.entry_star, name="entry-star"),
    path("strike/", timeline.entry_strike, name="entry-strike"),
    path("restore/", timeline.entry_restore, name="entry-restore"),
    path("move/", timeline.entry_move, name="entry-move"),
]

_incident: list[URLPattern | URLResolver] = [
    path("", incident.incident, name="incident"),
    path("edit/", incident.edit, name="incident-edit"),
    path("severity/", incident.severity, name="incident-severity"),
    path("follow/", incident.follow, name="incident-follow"),
    path("related/", incident.relate, name="incident-relate"),
    path("promote/", declaration.promote, name="incident-promote"),
    path("audit/", incident.incident_audit, name="incident-audit"),
    path("timeline/", timeline.timeline_page, name="timeline"),
    path("timeline/echo/", timeline.entry_echo, name="entry-echo"),
    path("timeline/time/", timeline.moment_echo, name="moment-echo"),
    path("timeline/<int:event_id>/", include(_entry)),
    path("milestones/", milestones.milestones, name="milestones"),
    path("impact/", milestones.impact_new, name="impact-new"),
    path("impact/<int:impact_id>/", milestones.impact_edit, name="impact-edit"),
    path("impact/<int:impact_id>/remove/", milestones.impact_remove, name="impact-remove"),
    path("roles/", roles.roles, name="roles"),
    path("roles/take/", roles.take_role, name="role-take"),
    path("members/", roles.members, name="members"),
    path("members/remove/", roles.member_remove, name="member-remove"),
    path("members/make-private/", roles.make_private, name="make-private"),
    path("members/lift-private/", roles.lift_private, name="lift-private"),
    path("members/open/", incident.open_private, name="open-private"),
    *(path(f"{verb}/", incident.transition, {"verb": verb}, name=f"incident-{verb}") for verb in Verb),
]

urlpatterns = [
    path("", today.today, name="today"),
    path("incidents/new/", declaration.incident_new, name="incident-new"),
    path("incidents/new/open-now/", declaration.open_now, name="open-now"),
    path("incidents/new/time/", declaration.time_echo, name="time-echo"),
    path("incidents/<slug:reference>/", include(_incident)),
]
