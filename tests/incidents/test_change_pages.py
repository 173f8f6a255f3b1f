"""The pages of changes: the list, one change, and what changed before an incident."""

import datetime as dt
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from incidents.domain import verdicts
from incidents.enums import ChangeVerdict, Role, Status, YesNoUnknown
from incidents.models import Change, IncidentChange, TimelineEvent
from incidents.permissions import Actor
from tests.factories import make_change, make_incident, make_service, make_user, sign_in

pytestmark = pytest.mark.django_db


def client_of(role=Role.RESPONDER, **fields):
    client = Client()
    client.person = sign_in(client, make_user(role=role, **fields))
    return client


def text_of(answer):
    return answer.content.decode()


def ago(**length):
    return timezone.now() - dt.timedelta(**length)


# The list


def test_changes_stand_newest_first_with_what_is_known_of_them():
    shop = make_service("Storefront")
    make_change("Older", live_at=ago(hours=3))
    make_change("Newer", live_at=ago(hours=1), services=[shop], was_approved="no", tried_in_sandbox="no")
    page = text_of(client_of().get("/changes/"))
    assert page.index("Newer") < page.index("Older")
    for words in ("Storefront", "without approval", "not tried in a sandbox"):
        assert words in page


def test_authors_are_for_responders():
    change = make_change("Banner", made_by=make_user("Grace Hopper"))
    incident = make_incident()
    for url in ("/changes/", f"/changes/{change.pk}/", f"/incidents/{incident.reference}/changes/"):
        reader, responder = text_of(client_of(Role.READER).get(url)), text_of(client_of().get(url))
        assert "Banner" in reader, url
        assert "Grace Hopper" not in reader, url
        assert "Grace Hopper" in responder, url


def test_readers_of_the_live_page_see_no_author_and_responders_find_them_one_page_on():
    make_change("Banner", made_by=make_user("Grace Hopper"))
    incident = make_incident()
    assert "Banner" in text_of(client_of(Role.READER).get(incident.get_absolute_url()))
    assert "Grace Hopper" not in text_of(client_of(Role.READER).get(incident.get_absolute_url()))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Banner", "Flag", "Old"}),
        ("?q=bann", {"Banner"}),
        ("?q=deploy-7", {"Flag"}),
        ("?kind=feature_flag", {"Flag"}),
        ("?service=storefront", {"Banner"}),
        ("?period=7d", {"Banner", "Flag"}),
        ("?kind=feature_flag&service=storefront", set()),
        # What is unknown narrows nothing, and says so.
        ("?kind=magic", {"Banner", "Flag", "Old"}),
        ("?service=nothing", {"Banner", "Flag", "Old"}),
        ("?period=x", {"Banner", "Flag", "Old"}),
    ],
)
def test_filters(query, found):
    make_change("Banner", services=[make_service("Storefront", slug="storefront")])
    make_change("Flag", kind="feature_flag", reference="deploy-7")
    make_change("Old", live_at=ago(days=8))
    answer = client_of().get(f"/changes/{query}")
    assert {change.text for change in answer.context["changes"]} == found
    assert answer.status_code == 200


def test_the_list_has_pages_that_keep_their_filters():
    for number in range(60):
        make_change(f"Banner {number}", live_at=ago(minutes=number))
    client = client_of()
    first = client.get("/changes/?q=banner")
    second = client.get(first.context["older_url"])
    assert len(first.context["changes"]) == 50
    assert [change.text for change in second.context["changes"]] == [f"Banner {number}" for number in range(50, 60)]
    assert "q=banner" in first.context["older_url"]
    assert [c.pk for c in client.get(second.context["newer_url"]).context["changes"]] == [
        c.pk for c in first.context["changes"]
    ]


def test_the_empty_page_shows_how_machines_send_changes():
    page = text_of(client_of().get("/changes/"))
    for words in ("curl --fail", "/api/v1/changes", "GitHub Actions", "${{ secrets.NEVERTWICE_TOKEN }}", "GitLab"):
        assert words in page
    assert 'href="/account/tokens/"' in page
    reader = text_of(client_of(Role.READER).get("/changes/"))
    assert "curl" not in reader
    assert 'name="line"' not in reader


def test_a_change_is_added_on_one_line():
    client, key = client_of(time_zone="Europe/Berlin"), str(uuid.uuid4())
    for _press in range(2):
        answer = client.post("/changes/", {"line": "fix: a typo in the banner", "client_id": key})
        assert answer["Location"] == "/changes/"
    change = Change.objects.get()
    assert change.text == "fix: a typo in the banner", "a word before a colon is no kind here"
    assert timezone.now() - change.live_at < dt.timedelta(minutes=1)
    assert "Written down" in text_of(client.get("/changes/"))


def test_the_time_on_the_line_is_where_the_reader_is():
    client_of(time_zone="Asia/Tokyo").post("/changes/", {"line": "06/01/2026 00:57 banner in the base model"})
    change = Change.objects.get()
    assert change.text == "banner in the base model"
    assert change.live_at == dt.datetime(2026, 1, 5, 15, 57, tzinfo=dt.UTC)


@pytest.mark.parametrize("line", ["", "   ", "14:?? banner", "00:57", "06/01/2999 00:57 banner", "x" * 400])
def test_a_line_that_cannot_be_used_is_shown_again_with_what_is_wrong(line):
    answer = client_of().post("/changes/", {"line": line})
    assert answer.status_code == 422
    assert "invalid-feedback" in text_of(answer)
    assert not Change.objects.exists()


def test_the_line_is_echoed_with_its_date():
    client = client_of(time_zone="UTC")
    said = text_of(client.get("/changes/echo/", {"text": "06/01/2026 00:57 banner"}))
    assert said.startswith("= ")
    assert "6 Jan" in said
    assert "now" in text_of(client.get("/changes/echo/", {"text": "banner"}))
    assert client.get("/changes/echo/", {"text": "14:?? banner"}).status_code == 422
    assert text_of(client.get("/changes/echo/")) == ""


def test_readers_add_nothing():
    for url in ("/changes/", "/changes/new/"):
        assert client_of(Role.READER).post(url, {"line": "x", "text": "x", "kind": "deploy"}).status_code == 403
    assert not Change.objects.exists()


# One change


def form_of(**said):
    return {"text": "Banner", "kind": "configuration", "live_at": "2026-01-06 00:57", **said}


def test_the_full_form_says_everything():
    shop, author = make_service(), make_user("Grace")
    client, key = client_of(time_zone="UTC"), str(uuid.uuid4())
    sent = form_of(
        services=[shop.pk],
        made_by="grace",
        environment="production",
        intended_effect="A banner",
        was_approved="no",
        tried_in_sandbox="yes",
        url="https://ci.example.org/1",
        client_id=key,
    )
    for _press in range(2):
        assert client.post("/changes/new/", sent)["Location"] == "/changes/"
    change = Change.objects.get()
    assert (change.made_by, list(change.services.all()), change.environment) == (author, [shop], "production")
    assert (change.was_approved, change.tried_in_sandbox) == (YesNoUnknown.NO, YesNoUnknown.YES)
    assert change.live_at == dt.datetime(2026, 1, 6, 0, 57, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""},
        {"kind": ""},
        {"kind": "x"},
        {"live_at": "2999-01-01 00:00"},
        {"url": "javascript:x"},
        {"services": ["x"]},
    ],
)
def test_a_form_with_errors_is_shown_again(wrong):
    assert client_of().post("/changes/new/", form_of(**wrong)).status_code == 422
    assert not Change.objects.exists()


def test_an_edit_keeps_what_was_not_touched_to_the_second():
    at = dt.datetime(2026, 1, 6, 0, 57, 42, tzinfo=dt.UTC)
    change = make_change("Banner", live_at=at, made_by_label="deploy-bot", reference="deploy/1")
    client = client_of(time_zone="UTC")
    sent = form_of(text="Banner of the sale", version=1, made_by="deploy-bot")
    assert client.post(f"/changes/{change.pk}/", sent)["Location"] == f"/changes/{change.pk}/"
    change.refresh_from_db()
    assert (change.text, change.live_at, change.version) == ("Banner of the sale", at, 2)
    assert (change.made_by_label, change.reference) == ("deploy-bot", "deploy/1")


def test_an_edit_meets_what_somebody_else_saved():
    change, client = make_change("Banner"), client_of(time_zone="UTC")
    assert client.post(f"/changes/{change.pk}/", form_of(text="Theirs", version=1)).status_code == 302
    answer = client.post(f"/changes/{change.pk}/", form_of(text="Mine", version=1))
    assert answer.status_code == 409
    assert "Theirs" in text_of(answer)
    assert 'value="Mine"' in text_of(answer)
    assert client.post(f"/changes/{change.pk}/", form_of(text="Mine", version=2)).status_code == 302
    assert Change.objects.get().text == "Mine"


def test_a_retired_service_stays_on_a_change_that_has_it():
    shop = make_service(is_active=False)
    change, other = make_change(services=[shop]), make_change()
    client = client_of(time_zone="UTC")
    assert client.post(f"/changes/{change.pk}/", form_of(version=1, services=[shop.pk])).status_code == 302
    assert client.post(f"/changes/{other.pk}/", form_of(version=1, services=[shop.pk])).status_code == 422


def test_readers_read_and_change_nothing():
    change, client = make_change("Banner"), client_of(Role.READER)
    page = text_of(client.get(f"/changes/{change.pk}/"))
    assert "Banner" in page
    assert 'name="version"' not in page
    assert client.post(f"/changes/{change.pk}/", form_of(version=1)).status_code == 403


def test_a_change_of_a_private_incident_is_not_there_for_others():
    incident = make_incident(is_private=True)
    change = make_change("Wages", private_to=incident)
    outsider, member = client_of(), client_of()
    incident.memberships.create(user=member.person)
    assert outsider.get(f"/changes/{change.pk}/").status_code == 404
    assert outsider.post(f"/changes/{change.pk}/", form_of(version=1)).status_code == 404
    assert "Wages" not in text_of(outsider.get("/changes/"))
    assert "Wages" in text_of(member.get("/changes/"))
    assert member.get(f"/changes/{change.pk}/").status_code == 200


# On an incident


def page_of(incident, query=""):
    return f"/incidents/{incident.reference}/changes/{query}"


def test_the_candidates_stand_with_their_distance_from_the_impact():
    shop = make_service("Storefront")
    began = ago(minutes=60)
    incident = make_incident(impact_started_at=began, services=[shop])
    make_change("Near", live_at=began - dt.timedelta(minutes=5))
    make_change("Ours", live_at=began - dt.timedelta(minutes=33), services=[shop])
    make_change("Far", live_at=began - dt.timedelta(hours=5))
    make_change("Very far", live_at=began - dt.timedelta(days=6))
    client = client_of()
    page = text_of(client.get(page_of(incident)))
    assert page.index("Ours") < page.index("Near") < page.index("Far")
    assert "T−33" in page
    assert "Very far" not in page
    assert "Very far" in text_of(client.get(page_of(incident, "?window=7d")))
    assert "Far" not in text_of(client.get(page_of(incident, "?window=3h")))
    assert client.get(page_of(incident, "?window=%3Cscript")).context["window"] == "24h"


def test_what_went_live_since_stands_apart():
    incident = make_incident(impact_started_at=ago(minutes=60))
    make_change("Rollback", live_at=ago(minutes=10))
    answer = client_of().get(page_of(incident))
    assert [change.text for change in answer.context["since"]] == ["Rollback"]
    assert not answer.context["before"]


def test_one_press_says_what_a_change_was():
    incident, change, client = make_incident(), make_change("Banner"), client_of()
    answer = client.post(f"{page_of(incident)}{change.pk}/", {"verdict": "trigger", "version": 0, "window": "7d"})
    assert answer["Location"] == f"{page_of(incident)}?window=7d&zone=home#c{change.pk}"
    assert IncidentChange.objects.get().verdict == ChangeVerdict.TRIGGER
    assert TimelineEvent.objects.get().text == "Banner"
    page = text_of(client.get(page_of(incident)))
    assert "is-verdict-trigger" in page
    client.post(f"{page_of(incident)}{change.pk}/", {"verdict": "candidate", "version": 2})
    assert IncidentChange.objects.get().verdict == ChangeVerdict.CANDIDATE
    assert TimelineEvent.objects.get().is_struck


def test_ruling_out_without_a_reason_is_shown_again_on_its_row():
    incident, change, client = make_incident(), make_change("Banner"), client_of()
    url = f"{page_of(incident)}{change.pk}/"
    answer = client.post(url, {"verdict": "ruled_out", "version": 0})
    assert answer.status_code == 422
    assert "Say why it is ruled out" in text_of(answer)
    assert client.post(url, {"verdict": "ruled_out", "version": 0, "reason": "Other cluster"}).status_code == 302
    assert "Other cluster" in text_of(client.get(page_of(incident)))


def test_a_verdict_meets_what_somebody_else_said():
    incident, change, client = make_incident(), make_change(), client_of()
    url = f"{page_of(incident)}{change.pk}/"
    assert client.post(url, {"verdict": "likely", "version": 0}).status_code == 302
    assert client.post(url, {"verdict": "fix", "version": 0}).status_code == 409
    assert client.post(url, {"verdict": "fix", "version": 2}).status_code == 302


@pytest.mark.parametrize(
    "sent", [{}, {"verdict": "magic"}, {"verdict": "likely", "version": -1}, {"verdict": "likely", "version": "x"}]
)
def test_a_verdict_that_is_none_is_refused(sent):
    incident, change = make_incident(), make_change()
    assert client_of().post(f"{page_of(incident)}{change.pk}/", sent).status_code == 422
    assert not IncidentChange.objects.exists()


def test_readers_look_and_say_nothing():
    incident, change, client = make_incident(), make_change("Banner"), client_of(Role.READER)
    page = text_of(client.get(page_of(incident)))
    assert "Banner" in page
    assert 'name="verdict"' not in page
    assert client.post(f"{page_of(incident)}{change.pk}/", {"verdict": "likely"}).status_code == 403
    assert client.post(page_of(incident), {"line": "x"}).status_code == 403


def test_a_change_of_another_private_incident_is_not_there():
    incident, other = make_incident(), make_incident(is_private=True)
    change, admin = make_change("Wages", private_to=other), client_of(Role.ADMIN)
    assert admin.post(f"{page_of(incident)}{change.pk}/", {"verdict": "likely"}).status_code == 404
    assert "Wages" not in text_of(admin.get(page_of(incident)))


def test_a_line_on_the_incident_is_of_its_services_and_as_private_as_that():
    shop = make_service()
    member = client_of()
    public = make_incident(services=[shop])
    private = make_incident(is_private=True)
    private.memberships.create(user=member.person)
    assert member.post(page_of(public), {"line": "-90m banner"})["Location"].startswith(page_of(public))
    assert member.post(page_of(private), {"line": "-90m wages"}).status_code == 302
    banner, wages = Change.objects.order_by("pk")
    assert (list(banner.services.all()), banner.private_to) == ([shop], None)
    assert wages.private_to == private
    assert "banner" in text_of(member.get(public.get_absolute_url())), "recorded late, there at once"


def test_a_line_that_cannot_be_used_is_shown_again_on_the_incident():
    incident = make_incident()
    answer = client_of().post(page_of(incident), {"line": "14:?? banner"})
    assert answer.status_code == 422
    assert "14:?? banner" in text_of(answer)


# On the live page, and afterwards


def test_the_card_shows_the_nearest_and_what_was_said():
    incident = make_incident()
    for number in range(8):
        make_change(f"Deploy {number}", live_at=incident.impact_started_at - dt.timedelta(minutes=number + 1))
    far = make_change("The cause", live_at=incident.impact_started_at - dt.timedelta(days=20))
    verdicts.judge(
        actor=Actor.person(make_user()), incident=incident, change=far, verdict=ChangeVerdict.LIKELY, now=timezone.now()
    )
    card = text_of(client_of().get(incident.get_absolute_url())).split('id="changes"')[1].split("</section>")[0]
    assert card.index("The cause") < card.index("Deploy 0") < card.index("Deploy 3")
    assert "Deploy 4" not in card
    assert "likely" in card
    assert page_of(incident) in card


def test_a_page_that_keeps_up_learns_of_a_new_change():
    incident, client = make_incident(), client_of()
    mark = client.get(incident.get_absolute_url()).context["live_mark"]
    url = f"/incidents/{incident.reference}/news/"
    assert client.get(url, {"mark": mark}).status_code == 204
    make_change("Banner", live_at=incident.impact_started_at - dt.timedelta(minutes=1))
    answer = client.get(url, {"mark": mark})
    assert answer.status_code == 200
    assert "Banner" in text_of(answer)


def test_a_private_change_elsewhere_moves_no_mark():
    incident, other, client = make_incident(), make_incident(is_private=True), client_of()
    mark = client.get(incident.get_absolute_url()).context["live_mark"]
    make_change(private_to=other)
    assert client.get(f"/incidents/{incident.reference}/news/", {"mark": mark}).status_code == 204


def test_the_trigger_starts_the_latent_phase():
    incident = make_incident(status=Status.RESOLVED)
    change = make_change("Banner", live_at=incident.impact_started_at - dt.timedelta(minutes=33))
    client, responder = client_of(), Actor.person(make_user())
    assert "latent" not in [phase.key for phase in client.get(incident.get_absolute_url()).context["phases"]]
    verdicts.judge(actor=responder, incident=incident, change=change, verdict=ChangeVerdict.TRIGGER, now=timezone.now())
    first = client.get(incident.get_absolute_url()).context["phases"][0]
    assert (first.key, first.started_at, first.seconds) == ("latent", change.live_at, 33 * 60)


def test_a_closed_incident_of_which_nothing_was_said_shows_readers_no_card():
    incident = make_incident(status=Status.CLOSED)
    make_change("Banner")
    assert 'id="changes"' not in text_of(client_of(Role.READER).get(incident.get_absolute_url()))
    assert 'id="changes"' in text_of(client_of().get(incident.get_absolute_url()))
