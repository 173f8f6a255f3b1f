"""Addresses of drafts, reviews and templates."""

from django.urls import URLPattern, URLResolver, include, path

from ..views import checklist, comments, history, review, templates, writing

_postmortem = [
    path("start/", writing.start, name="postmortem-start"),
    path("edit/", writing.edit, name="postmortem-edit"),
    path("edit/<int:section_id>/", writing.section_save, name="section-save"),
    path("edit/<int:section_id>/waive/", writing.section_waive, name="section-waive"),
    path("edit/wording/", writing.wording_hint, name="wording-hint"),
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
