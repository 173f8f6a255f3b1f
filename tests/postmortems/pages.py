"""Addresses of postmortems, and what is done on their pages."""

from typing import Any

from django.test import Client
from django.urls import reverse

from incidents.models import Incident
from postmortems.models import Postmortem
from tests.incident_pages import text_of


def address(of: Incident | Postmortem, name: str = "", *more: Any) -> str:
    """The address of one of a postmortem's pages: ``edit``, ``review``, …; without a name the short one."""
    incident = of.incident if isinstance(of, Postmortem) else of
    return reverse(f"postmortem-{name}" if name else "postmortem", args=[incident.reference, *more])


def review(client: Client, postmortem: Postmortem, verb: str, note: str = "") -> int:
    """Press a button of the review page; what it answered."""
    response = client.post(address(postmortem, "review"), {"verb": verb, "note": note})
    postmortem.refresh_from_db()
    return response.status_code


def make_public(client: Client, postmortem: Postmortem, **changes: Any) -> int:
    """Look at the preview and publish what it shows to everybody; what it answered."""
    preview = client.get(address(postmortem, "preview"))
    data = {"public": "1", "looked": "on", "revision": preview.context["form"]["revision"].value(), **changes}
    response = client.post(address(postmortem, "preview"), {name: value for name, value in data.items() if value})
    postmortem.refresh_from_db()
    return response.status_code


def read(client: Client, postmortem: Postmortem) -> str:
    """What the published page says to this reader."""
    response = client.get(postmortem.get_absolute_url())
    assert response.status_code == 200, response.status_code
    return text_of(response)
