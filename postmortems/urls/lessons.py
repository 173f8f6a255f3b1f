"""Addresses of causes, safety nets and action items."""

from django.urls import include, path

from ..views import action_lists, actions, causes, repeats

_on_incident = [
    path("causes/new/", causes.cause_new, name="cause-new"),
    path("causes/<int:cause_id>/", causes.cause_edit, name="cause-edit"),
    path("causes/<int:cause_id>/remove/", causes.cause_remove, name="cause-remove"),
    path("causes/<int:cause_id>/restore/", causes.cause_restore, name="cause-restore"),
    path("causes/<int:cause_id>/same/", repeats.same_cause, name="cause-same"),
    path("causes/<int:cause_id>/same/undo/", repeats.same_cause_undo, name="cause-same-undo"),
    path("causes/<int:cause_id>/not-same/<int:earlier_id>/", repeats.not_same, name="cause-not-same"),
    path("causes/<int:cause_id>/not-same/<int:earlier_id>/undo/", repeats.not_same_undo, name="cause-not-same-undo"),
    path("repeats/", repeats.repeat_mark, name="repeat-mark"),
    path("repeats/undo/", repeats.repeat_unmark, name="repeat-unmark"),
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
