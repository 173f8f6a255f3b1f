"""The first account."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from incidents.enums import Role
from incidents.models import AuditEntry, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def first_admin(**options):
    """What the command says."""
    output = StringIO()
    call_command("first_admin", stdout=output, **options)
    return output.getvalue()


def test_an_admin_is_made_whose_password_is_the_one_that_is_printed():
    said = first_admin()
    password = re.search(r"password (\S{20}) ", said)[1]
    person = User.objects.get()
    assert (person.name, person.role, person.email) == ("admin", Role.ADMIN, None)
    assert person.check_password(password)


def test_no_two_installations_have_the_same_password():
    first = first_admin()
    User.objects.all().delete()
    assert first_admin() != first


def test_it_is_in_the_audit_without_the_password():
    said = first_admin(name="Ada")
    password = re.search(r"password (\S{20}) ", said)[1]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_label, entry.object_label) == ("person.created", "first_admin", "Ada")
    assert password not in str(vars(entry))


@pytest.mark.parametrize("role", [Role.READER, Role.ADMIN, ""])
def test_a_database_with_any_account_is_left_alone(role):
    make_user(role=role)
    assert first_admin() == "There are accounts already; nothing was changed.\n"
    assert first_admin(verbosity=0) == ""
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", ["", "x" * 151])
def test_a_name_that_cannot_be_is_refused(name):
    with pytest.raises(CommandError, match="cannot be the name"):
        first_admin(name=name)
    assert not User.objects.exists()
