"""Addresses of the library, of published postmortems and of the feed."""

from django.urls import path

from ..views import feed, reading

urlpatterns = [
    path("postmortems/", reading.library, name="postmortem-list"),
    path("postmortems/feed/", feed.feed, name="postmortem-feed"),
    path("postmortems/<slug:reference>/", reading.postmortem, name="postmortem"),
    path("postmortems/<slug:reference>/public/", reading.postmortem_preview, name="postmortem-preview"),
    path("postmortems/<slug:reference>/public/page/", reading.postmortem_as_public, name="postmortem-as-public"),
    path("postmortems/<slug:reference>/r/<int:number>/", reading.postmortem_revision, name="postmortem-revision"),
    path("postmortems/<slug:reference>/-/<slug:slug>/", reading.postmortem_canonical, name="postmortem-canonical"),
]
