"""People from a CSV: read leniently, shown row by row, created all at once or not at all."""

import codecs
import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from .. import audit
from ..clock_text import parse_zone, zone_name
from ..enums import Role
from ..errors import InvalidInput
from ..models import Team, User
from ..models.people import validate_name
from ..permissions import Actor, Perm, require
from .invitations import IssuedInvitation, invite_to_accounts

COLUMNS = ("name", "email", "role", "team", "phone", "time_zone")
NEEDED = ("name", "email")
MAX_BYTES = 1024 * 1024
MAX_ROWS = 2000
DELIMITERS = (",", ";", "\t")
# What a spreadsheet would run when such a value is exported again; a phone number may begin with a plus.
FORMULA = re.compile(r"[=@\t\r-]|\+(?![\d (])")


@dataclass(slots=True)
class PersonRow:
    """One line of the CSV: what it says, what is wrong with it, and whether the person is there already."""

    line: int
    name: str = ""
    email: str = ""
    role: str = ""
    team: str = ""
    phone: str = ""
    time_zone: str = ""
    errors: list[str] = field(default_factory=list)
    is_known: bool = False

    @property
    def role_label(self) -> str:
        return str(Role(self.role).label) if self.role in Role.values else self.role


def decode(data: bytes) -> str:
    """The text of a file, whichever of the usual encodings it is in. Raises `InvalidInput`."""
    if len(data) > MAX_BYTES:
        raise InvalidInput(_("The file is larger than 1 MB. Divide it into several."), code="too_large")
    text = _decoded(data)
    if "\x00" in text:
        raise InvalidInput(_("This is no text file. Save it as CSV."), code="not_text")
    return text


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    # Latin text in UTF-16 without its mark has a zero beside each letter.
    if data[:2].count(0) == 1:
        return data.decode("utf-16-be" if data[0] == 0 else "utf-16-le", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def read(text: str) -> list[PersonRow]:
    """The rows of a CSV, each with its errors and compared with the accounts there are. Raises `InvalidInput`."""
    rows = list(_rows(text))
    if not rows:
        raise InvalidInput(_("The file holds no people. The first line names the columns, each other one a person."))
    _mark_doubles(rows)
    _compare_with_accounts(rows)
    return rows


def _rows(text: str) -> Iterator[PersonRow]:
    text = text.removeprefix("\ufeff")
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    columns: list[str] = []
    count = 0
    try:
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = _columns(cells)
                continue
            count += 1
            if count > MAX_ROWS:
                raise InvalidInput(_("The file holds more than 2,000 people. Divide it into several."), code="too_many")
            yield _row(lines.line_num, columns, cells)
    except csv.Error as error:
        message = _("Line %(line)s cannot be read as CSV: a quotation mark may be missing.")
        raise InvalidInput(message % {"line": lines.line_num}, code="not_csv") from error


def _delimiter(text: str) -> str:
    """Whichever stands most often in the first line that says something."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(DELIMITERS, key=first.count)


def _columns(cells: list[str]) -> list[str]:
    columns = [re.sub(r"[\s_-]+", "_", cell.strip().lower()) for cell in cells]
    columns = ["email" if column == "e_mail" else column for column in columns]
    missing = [column for column in NEEDED if column not in columns]
    if missing or len(set(filter(None, columns))) < len(list(filter(None, columns))):
        message = _("The first line has to name the columns, each once: %(columns)s. Name and email are needed.")
        raise InvalidInput(message % {"columns": ", ".join(COLUMNS)}, code="columns")
    return columns


def _row(line: int, columns: list[str], cells: list[str]) -> PersonRow:
    given: dict[str, Any] = {
        column: cell.strip() for column, cell in zip(columns, cells, strict=False) if column in COLUMNS
    }
    row = PersonRow(line=line, **given)
    row.name = User.normalize_username(row.name)
    row.role = row.role.lower() or Role.READER
    row.errors = list(_errors(row, too_many_cells=any(cell.strip() for cell in cells[len(columns) :])))
    return row


def _errors(row: PersonRow, *, too_many_cells: bool) -> Iterator[str]:
    if too_many_cells:
        yield _("This line has more cells than the first one.")
    yield from _name_errors(row.name)
    yield from _email_errors(row.email)
    if row.role not in Role.values:
        yield _("“%(role)s” is no role. Write reader, responder, editor or admin.") % {"role": row.role[:40]}
    if len(row.phone) > 40 or FORMULA.match(row.phone):
        yield _("This is no phone number.")
    if row.time_zone:
        try:
            row.time_zone = zone_name(parse_zone(row.time_zone))
        except InvalidInput as error:
            yield error.message


def _name_errors(name: str) -> Iterator[str]:
    if not name:
        yield _("The name is missing.")
    elif len(name) > 150:
        yield _("The name is longer than 150 characters.")
    elif FORMULA.match(name):
        yield _("The name begins with a character that a spreadsheet would run as a formula.")
    else:
        try:
            validate_name(name)
        except ValidationError as error:
            yield " ".join(error.messages)


def _email_errors(email: str) -> Iterator[str]:
    if not email:
        yield _("The e-mail address is missing; the invitation goes there.")
        return
    try:
        validate_email(email)
    except ValidationError:
        yield _("This is no e-mail address.")
    else:
        if len(email) > 254 or FORMULA.match(email):
            yield _("This is no e-mail address.")


def _mark_doubles(rows: list[PersonRow]) -> None:
    for column, message in (
        ("name", _("Line %(line)s has the same name.")),
        ("email", _("Line %(line)s has the same address.")),
    ):
        seen: dict[str, int] = {}
        for row in rows:
            value = getattr(row, column).casefold()
            if value and value in seen:
                row.errors.append(message % {"line": seen[value]})
            seen.setdefault(value, row.line)


def _compare_with_accounts(rows: list[PersonRow]) -> None:
    emails, names = set(), set()
    for name, email in User.objects.values_list("name", "email"):
        names.add(name.casefold())
        emails.add((email or "").casefold())
    teams = {team.name.casefold(): team.name for team in Team.objects.active()}
    for row in rows:
        if row.email and row.email.casefold() in emails:
            row.is_known = True
        elif row.name.casefold() in names:
            row.errors.append(_("Somebody else has this name already."))
        if row.team and row.team.casefold() not in teams:
            row.errors.append(
                _("There is no team “%(team)s”. Make it first, or leave it blank.") % {"team": row.team[:100]}
            )
        row.team = teams.get(row.team.casefold(), row.team)


def create(*, actor: Actor, rows: list[PersonRow], now: dt.datetime) -> list[IssuedInvitation]:
    """Make an account for each person who has none, and invite them to it: all of them, or nobody.

    Raises `InvalidInput` where a row has errors or somebody else was quicker.
    """
    require(actor, Perm.ADMINISTER)
    if any(row.errors for row in rows):
        raise InvalidInput(_("Some lines have errors. Correct the file, then choose it again."), code="rows")
    new = [row for row in rows if not row.is_known]
    try:
        with transaction.atomic():
            return _create(actor, new, now)
    except IntegrityError as error:
        raise InvalidInput(
            _("Somebody has just taken one of these names or addresses. Choose the file again.")
        ) from error


def _create(actor: Actor, rows: list[PersonRow], now: dt.datetime) -> list[IssuedInvitation]:
    """In few statements, because others wait meanwhile; every value has been checked when the rows were read."""
    teams = {team.name: team for team in Team.objects.active()}
    users = User.objects.bulk_create(_user(row, now) for row in rows)
    belongs = Team.members.through
    pairs = [(user, teams[row.team]) for user, row in zip(users, rows, strict=True) if row.team in teams]
    belongs.objects.bulk_create(belongs(user=user, team=team) for user, team in pairs)
    for user, row in zip(users, rows, strict=True):
        changes = {"name": (None, user.name), "role": (None, user.role), "teams": (None, row.team)}
        note = _("From a CSV, and invited.")
        audit.record(actor=actor, action="person.created", target=user, at=now, changes=changes, note=note)
    return invite_to_accounts(actor=actor, users=users, now=now)


def _user(row: PersonRow, now: dt.datetime) -> User:
    return User(
        name=row.name,
        email=row.email,
        role=row.role,
        phone=row.phone,
        time_zone=row.time_zone,
        password=make_password(None),
        created_at=now,
    )
