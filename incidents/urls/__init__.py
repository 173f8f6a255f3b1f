"""All addresses of this application, one module for each resource."""

from django.urls import include, path

# The list stands before the single incidents, whose addresses would swallow some of its own.
MODULES = (
    *("api", "account", "tokens", "people", "catalogue", "delivery", "webhooks", "alerts", "changes"),
    *("incident_list", "incidents"),
)

urlpatterns = [path("", include(f"incidents.urls.{module}")) for module in MODULES]
