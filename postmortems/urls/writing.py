"""Addresses of drafts, reviews and templates."""

from django.urls import URLPattern, URLResolver, include, path

from ..views import checklist, comments, history, review, sections, templates, writing

_section: list[URLPattern | URLResolver] = [
    path("", sections.section_save, name="section-save"),
    path("head/", sections.section_head, name="section-head"),
    path("rename/", sections.section_rename, name="section-rename"),
    path("move/", sections.section_move, name="section-move"),
    path("remove/", sections.section_remove, name="section-remove"),
    path("restore/", sections.section_restore, name="section-restore"),
    path("preview/", sections.section_preview, name="section-preview"),
    path("waive/", sections.section_waive, name="section-waive"),
]

_postmortem: list[URLPattern | URLResolver] = [
    path("start/", writing.start, name="postmortem-start"),
    path("edit/", writing.edit, name="postmortem-edit"),
    path("edit/wording/", writing.wording_hint, name="wording-hint"),
    path("edit/preview/", writing.draft_preview, name="postmortem-draft"),
    path("edit/sections/new/", sections.section_add, name="section-add"),
    path("edit/<int:section_id>/", include(_section)),
    path("review/", review.review, name="postmortem-review"),
    path("review/ask/", review.ask, name="review-ask"),
    path("review/ask/<int:request_id>/take-back/", review.take_back, name="review-take-back"),
    path("review/read/", review.read, name="review-read"),
    path("review/comments/", comments.begin, name="comment-new"),
    path("review/comments/on/<int:section_id>/", comments.begin, name="comment-on-section"),
    path("review/comments/<int:comment_id>/", comments.edit, name="comment-edit"),
    path("review/threads/<int:thread_id>/", comments.reply, name="thread-reply"),
    path("review/threads/<int:thread_id>/settle/", comments.settle, name="thread-settle"),
    path("history/", history.history, name="postmortem-history"),
    path("history/compare/", history.compare, name="history-compare"),
    path("history/<int:version_id>/", history.version, name="draft-version"),
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
