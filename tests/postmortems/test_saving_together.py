"""Several people, or one in several tabs, write one section: what does not meet is put together, the rest is shown."""

import pytest
from django.utils import timezone

from incidents.enums import Role
from incidents.errors import Stale
from incidents.permissions import Actor
from postmortems.domain import sections
from postmortems.models import Section
from tests.factories import make_postmortem, make_user

pytestmark = pytest.mark.django_db
NOW = timezone.now()
BASE = "The pool was full.\n\nNobody saw it."


@pytest.fixture
def section():
    return make_postmortem(text=BASE).sections.first()


def save(section, text, who=None, **told):
    actor = Actor.person(who or make_user(role=Role.RESPONDER))
    return sections.save(actor=actor, section=Section.objects.get(pk=section.pk), text=text, now=NOW, **told)


def test_other_words_of_the_same_section_are_put_together(section):
    save(section, "The pool ran full.\n\nNobody saw it.", base=BASE)
    saved = save(section, "The pool was full.\n\nNobody saw it for an hour.", base=BASE)
    assert saved.text == "The pool ran full.\n\nNobody saw it for an hour."


def test_the_same_words_are_shown_and_not_replaced(section):
    save(section, "The pool ran full.\n\nNobody saw it.", base=BASE)
    with pytest.raises(Stale) as refused:
        save(section, "The pool went full.\n\nNobody saw it.", base=BASE)
    assert refused.value.current.text == "The pool ran full.\n\nNobody saw it."
    assert Section.objects.get(pk=section.pk).text == "The pool ran full.\n\nNobody saw it."


def test_ones_own_second_tab_goes_on_from_what_the_first_saved(section):
    ada = make_user(role=Role.RESPONDER)
    save(section, f"{BASE} One.", ada, base=BASE)
    # The second tab was opened after that, but has an older version in its form than the first wrote since.
    assert save(section, f"{BASE} One. Two.", ada, version=1).text == f"{BASE} One. Two."
    assert save(section, f"Before. {BASE}", ada, base=BASE).text == f"Before. {BASE} One. Two."


def test_without_a_base_an_old_version_must_hold_all_that_is_stored(section):
    save(section, f"{BASE} Theirs.", version=2)
    with pytest.raises(Stale):
        save(section, f"{BASE} Mine.", version=2)
    assert save(section, f"{BASE} Theirs. Mine.", version=2).text == f"{BASE} Theirs. Mine."


def test_what_the_other_took_out_stays_out(section):
    save(section, "Nobody saw it.", base=BASE)
    assert save(section, f"{BASE} Really.", base=BASE).text == "Nobody saw it. Really."


def test_line_ends_of_browsers_are_no_difference(section):
    sent = BASE.replace("\n", "\r\n")
    save(section, "The pool ran full.\r\n\r\nNobody saw it.", base=sent)
    assert save(section, f"{sent} Really.", base=sent).text == "The pool ran full.\n\nNobody saw it. Really."
