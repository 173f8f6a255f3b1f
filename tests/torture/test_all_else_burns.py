"""No DNS, no route, mail and chat dead: people sign in, declare, write and read all the same, each within a second."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import global_settings
from django.urls import reverse

from incidents.enums import MessageState, Role, Severity
from incidents.models import Incident, OutboxMessage
from tests.factories import PASSWORD, make_published, make_service, make_team, make_user, make_webhook
from tests.worker_process import ROOT, database_url

SCENE = Path(__file__).with_name("burning_scene.py")
ROUNDS = 5


@pytest.mark.sqlite  # in a network of its own a PostgreSQL outside is as unreachable as the rest
@pytest.mark.django_db(transaction=True)
def test_people_work_on_while_nothing_else_does(settings, record_property):
    assert shutil.which("unshare"), "Needed: unshare (util-linux), and the right to make a network of one's own."
    # As the server hashes, and not as the tests do.
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    lead = make_user("Ada Okoro", Role.RESPONDER, password=PASSWORD)
    shop = make_service("Storefront", slug="storefront", team=make_team(team_lead=make_user()))
    make_webhook(url="https://chat.example.org/hook")
    told = {
        "name": lead.name,
        "password": PASSWORD,
        "service": shop.pk,
        "sign_in": reverse("sign-in"),
        "postmortem": make_published().get_absolute_url(),
        "rounds": ROUNDS,
    }
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "SECRET_KEY": settings.SECRET_KEY,
        "EMAIL_URL": "smtp://mail.example.org:25",
        "DEBUG": "1",
    }
    command = ["unshare", "--net", "--map-root-user", sys.executable, str(SCENE), json.dumps(told)]
    ran = subprocess.run(command, env=os.environ | environment, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr[-4000:]
    seen = json.loads(ran.stdout.splitlines()[-1])

    assert seen["outside"] == "unreachable"
    assert seen["name"] == "unresolved"
    slowest = {what: max(times) for what, times in seen["seconds"].items()}
    record_property("slowest", slowest)
    assert set(slowest) == {"sign in", "declare", "add an entry", "read a postmortem"}
    assert {len(times) for times in seen["seconds"].values()} == {ROUNDS}
    assert [what for what, seconds in slowest.items() if seconds > 1] == []
    declared = Incident.objects.filter(severity=Severity.SEV2, declared_by=lead)
    assert declared.count() == ROUNDS
    assert all(incident.timeline.filter(text="we look").exists() for incident in declared)
    # The worker tried, in vain; all of it waits.
    tried = OutboxMessage.objects.filter(channel__in=["mail", "webhook"], attempts__gt=0)
    assert {message.channel for message in tried} == {"mail", "webhook"}
    assert not tried.filter(state=MessageState.DONE).exists()
