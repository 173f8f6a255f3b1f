"""Reading a published postmortem: who may, at which address, and what is sent again."""

import datetime as dt
import re

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incidents.domain import privacy
from incidents.enums import Role, Status
from incidents.models import Incident, IncidentMember, User
from incidents.permissions import Actor
from postmortems.models import ActionItem, Postmortem, RootCause
from postmortems.publication import page
from tests.factories import make_action_item, make_cause, make_incident, make_postmortem, make_published, make_user
from tests.incident_pages import client_of, text_of
from tests.postmortems.pages import address, read, review

pytestmark = pytest.mark.django_db


TOKEN = re.compile(r"\b\w{64}\b")


def outcome(client, where):
    return client.get(where).status_code


def path(postmortem):
    return postmortem.get_absolute_url()


# Who


@pytest.mark.parametrize("role", ["reader", "responder", "editor", "admin"])
def test_an_internal_one_is_for_everybody_with_a_role(role):
    assert "A closing tag was lost." in read(client_of(role), make_published())


def test_an_internal_one_is_hidden_from_the_rest():
    internal, public = make_published(), make_published(public=True)
    for client in (Client(), client_of("")):
        assert outcome(client, path(internal)) == 404
        assert outcome(client, path(public)) == 200


def test_hidden_absent_and_not_public_are_the_very_same_page_for_a_visitor():
    private = make_published(make_incident(status=Status.RESOLVED, is_private=True))
    draft = make_postmortem()
    pages = {}
    for reference in (
        private.incident.reference,
        draft.incident.reference,
        make_published().incident.reference,
        "INC-999",
    ):
        for where in (
            f"/postmortems/{reference}/",
            f"/postmortems/{reference}/-/some-slug/",
            f"/postmortems/{reference}/r/1/",
        ):
            response = Client().get(where)
            assert response.status_code == 404
            pages[where] = text_of(response).replace(where, "").replace(reference, "")
            assert f'href="/account/sign-in/?next={where}">Sign in to look for it</a>' in text_of(response)
    assert len(set(pages.values())) == 1


def test_a_private_one_is_for_members_and_an_admin_says_first_that_they_look():
    member, stranger, admin = client_of(), client_of(Role.EDITOR), client_of(Role.ADMIN)
    incident = make_incident(status=Status.RESOLVED, is_private=True)
    IncidentMember.objects.create(incident=incident, user=member.user)
    postmortem = make_published(incident, text="Canary text")
    response = member.get(path(postmortem))
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    assert outcome(stranger, path(postmortem)) == 404
    assert outcome(stranger, address(postmortem, "revision", 1)) == 404
    gate = admin.get(path(postmortem))
    assert gate.status_code == 403
    assert "Canary text" not in text_of(gate)
    privacy.open_as_admin(actor=Actor.person(admin.user), incident=incident, now=timezone.now())
    assert "Canary text" in read(admin, postmortem)


def test_making_the_incident_private_hides_it_from_the_public_at_once():
    postmortem = make_published(public=True)
    assert outcome(Client(), path(postmortem)) == 200
    editor = make_user(role=Role.EDITOR)
    privacy.make_private(actor=Actor.person(editor), incident=postmortem.incident, members=[], now=timezone.now())
    assert outcome(Client(), path(postmortem)) == 404
    assert outcome(client_of(), path(postmortem)) == 404
    assert outcome(client_of(editor), path(postmortem)) == 200


def test_a_retracted_public_one_answers_410_to_everybody():
    postmortem, internal = make_published(public=True), make_published()
    editor = client_of(Role.EDITOR)
    for each in (postmortem, internal):
        editor.post(address(each, "retract"), {"reason": "wrong"})
    for client in (Client(), client_of(""), client_of(Role.READER), editor):
        for where in (path(postmortem), address(postmortem), "/postmortems/inc-1/-/other/"):
            response = client.get(where)
            assert response.status_code == 410, where
            assert "was retracted" in text_of(response)
        assert outcome(client, path(internal)) == 404
    review(editor, postmortem, "redraft")
    assert outcome(Client(), path(postmortem)) == 410
    privacy.make_private(actor=Actor.person(editor.user), incident=postmortem.incident, members=[], now=timezone.now())
    assert outcome(Client(), path(postmortem)) == 404


def test_visitors_see_the_name_of_the_organisation_the_library_and_nothing_else(settings):
    settings.ORG_NAME = "Kettle & Sons"
    page = read(Client(), make_published(public=True))
    top = page[page.index("<header") : page.index("</header>")]
    assert "Kettle & Sons" in top
    for words in ("Postmortems", "Sign in"):
        assert words in top
    for words in ("Incidents", "/actions/", "Search", "Declare", "/edit/", "/history/"):
        assert words not in page, words


# Revisions


def test_readers_see_the_revision_never_the_draft():
    postmortem = make_published(title="As published", lede="Old sentence", text="Old words", public=True)
    before, where = read(client_of(Role.READER), postmortem), path(postmortem)
    editor = client_of(Role.EDITOR)
    section = postmortem.sections.first()
    editor.post(f"{address(postmortem, 'edit')}{section.pk}/", {"version": section.version, "text": "New words"})
    head = {"version": postmortem.version, "title": "As edited", "lede": "New sentence", "happened_before": "no"}
    assert editor.post(address(postmortem, "edit"), head).status_code == 302
    postmortem.refresh_from_db()
    assert path(postmortem) == where
    reader = client_of(Role.READER)
    assert "Old words" in before
    for client in (reader, Client()):
        page, library = read(client, postmortem), text_of(client.get("/postmortems/"))
        feed = text_of(client.get("/postmortems/feed/"))
        assert "Old words" in page
        for shown in (page, library, feed):
            assert "As published" in shown
            assert "As edited" not in shown
            assert "New words" not in shown
            assert "New sentence" not in shown
        assert text_of(client.get("/postmortems/?q=edited")).count("As published") == 0
    review(editor, postmortem, "publish", "Put right")
    response = reader.get(where)
    assert (response.status_code, response.url) == (301, path(postmortem))
    assert "New words" in read(reader, postmortem)


def test_an_older_revision_stays_readable_inside():
    postmortem = make_published(text="First words", public=True)
    make_action_item(postmortem.incident, "Later work", status="historical")
    editor = client_of(Role.EDITOR)
    section = postmortem.sections.first()
    editor.post(f"{address(postmortem, 'edit')}{section.pk}/", {"version": section.version, "text": "Second words"})
    review(editor, postmortem, "publish", "Put right")
    page = text_of(client_of(Role.READER).get(address(postmortem, "revision", 1)))
    assert "First words" in page
    assert "not the latest one" in page
    assert "Later work" not in page
    assert outcome(client_of(Role.READER), address(postmortem, "revision", 3)) == 404
    assert outcome(Client(), address(postmortem, "revision", 1)) == 404
    editor.post(address(postmortem, "retract"), {"reason": "x"})
    assert outcome(client_of(Role.READER), address(postmortem, "revision", 1)) == 404
    assert outcome(editor, address(postmortem, "revision", 1)) == 200


# Addresses


def test_one_address_is_canonical_and_the_others_lead_there():
    postmortem = make_published(title="Blank front page")
    reference = postmortem.incident.reference
    reader = client_of(Role.READER)
    canonical = f"/postmortems/{reference}/-/blank-front-page/"
    assert path(postmortem) == canonical
    assert f'<link rel="canonical" href="{canonical}">' in read(reader, postmortem)
    for where, code in {
        f"/postmortems/{reference}/": 302,
        f"/postmortems/{reference.lower()}/": 301,
        f"/postmortems/{reference}/-/old-title/": 301,
        f"/postmortems/{reference}/-/Blank-Front-Page/": 301,
        f"/postmortems/{reference.lower()}/-/blank-front-page/": 301,
    }.items():
        response = reader.get(where)
        assert (response.status_code, response.url) == (code, canonical), where


def test_a_title_without_letters_has_an_address_too():
    assert path(make_published(title="???")).endswith("/-/postmortem/")


# Unchanged pages


def again(client, postmortem, tag):
    return client.get(path(postmortem), headers={"If-None-Match": tag})


@pytest.mark.parametrize("who", ["reader", "visitor"])
def test_an_unchanged_page_is_not_sent_again(who):
    postmortem = make_published(public=True)
    client = client_of(Role.READER) if who == "reader" else Client()
    first = client.get(path(postmortem))
    assert first["Cache-Control"] == "private, no-cache"
    response = again(client, postmortem, first["ETag"])
    assert (response.status_code, response.content) == (304, b"")
    assert response["ETag"] == first["ETag"]


CHANGES = {
    "state of an action item": lambda _p: ActionItem.objects.update(status="done", version=2),
    "owner": lambda _p: User.objects.filter(name="Own Er").update(name="Renamed Er"),
    "scheme of the reader": lambda _p: User.objects.filter(name="Rea Der").update(colour_scheme="dark"),
    "role of the reader": lambda _p: User.objects.filter(name="Rea Der").update(role="editor"),
    "revision": lambda p: review(client_of(Role.EDITOR), p, "publish", "Put right"),
    "an earlier incident": lambda _p: Incident.objects.filter(title="Earlier").update(title="Before", version=9),
    "a cause that is no longer the same": lambda p: RootCause.objects.filter(incident=p.incident).update(same_as=None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_one_is(change):
    incident, earlier = make_incident(status=Status.RESOLVED), make_incident(title="Earlier", status=Status.CLOSED)
    make_cause(incident, same_as=make_cause(earlier))
    make_action_item(incident, owner=make_user("Own Er"), due_on=dt.date(2031, 1, 1))
    postmortem = make_published(incident)
    client = client_of(make_user("Rea Der", Role.READER))
    tag = client.get(path(postmortem))["ETag"]
    assert again(client, postmortem, tag).status_code == 304
    CHANGES[change](postmortem)
    response = again(client, postmortem, tag)
    assert response.status_code == 200
    assert response["ETag"] != tag


def test_the_page_of_one_reader_is_not_that_of_another():
    postmortem = make_published(public=True)
    tags = {client.get(path(postmortem))["ETag"] for client in (Client(), client_of(), client_of())}
    assert len(tags) == 3


# What is live on it


def test_action_items_show_their_state_of_today():
    incident = make_incident(status=Status.RESOLVED)
    item = make_action_item(incident, owner=make_user(), due_on=dt.date(2031, 1, 1))
    postmortem = make_published(incident)
    reader = client_of(Role.READER)
    assert "state-open" in read(reader, postmortem)
    ActionItem.objects.filter(pk=item.pk).update(due_on=dt.date(2020, 1, 1), version=2)
    assert "overdue" in read(reader, postmortem)
    ActionItem.objects.filter(pk=item.pk).update(status="done", version=3)
    page = read(reader, postmortem)
    assert "overdue" not in page
    assert "state-done" in page


def test_it_names_where_it_happened_before_and_what_is_related_by_cause():
    reader = client_of(Role.READER)
    incident = make_incident(status=Status.RESOLVED)
    earlier = make_incident(title="Earlier", status=Status.CLOSED)
    hidden = make_incident(title="Canary hidden", status=Status.CLOSED, is_private=True)
    related = make_incident(title="Relation", status=Status.RESOLVED)
    for title, other in (("Same one", earlier), ("Canary cause", hidden)):
        make_cause(incident, category="code", same_as=make_cause(other, title))
    make_cause(related, category="code")
    make_cause(hidden, category="code")
    make_published(related, title="Related story")
    removed = make_incident(title="Removed relation", status=Status.CLOSED)
    make_cause(incident, same_as=make_cause(removed), removed_at=timezone.now())
    postmortem = make_published(incident, public=True)
    shown = read(reader, postmortem)
    assert f"{earlier.reference}, Earlier" in shown
    assert "Related story" in shown
    public = read(Client(), postmortem)
    for words in ("Canary", "Removed relation"):
        assert words not in shown
    for words in ("Earlier", "Related story", "Canary"):
        assert words not in public
    RootCause.objects.filter(incident=related).update(category="unknown")
    assert "Related story" not in read(reader, postmortem)


# Parts that were rendered before


@pytest.mark.parametrize("role", ["", "reader", "responder", "editor", "admin"])
def test_the_query_put_together_once_finds_what_the_reader_may_read(role):
    """It holds stand-ins for reader and number; no other reader of the role may get what was asked for first."""
    mine, other = make_user(role=role), make_user(role=role)
    for _round in range(2):
        seen = make_incident(status=Status.RESOLVED, is_private=True)
        IncidentMember.objects.create(incident=seen, user=mine)
        for incident in (seen, make_incident(status=Status.RESOLVED), make_incident(status=Status.RESOLVED)):
            make_published(incident, public=incident.number % 2 == 0 and not incident.is_private)
    for user in (mine, other):
        for postmortem in Postmortem.objects.all():
            reference = postmortem.incident.reference
            expected = Postmortem.objects.readable_by(user).filter(pk=postmortem.pk).exists()
            found = page.find(user, reference.lower())
            assert (found is not None) == expected
            assert found is None or (found.reference, found.incident_id) == (reference, postmortem.incident_id)


def test_a_connection_that_has_forgotten_what_it_planned_answers_all_the_same():
    """So does one that a pooler puts in the place of another; SQLite plans in no time."""
    postmortem, client = make_published(), client_of()
    assert "A closing tag was lost." in read(client, postmortem)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")
    for _round in range(2):
        assert "A closing tag was lost." in read(client, postmortem)


def test_who_may_read_is_asked_each_time_although_the_page_was_rendered_before():
    incident = make_incident(status=Status.RESOLVED, is_private=True)
    member = client_of()
    membership = IncidentMember.objects.create(incident=incident, user=member.user)
    postmortem = make_published(incident, text="Canary text")
    assert "Canary text" in read(member, postmortem)
    membership.delete()
    assert outcome(member, path(postmortem)) == 404


def test_readers_of_one_role_share_what_is_rendered_and_nothing_that_is_theirs():
    postmortem = make_published(
        make_incident(title="<i>Blank</i> & odd", status=Status.RESOLVED), title="<i>Odd</i> & blank"
    )
    first, second, editor = client_of(make_user("Ada <A>")), client_of(make_user("Ben")), client_of(Role.EDITOR)
    pages = [client.get(path(postmortem)).content.decode() for client in (first, second, first, editor)]
    assert "Ada &lt;A&gt;" in pages[0]
    assert "Ada" not in pages[1]
    assert "Ben" in pages[1]
    assert "Ada &lt;A&gt;" in pages[2]
    assert ["Publish to the public" in shown for shown in pages] == [False, False, False, True]
    for shown in pages:
        assert (
            f"<title>&lt;i&gt;Odd&lt;/i&gt; &amp; blank · {postmortem.incident.reference} · Nevertwice</title>" in shown
        )
        assert "\x00" not in shown
    tokens = {re.search(r'csrfmiddlewaretoken" value="(\w{64})"', shown)[1] for shown in pages}
    assert len(tokens) == 4
    assert first.post("/account/sign-out/", {"csrfmiddlewaretoken": "x"}).status_code == 302


# With another password, or taken out of use, nobody is signed in any more.
SHOWABLE = sorted({field.name for field in User._meta.concrete_fields} - {"id", "password", "is_active"})
OTHER_VALUES = {"role": "editor", "colour_scheme": "dark", "time_zone": "Asia/Tokyo", "email": "new@example.org"}


@pytest.mark.parametrize("field", SHOWABLE)
def test_what_stands_around_the_page_is_never_that_of_before(field):
    """Whatever of an account the frame of a page comes to show has to count as a reason to render it anew."""
    postmortem, client = make_published(), client_of(make_user("Rea Der"))
    read(client, postmortem)
    old = getattr(client.user, field)
    default = timezone.now() if field.endswith(("_at", "_until", "_login")) else "Other"
    new = not old if isinstance(old, bool) else OTHER_VALUES.get(field, default)
    User.objects.filter(pk=client.user.pk).update(**{field: new})
    kept = read(client, postmortem)
    caches["parts"].clear()
    assert TOKEN.sub("", kept) == TOKEN.sub("", read(client, postmortem))


def test_a_form_around_the_page_can_be_sent():
    postmortem = make_published()
    client = client_of()
    client.handler.enforce_csrf_checks = True
    read(client, postmortem)
    token = re.search(r'csrfmiddlewaretoken" value="(\w{64})"', read(client, postmortem))[1]
    assert client.post("/account/sign-out/", {"csrfmiddlewaretoken": "x" * 64}).status_code == 403
    assert client.post("/account/sign-out/", {"csrfmiddlewaretoken": token}).status_code == 302


def test_what_was_just_done_is_said_once():
    postmortem = make_published()
    editor = client_of(Role.EDITOR)
    tag = editor.get(path(postmortem))["ETag"]
    cause = make_cause(postmortem.incident)
    assert editor.post(f"/incidents/{postmortem.incident.reference}/causes/{cause.pk}/remove/").status_code == 302
    told = again(editor, postmortem, tag)
    assert told.status_code == 200
    assert "Cause removed." in text_of(told)
    assert "Cause removed." not in read(editor, postmortem)
    assert again(editor, postmortem, tag).status_code == 304


# Cost


def queries(client, where, **options):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(where, **options).status_code in (200, 304)
    statements = [query["sql"] for query in captured.captured_queries]
    return [sql for sql in statements if not sql.startswith(("SAVEPOINT", "RELEASE", "PREPARE"))]


def test_reading_costs_the_same_with_two_and_twenty_of_everything():
    incident = make_incident(status=Status.RESOLVED)
    postmortem = make_published(incident, public=True)
    reader, visitor = client_of(Role.READER), Client()
    counts = []
    for number in (2, 18):
        for _row in range(number):
            other = make_incident(status=Status.RESOLVED)
            make_cause(incident, category="code", same_as=make_cause(other, category="code"))
            make_published(other)
            make_action_item(incident, owner=make_user(), due_on=dt.date(2031, 1, 1))
        counts.append([len(queries(client, path(postmortem))) for client in (reader, visitor)])
    signed_in, public = counts[1]
    assert counts[0] == counts[1]
    # Session and account; then the postmortem with its revision, the work, others like it.
    assert signed_in <= 3
    assert public == 1
    tag = visitor.get(path(postmortem))["ETag"]
    assert len(queries(visitor, path(postmortem), headers={"If-None-Match": tag})) == 1


def test_the_address_of_a_postmortem_is_for_reading_only():
    postmortem = make_published(public=True)
    assert Client(enforce_csrf_checks=True).post(path(postmortem)).status_code in (403, 405)
    assert client_of().post(path(postmortem)).status_code == 405
    assert Client().head(path(postmortem)).status_code == 200
    assert Postmortem.objects.get(pk=postmortem.pk).version == postmortem.version
