"""Addresses of teams, services and severities."""

from django.urls import include, path

from ..views import notices, services, severities, teams

_team = [
    path("", teams.team, name="team"),
    path("edit/", teams.team_edit, name="team-edit"),
    path("retire/", teams.team_retire, name="team-retire"),
    path("bring-back/", teams.team_bring_back, name="team-bring-back"),
]
_service = [
    path("", services.service, name="service"),
    path("edit/", services.service_edit, name="service-edit"),
    path("follow/", notices.follow_service, name="service-follow"),
    path("retire/", services.service_retire, name="service-retire"),
    path("bring-back/", services.service_bring_back, name="service-bring-back"),
]

urlpatterns = [
    path("teams/", teams.teams, name="teams"),
    path("teams/new/", teams.team_new, name="team-new"),
    path("teams/<int:team_id>/", include(_team)),
    path("services/", services.service_list, name="service-list"),
    path("services/new/", services.service_new, name="service-new"),
    path("services/<slug:slug>/", include(_service)),
    path("severities/", severities.severities, name="severities"),
    path("severities/<slug:code>/", severities.severity, name="severity"),
]
