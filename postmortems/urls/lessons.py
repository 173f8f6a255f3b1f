"""Addresses of causes, safety nets and action items."""

from django.urls import include, path

from ..views import action_lists, actions, causes

_on_incident = [
    path("causes/new/", causes.cause_new, name="cause-new"),
    path("causes/<int:cause_id>/", causes.cause_edit, name="cause-edit"),
    path("causes/<int:cause_id>/remove/", causes.cause_remove, name="cause-remove"),
    path("causes/<int:cause_id>/restore/", causes.cause_restore, name="cause-restore"),
    path("defences/", causes.defences, name="defences"),
    path("actions/new/", actions.action_new, name="action-new"),
]

urlpatterns = [
    path("incidents/<slug:reference>/", include(_on_incident)),
    path("actions/", action_lists.action_list, name="action-list"),
    path("actions/export.csv", action_lists.action_export, name="action-export"),
    path("actions/many/", action_lists.action_many, name="action-many"),
    path("actions/adopt/", action_lists.action_adopt, name="action-adopt"),
    path("actions/<slug:reference>/", actions.action, name="action"),
    path("actions/<slug:reference>/edit/", actions.action_edit, name="action-edit"),
    path("actions/<slug:reference>/step/<slug:verb>/", actions.action_step, name="action-step"),
]
