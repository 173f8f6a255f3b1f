"""Addresses of incidents and all that hangs on one."""

from django.urls import URLPattern, URLResolver, include, path

from ..domain.lifecycle import Verb
from ..views import (
    calls,
    declaration,
    incident,
    incident_changes,
    milestones,
    pictures,
    roles,
    rollcall,
    timeline,
    today,
    updates,
)

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
    path("have-it/", calls.have_it, name="have-it"),
    path("follow/", incident.follow, name="incident-follow"),
    path("related/", incident.relate, name="incident-relate"),
    path("promote/", declaration.promote, name="incident-promote"),
    path("audit/", incident.incident_audit, name="incident-audit"),
    path("timeline/", timeline.timeline_page, name="timeline"),
    path("timeline/echo/", timeline.entry_echo, name="entry-echo"),
    path("timeline/time/", timeline.moment_echo, name="moment-echo"),
    path("timeline/<int:event_id>/", include(_entry)),
    path("news/", updates.news, name="incident-news"),
    path("updates/", updates.updates, name="updates"),
    path("updates/<int:update_id>/cancel/", updates.update_cancel, name="update-cancel"),
    path("status/", updates.status, name="incident-status"),
    path("status/link/", updates.status_link_make, name="status-link-make"),
    path("changes/", incident_changes.incident_changes, name="incident-changes"),
    path("changes/<int:change_id>/", incident_changes.change_judge, name="change-judge"),
    path("milestones/", milestones.milestones, name="milestones"),
    path("impact/", milestones.impact_new, name="impact-new"),
    path("impact/<int:impact_id>/", milestones.impact_edit, name="impact-edit"),
    path("impact/<int:impact_id>/remove/", milestones.impact_remove, name="impact-remove"),
    path("pictures/", pictures.pictures, name="pictures"),
    path("pictures/<uuid:picture_name>.<slug:picture_format>", pictures.picture, name="picture"),
    path("pictures/<uuid:picture_name>/remove/", pictures.picture_remove, name="picture-remove"),
    path("roll-call/", rollcall.roll_call, name="roll-call"),
    path("roll-call/<int:roll_call_id>/end/", rollcall.roll_call_end, name="roll-call-end"),
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
    path("status/<str:status_token>/", updates.status_by_link, name="status-link"),
    path("incidents/<slug:reference>/", include(_incident)),
    path("roll-call/<str:roll_call_token>/", rollcall.roll_call_answer, name="roll-call-answer"),
]
