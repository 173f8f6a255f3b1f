"""Hints on wording: what they find and what they leave alone, and how they are shown and set aside in the editor."""

import time

import pytest
from django.utils import translation

from incidents.enums import Role, Status
from postmortems.domain.wording import hints_in
from postmortems.models import HintSetAside
from tests.factories import make_action_item, make_cause, make_incident, make_postmortem, make_user
from tests.incident_pages import client_of, recorded, text_of
from tests.postmortems.pages import address

JUDGING = {
    "The engineer on call should have checked the staging shop first.": "engineer on call should have checked",
    "This change shouldn't have been rushed to the live shop.": "shouldn't have been rushed",
    "The outage could easily have been, and could have been prevented by a test.": "could have been prevented",
    "Unfortunately we failed to look at the second region.": "we failed to",
    "The team neglected to renew the certificate of the shop.": "team neglected to",
    "The release was late, and the developer simply forgot the migration.": "developer simply forgot",
    "- Forgot to switch the old worker off": "Forgot to",
    "The renewal was forgotten over the holidays.": "was forgotten",
    "Root cause: **human error** during the migration of the shop.": "human error",
    "Due to an operator error the wrong table was emptied.": "operator error",
    "A careless copy of the settings went live.": "careless",
    "For lack of attention the wrong branch went live.": "lack of attention",
    "It was his own fault that the wrong branch went live.": "his own fault",
    "The reviewer is to blame for what went live.": "reviewer is to blame",
    "An administrator accidentally deleted the live table.": "administrator accidentally deleted",
    "At 10:02 somebody misconfigured the balancer.": "somebody misconfigured",
    "The operators ignored the alert for an hour.": "operators ignored",
    "We made a big mistake with the settings of the balancer.": "We made a big mistake",
}
HARMLESS = [
    "The pod failed to start, because the image was gone.",
    "The team's script failed to find the file that it wanted.",
    "The server failed to answer, and the job failed to finish the import.",
    "`engineer` failed to start after the upgrade of the engineer-api service.",
    "Users failed to sign in for an hour.",
    "They failed to start because of a missing volume.",
    "Every service should have an alert and a runbook.",
    "The alert should have been automatically resolved by then.",
    "It should have taken five minutes at most.",
    "What should have been tested by the team?",
    "Ask the team whether it should have been tested before.",
    "This is not human error: the page invited the click.",
    "We add a check in order to prevent human error.",
    "The surge in user error reports was seen at 10:02.",
    "We lazily load the faulty module, and ignore the cache.",
    "The culprit was a query without an index.",
    "The load balancer accidentally dropped every second request.",
    "The engineers broke the connection between the queue and the shop on purpose.",
    "I remember the request, but I forgot what the quota of it was.",
    "```\nthe engineer forgot to renew it\n```",
    "~~~\nthe engineer forgot to renew it\n\nhuman error",
    "Log of the shop:\n\n    the engineer forgot to renew it\n\nThat was all.",
    "> the engineer forgot to renew it",
    "The old page said “the engineer forgot to renew it” and nothing more.",
    'The old page said "human error" and nothing more.',
    "The old page said 'human error' and nothing more.",
    "Look at [the engineer forgot to renew it](https://example.org/forgot) for more.",
    "See human-error.md and https://example.org/human-error for more.",
    "---\ntitle: human error\n---\nThe shop was away for an hour.",
    "Der Entwickler hat es vergessen, und das war human error von dem Team.",
    "",
]


@pytest.mark.parametrize("text", JUDGING)
def test_what_judges_people_is_found(text):
    assert [" ".join(hint.words.split()) for hint in hints_in(text)] == [JUDGING[text]]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_speaks_of_systems_or_is_not_the_authors_own_is_left_alone(text):
    assert hints_in(text) == []


def test_a_name_beside_a_verb_of_fault_is_found_and_the_same_word_is_not():
    text = "The pager rang. Then Will broke the balancer. The balancer will broke nothing of it, and Ada repaired it."
    assert [hint.words for hint in hints_in(text, names={"Will", "Ada"})] == ["Will broke"]
    assert hints_in(text) == []


def test_a_hint_has_its_sentence_and_speaks_of_what_could_be_told():
    hint = hints_in("It was late.\n\n- At 10:02 the *operator* forgot to look\nat `the page`. All was well.")[0]
    assert (hint.before, hint.words, hint.after) == ("At 10:02 the ", "operator forgot", " to look at `the page`.")
    assert "memory" in hint.suggestion


@pytest.mark.parametrize(
    ("text", "installation", "found"),
    [
        ("Human error", "en", 1),
        ("Human error", "de-at", 0),
        ("Die Ursache war human error, und das ist nicht alles, was wir von der Sache wissen.", "en", 0),
        ("The cause was human error, and that is not all that we know of it.", "de", 1),
    ],
)
def test_a_language_without_a_list_gets_no_hints(settings, text, installation, found):
    settings.LANGUAGE_CODE = installation
    assert len(hints_in(text)) == found


@pytest.mark.parametrize(
    "bomb",
    [
        "a" * 200_000,
        "we " * 66_000,
        "who " * 50_000,
        "we then " * 25_000,
        "we in the " * 20_000,
        '"' * 200_000,
        "'a " * 66_000,
        "`" * 200_000,
        "[" * 200_000,
        "<" * 200_000,
        "[a](" * 50_000,
        "a." * 100_000,
        "a_" * 100_000,
        " " * 200_000,
        "\n" * 200_000,
        "|" * 200_000,
        "- " * 100_000,
        "we should have " * 13_000,
        "human error. " * 15_000,
        "---\n" * 50_000,
    ],
)
def test_long_text_is_looked_through_in_bounded_time(bomb):
    """Each of these took minutes, or would with a careless pattern; a bound of seconds is enough to see that."""
    started = time.process_time()
    hints_in(bomb)
    assert time.process_time() - started < 5


@pytest.fixture
def draft(db):
    ada = make_user("Ada Byron")
    incident = make_incident(status=Status.RESOLVED, incident_lead=ada)
    cause = make_cause(incident, "The operator forgot the second region", no_action_reason="It was human error.")
    make_action_item(incident, "Tell the team that it should have been tested", cause=cause)
    return make_postmortem(incident, lede="It was human error.", text="Ada broke the page. We failed to see it.")


def shown(page):
    """The places and the words of the hints that a page shows."""
    parts = page.split('<div class="hints" id="hints-')[1:]
    return {part.partition('"')[0]: [words.split("<")[0] for words in part.split("<mark>")[1:]] for part in parts}


def test_they_stand_below_what_they_are_about_and_count_as_advice(draft):
    page = client_of().get(address(draft, "edit")).text
    first, *others = draft.sections.all()
    assert shown(page) == {
        "head": ["human error"],
        f"s{first.pk}": ["Ada broke", "We failed to"],
        **{f"s{section.pk}": [] for section in others},
        "lessons": ["operator forgot", "human error", "should have been tested"],
    }
    assert "Look at 6 hints on wording, and follow them or set them aside." in page
    assert f'href="{address(draft, "edit")}#hints-head"' in page


def test_after_saving_the_answer_shows_those_of_what_was_saved(draft):
    section = draft.sections.first()
    where, headers = f"{address(draft, 'edit')}{section.pk}/", {"HX-Request": "true"}
    answer = client_of().post(where, {"text": "The shop forgot us.", "version": section.version}, headers=headers)
    assert shown(answer.text) == {f"s{section.pk}": []}
    assert "Look at 4 hints on wording" in answer.text
    same = {"text": "The shop forgot us.", "version": section.version + 1}
    assert shown(client_of().post(where, same, headers=headers).text) == {}
    again = {"text": "Bob forgot <b>us</b>, a careless thing.", "version": section.version + 1}
    assert shown(client_of().post(where, again, headers=headers).text) == {f"s{section.pk}": ["careless"]}


def press(client, draft, *, htmx=False, **data):
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(address(draft, "edit") + "wording/", data, headers=headers)


def test_one_is_set_aside_for_everybody_and_comes_back(draft):
    first, second = client_of(), client_of()
    hint = first.get(address(draft, "edit")).context["section_forms"][0].hints.open[0]
    place = f"s{draft.sections.first().pk}"
    with recorded() as audit:
        answers = [press(first, draft, htmx=htmx, hint=hint.digest, place=place) for htmx in (True, False)]
    assert shown(answers[0].text) == {place: ["We failed to"]}
    assert 'id="checklist" hx-swap-oob="true"' in answers[0].text
    assert (answers[1].status_code, answers[1].url) == (302, f"{address(draft, 'edit')}#hints-{place}")
    assert [entry.action for entry in audit] == ["postmortem.hint_set_aside"]
    assert "broke" not in str(audit[0].changes)
    page = text_of(second.get(address(draft, "edit")))
    assert shown(page)[place] == ["We failed to"]
    assert "1 hint on wording is set aside." in page
    with recorded() as audit:
        assert press(second, draft).status_code == 302
        assert press(second, draft).status_code == 302
    assert [entry.action for entry in audit] == ["postmortem.hints_shown_again"]
    assert shown(first.get(address(draft, "edit")).text)[place] == ["Ada broke", "We failed to"]


def test_another_sentence_with_the_same_words_is_another_hint():
    said, elsewhere = (hints_in(text)[0] for text in ("It was human error.", "Again it was human error."))
    again = hints_in("So.  It was\nhuman error.")[0]
    assert said.digest != elsewhere.digest
    assert said.digest == again.digest


@pytest.mark.parametrize("data", [{"hint": "x"}, {"hint": "0" * 31}, {"hint": "0" * 32, "place": "s1<"}])
def test_a_hint_that_there_cannot_be_is_refused(draft, data):
    assert press(client_of(), draft, **data).status_code == 422
    assert not HintSetAside.objects.exists()


def test_they_hold_nothing_back_and_admins_switch_them_off_but_cannot_make_them_block(draft):
    make_action_item(draft.incident)
    draft.incident.action_items.update(status="wont_do", reason="x")
    editor, admin, page = client_of(Role.EDITOR), client_of(Role.ADMIN), "/postmortems/checklist/"
    data = {field.name: field.value() for field in admin.get(page).context["form"]}
    assert admin.post(page, data | {"wording": "blocks"}).status_code == 422
    assert admin.post(page, data | {"wording": "off"}).status_code == 302
    shown_now = editor.get(address(draft, "edit")).text
    assert not any(shown(shown_now).values())
    assert "on wording" not in shown_now
    client_of().post(address(draft, "review"), {"verb": "submit"})
    assert editor.post(address(draft, "review"), {"verb": "approve-and-publish"}).status_code == 302
    assert "hints-" not in editor.get(address(draft)).text


def test_suggestions_are_said_in_the_language_of_the_reader():
    with translation.override("de"):
        assert hints_in("It was human error.")[0].suggestion
