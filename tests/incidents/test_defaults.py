"""The rows without which nothing works."""

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.core.management import call_command
from django.db import connection

from incidents.apps import complete_database
from incidents.ddl import drop_audit_triggers
from incidents.defaults import ensure_defaults
from incidents.enums import Series, Severity
from incidents.models import NumberCounter, SeverityLevel


@pytest.mark.django_db
def test_each_severity_and_each_series_has_its_row():
    asked = {
        level.code: (
            level.update_interval_minutes,
            level.acknowledge_minutes,
            level.action_item_days,
            level.postmortem_required,
            level.second_approver_required,
            level.verification_required,
        )
        for level in SeverityLevel.objects.all()
    }
    assert asked == {
        "sev1": (15, 5, 14, True, True, True),
        "sev2": (30, 10, 30, True, False, True),
        "unknown": (30, 10, 30, False, False, False),
        "sev3": (120, 30, 60, False, False, False),
        "sev4": (None, None, 90, False, False, False),
    }
    assert set(asked) == set(Severity.values)
    assert all(SeverityLevel.objects.values_list("help_text", flat=True))
    assert set(NumberCounter.objects.values_list("series", flat=True)) == set(Series.values)


@pytest.mark.django_db
def test_what_an_admin_wrote_and_what_was_counted_stays():
    SeverityLevel.objects.filter(code=Severity.SEV1).update(help_text="The shop is shut.", action_item_days=7)
    SeverityLevel.objects.filter(code=Severity.SEV4).delete()
    NumberCounter.objects.filter(series=Series.INC).update(last=41)
    ensure_defaults(using="default", apps=apps)
    sev1 = SeverityLevel.objects.get(code=Severity.SEV1)
    assert (sev1.help_text, sev1.action_item_days) == ("The shop is shut.", 7)
    assert SeverityLevel.objects.get(code=Severity.SEV4).action_item_days == 90
    assert NumberCounter.objects.get(series=Series.INC).last == 41


@pytest.mark.django_db(transaction=True)
def test_emptying_the_database_brings_them_back():
    drop_audit_triggers(connection)
    SeverityLevel.objects.all().delete()
    call_command("flush", verbosity=0, interactive=False)
    assert SeverityLevel.objects.count() == len(Severity)


@pytest.mark.django_db
def test_before_the_first_migration_there_is_nothing_to_complete():
    SeverityLevel.objects.all().delete()
    complete_database(using="default", apps=Apps())
    assert not SeverityLevel.objects.exists()
    complete_database(using="default", apps=apps)
    assert SeverityLevel.objects.count() == len(Severity)
