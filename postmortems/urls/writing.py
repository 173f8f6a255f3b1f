"""Addresses of drafts, reviews and templates."""

from django.urls import URLPattern, URLResolver, include, path

from ..views import checklist, templates, writing

_postmortem = [
    path("start/", writing.start, name="postmortem-start"),
    path("edit/", writing.edit, name="postmortem-edit"),
    path("edit/<int:section_id>/", writing.section_save, name="section-save"),
    path("edit/<int:section_id>/waive/", writing.section_waive, name="section-waive"),
    path("edit/wording/", writing.wording_hint, name="wording-hint"),
    path("review/", writing.review, name="postmortem-review"),
    path("history/", writing.history, name="postmortem-history"),
    path("not-required/", writing.not_required, name="postmortem-not-required"),
    path("retract/", writing.retract, name="postmortem-retract"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("checklist/", checklist.checklist, name="checklist"),
    path("templates/", templates.template_list, name="template-list"),
    path("templates/new/", templates.template_new, name="template-new"),
    path("templates/<int:template_id>/", templates.template_edit, name="template-edit"),
    path("<slug:reference>/", include(_postmortem)),
]
