"""Take the pictures in docs/screenshots: a made-up company in a scratch database, the real server, a real browser."""

import datetime as dt
import os
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "screenshots"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WINDOW = {"width": 1440, "height": 900}
MOST_BYTES = 300_000
ZONE = "Europe/Berlin"


def main() -> None:
    """Make a scratch database, fill it, and photograph the pages; it leaves nothing else behind."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": f"sqlite:///{folder}/pictures.sqlite3",
            "SECRET_KEY": "only for pictures " * 3,
            "DEBUG": "1",
            "TIME_ZONE": ZONE,
            # The browser may show a page while another query runs in this thread.
            "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
        }
        sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]
        os.chdir(ROOT)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        photograph(Story().tell())


def photograph(pages: dict[str, str]) -> None:
    """Save a picture of each page, by its name, as the first responder sees it."""
    from bench_server import server
    from playwright.sync_api import sync_playwright

    PICTURES.mkdir(parents=True, exist_ok=True)
    os.environ["BASE_URL"] = "http://127.0.0.1"
    with server() as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport=WINDOW, color_scheme="light", reduced_motion="reduce")  # type: ignore[arg-type]
        context.add_cookies([session_cookie(f"http://127.0.0.1:{port}")])  # type: ignore[list-item]
        page = context.new_page()
        for name, path in pages.items():
            answer = page.goto(f"http://127.0.0.1:{port}{path}", wait_until="networkidle")
            if answer is None or answer.status != 200:
                sys.exit(f"{path} did not answer with a page.")
            if name == "declare":
                page.get_by_label("What is wrong?").fill("Front page blank again")
                page.wait_for_load_state("networkidle")
            target = PICTURES / f"{name}.png"
            page.screenshot(path=target, animations="disabled")
            if target.stat().st_size > MOST_BYTES:
                sys.exit(f"{target} has more than {MOST_BYTES} bytes.")
            print(target.relative_to(ROOT))
        browser.close()


def session_cookie(url: str) -> dict[str, str]:
    """The cookie with which Ada is signed in."""
    from django.conf import settings
    from django.test import Client
    from django.utils import timezone

    from incidents.models import User

    client = Client()
    client.force_login(User.objects.get(name="Ada Okoro"))
    session = client.session
    now = timezone.now().isoformat()
    session.update({"address": "127.0.0.1", "browser": "Pictures", "since": now, "seen": now, "password_at": now})
    session.save()
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}


class Story:
    """What happened at the made-up company, told through the same functions that pages call."""

    def __init__(self) -> None:
        from django.utils import timezone

        from incidents.models import Service, Team, User
        from incidents.notifications import heartbeat

        # On the minute, so that "19 min since impact" is just that.
        self.now = timezone.now()
        self.live = self.now - dt.timedelta(minutes=19)
        make = User.objects.create_user
        names = {
            "Ada Okoro": "editor",
            "Ben Lindqvist": "responder",
            "Chipo Moyo": "responder",
            "Dana Haddad": "editor",
        }
        self.ada, self.ben, self.chipo, self.dana = (
            make(name=name, role=role, email=f"{name.split()[0].lower()}@example.org", phone="+49 30 5550 100")
            for name, role in names.items()
        )
        self.team = Team.objects.create(name="Storefront", team_lead=self.ada, deputy=self.ben)
        self.team.members.set([self.ada, self.ben, self.chipo])
        self.services = {
            name: Service.objects.create(name=name, slug=name.lower(), team=self.team)
            for name in ("Storefront", "Checkout", "Search", "Newsletter")
        }
        # As if a worker ran: without one, every page says that notices are not going out.
        heartbeat.beat(name="pictures", at=self.now)

    def tell(self) -> dict[str, str]:
        """Everything; the pages to photograph, by the name of the picture."""
        self.earlier()
        closed = self.checkout()
        search = self.declare(self.chipo, "Search finds nothing for new products", "Search", "sev4", 150)
        self.entries(
            self.chipo, search, [(-140, "diagnosis", "The nightly index stopped at 40 %; started it again.", False)]
        )
        burning = self.front_page()
        return {
            "today": "/",
            "incident": burning.get_absolute_url(),
            "declare": "/incidents/new/",
            "list": "/incidents/",
            "afterwards": closed.get_absolute_url(),
            "postmortem": closed.postmortem.get_absolute_url(),
            "library": "/postmortems/",
        }

    def declare(self, person: Any, title: str, service: str, severity: str, minutes_ago: float, **more: Any) -> Any:
        from incidents.domain import declaration
        from incidents.enums import DetectedBy, Severity
        from incidents.permissions import Actor

        at = self.now - dt.timedelta(minutes=minutes_ago)
        new = declaration.NewIncident(
            title=title,
            home_zone=ZONE,
            severity=Severity(severity),
            services=[self.services[service]],
            team=self.team,
            detected_by=more.pop("detected_by", DetectedBy.USERS),
            impact_started_at=at,
            **more,
        )
        return declaration.declare(actor=Actor.person(person), new=new, now=at + dt.timedelta(minutes=3))

    def entries(self, person: Any, incident: Any, told: list[tuple[float, str, str, bool]]) -> None:
        """Each as minutes from now, kind, text, and whether it is a key moment."""
        from incidents.domain import timeline
        from incidents.enums import TimelineKind
        from incidents.permissions import Actor

        for minutes, kind, text, starred in told:
            at = self.now + dt.timedelta(minutes=minutes)
            content = timeline.EventContent(
                text=text, occurred_at=at, kind=TimelineKind(kind), is_starred=starred, utc_offset_minutes=60
            )
            timeline.add_entries(actor=Actor.person(person), incident=incident, entries=[content], now=at)

    def move(self, person: Any, incident: Any, verb: str, minutes: float, **more: Any) -> None:
        from incidents.domain import lifecycle
        from incidents.permissions import Actor

        at = self.now + dt.timedelta(minutes=minutes)
        lifecycle.advance(
            actor=Actor.person(person), incident=incident, verb=lifecycle.Verb(verb), at=at, now=at, **more
        )

    def hit(self, incident: Any, percent: int, what: str) -> None:
        from incidents.domain import impacts
        from incidents.permissions import Actor

        content = impacts.ImpactContent(what=what, scope=Decimal(percent))
        impacts.add(actor=Actor.person(self.ada), incident=incident, content=content, now=self.now)

    def front_page(self) -> Any:
        """The incident that burns while the picture is taken."""
        incident = self.declare(self.ben, "Blank front page for some visitors", "Storefront", "sev2", 19)
        self.hit(incident, 30, "saw an empty page instead of the shop")
        self.entries(
            self.chipo,
            incident,
            [
                (-52, "lead_up", "Banner “Winter sale” went live on the base template.", True),
                (-18, "report", "Support: four calls, the page stays white. Mostly phones.", False),
            ],
        )
        self.move(self.ada, incident, "acknowledge", -14)
        self.entries(
            self.ada,
            incident,
            [
                (
                    -11,
                    "diagnosis",
                    "Only visitors who are signed out. `render_banner` raises *KeyError* for them.",
                    True,
                ),
                (-7, "decision", "Take the banner out rather than fix it now.", False),
                (-4, "action", "Banner switched off, caches are being emptied: `purge --prefix /home`.", False),
                (-1, "communication", "Support knows; a notice is on the help page.", False),
            ],
        )
        return incident

    def checkout(self) -> Any:
        """One that is over, with its postmortem."""
        day = -9 * 24 * 60.0
        incident = self.declare(
            self.ben,
            "Checkout refuses cards",
            "Checkout",
            "sev2",
            -day,
            summary="Every card payment failed for 41 minutes.",
        )
        self.hit(incident, 100, "could not pay by card")
        self.move(self.ben, incident, "acknowledge", day + 6)
        self.entries(
            self.ben,
            incident,
            [
                (day - 33, "change", "New certificate store rolled out to the payment hosts.", True),
                (day + 1, "report", "First complaint in the chat of support.", True),
                (day + 12, "diagnosis", "The provider is up; we refuse its certificate ourselves.", True),
                (day + 24, "decision", "Roll the certificate store back on all payment hosts.", False),
                (day + 35, "recovery", "Card payments go through again.", True),
            ],
        )
        self.move(self.ben, incident, "identify", day + 18)
        self.move(self.ben, incident, "monitor", day + 35)
        self.move(self.ben, incident, "resolve", day + 41)
        self.learn(incident, day)
        return incident

    def learn(self, incident: Any, day: float) -> None:
        from incidents.domain import milestones
        from incidents.enums import Milestone
        from incidents.permissions import Actor
        from postmortems.domain import action_items, causes, defences, drafting, lifecycle, sections
        from postmortems.enums import CauseCategory, CauseRole, Defence, DefenceResult

        ben, dana, later = Actor.person(self.ben), Actor.person(self.dana), self.now - dt.timedelta(days=7)
        found = milestones.MilestoneTime(self.now + dt.timedelta(minutes=day + 1))
        milestones.correct(actor=ben, incident=incident, times={Milestone.DETECTED: found}, now=later)
        cause = causes.add(
            actor=ben,
            incident=incident,
            now=later,
            content=causes.CauseContent(
                title="The certificate store is rolled out to all payment hosts at once",
                role=CauseRole.ROOT_CAUSE,
                category=CauseCategory.DEPLOYMENT,
                whys=["The store lacked the provider's new issuer.", "Nobody tried a payment before the second host."],
            ),
        )
        for text, owner, days in (
            ("Roll the certificate store out to one host first, and try a payment there", self.ben, 5),
            ("Alert when card payments stay under half of the usual for three minutes", self.ada, -1),
        ):
            due = (self.now + dt.timedelta(days=days)).date()
            content = action_items.ActionContent(text=text, owner=owner, due_on=due, cause=cause)
            action_items.create(actor=ben, incident=incident, content=content, now=later)
        answers = {
            Defence.STAGED_ROLL_OUT: DefenceResult.ABSENT,
            Defence.ALERT: DefenceResult.FAILED,
            Defence.ROLLBACK: DefenceResult.HELD,
        }
        defences.answer(actor=ben, incident=incident, answers=answers, now=later)
        postmortem = drafting.start(actor=ben, incident=incident, now=later)
        for section in postmortem.sections.all():
            section.postmortem = postmortem
            if told := SECTIONS.get(section.kind):
                sections.save(actor=ben, section=section, text=told, now=later)
        lede = "A new certificate store went to all payment hosts at once and made them refuse the card provider."
        sections.save_head(
            actor=ben,
            postmortem=postmortem,
            title="Checkout refused every card for 41 minutes",
            lede=lede,
            happened_before=False,
            shows_names=False,
            now=later,
        )
        lifecycle.submit(actor=ben, postmortem=postmortem, now=later)
        lifecycle.approve_and_publish(actor=dana, postmortem=postmortem, now=later + dt.timedelta(hours=3))
        incident.refresh_from_db()

    def earlier(self) -> None:
        """What the list shows of the weeks before."""
        for title, service, severity, days, minutes in (
            ("Orders of the night are missing in the warehouse", "Checkout", "sev1", 61, 133),
            ("Newsletter sent twice to 12,000 people", "Newsletter", "sev3", 47, 26),
            ("Search answers after eight seconds", "Search", "sev3", 33, 74),
            ("Pictures of products do not load in the app", "Storefront", "sev4", 20, 52),
        ):
            start = -days * 24 * 60.0
            incident = self.declare(self.chipo, title, service, severity, -start)
            self.move(self.chipo, incident, "acknowledge", start + 5)
            self.move(self.chipo, incident, "resolve", start + minutes)


SECTIONS = {
    "summary": (
        "At noon the new certificate store was rolled out to all six payment hosts within a minute. It no longer held "
        "the issuer that the card provider uses, so every host refused the provider, and every card payment failed.\n\n"
        "Customers noticed first. The alert on failing payments counts answers of the provider, and there were none."
    ),
    "impact": "Nobody could pay by card for **41 minutes**. Bank transfer and vouchers worked.",
    "detection": "Support heard of it after a minute. Our own alert stayed silent.",
    "resolution": "The old store was put back on all hosts; payments went through at once. We watched for six minutes.",
    "lessons": "A roll-out that is easy to take back is not a reason to do it everywhere at once.",
}


if __name__ == "__main__":
    main()
