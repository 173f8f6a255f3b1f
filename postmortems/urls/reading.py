"""Addresses of the library, of published postmortems and of the feed."""

from django.urls import path

from ..views import feed, pictures, reading

urlpatterns = [
    path("", reading.library, name="postmortem-list"),
    path("feed/", feed.feed, name="postmortem-feed"),
    path("<slug:reference>/", reading.postmortem, name="postmortem"),
    path("<slug:reference>/public/", reading.postmortem_preview, name="postmortem-preview"),
    path("<slug:reference>/public/page/", reading.postmortem_as_public, name="postmortem-as-public"),
    path(
        "<slug:reference>/pictures/<uuid:picture_name>.<slug:picture_format>",
        pictures.postmortem_picture,
        name="postmortem-picture",
    ),
    path("<slug:reference>/r/<int:number>/", reading.postmortem_revision, name="postmortem-revision"),
    path("<slug:reference>/-/<slug:slug>/", reading.postmortem_canonical, name="postmortem-canonical"),
]
