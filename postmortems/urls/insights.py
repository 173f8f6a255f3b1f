"""Addresses of the insights."""

from django.urls import path

from ..views import insights

urlpatterns = [
    path("", insights.insights, name="insights"),
    path("<slug:section>.csv", insights.insights_export, name="insights-export"),
]
