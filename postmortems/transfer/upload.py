"""What was pasted or uploaded, as documents to read one after the other; archives are opened with care."""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from django.core import signing
from django.utils.translation import gettext as _

from incidents.errors import InvalidInput

from .texts import decode

MAX_TOTAL_BYTES = 5_000_000
MAX_DOCUMENTS = 50
# What a page carries from one document to the next has to fit into one form.
MAX_CARRIED_CHARACTERS = 1_400_000
ENDINGS = (".md", ".markdown", ".txt", ".mdown")
_MAX_ENTRIES = 2_000
_SALT = "postmortems.import"
_HOURS_CARRIED = 24


@dataclass(frozen=True, slots=True)
class Piece:
    """One document that waits to be read, or, where it is none, why not."""

    name: str
    text: str = ""
    refusal: str = ""
    warnings: tuple[str, ...] = ()


def piece_of(name: str, data: bytes) -> Piece:
    """A file as a document; what cannot be read says why."""
    try:
        found = decode(data)
    except InvalidInput as error:
        return Piece(name, refusal=error.message)
    return Piece(name, found.text, warnings=tuple(found.warnings))


def read_files(files: Iterable[Any]) -> list[Piece]:
    """The documents of uploaded files, those in archives too. Raises ``InvalidInput`` where it is too much."""
    pieces: list[Piece] = []
    total = 0
    for file in files:
        total += file.size
        if total > MAX_TOTAL_BYTES:
            raise _too_much()
        data = file.read()
        if data.startswith(b"PK\x03\x04"):
            inside = _read_archive(data, MAX_TOTAL_BYTES - total + file.size)
            total += sum(len(piece.text) for piece in inside) - file.size
            pieces += inside
        else:
            pieces.append(piece_of(file.name or _("file"), data))
        if len(pieces) > MAX_DOCUMENTS:
            raise _too_many()
    return pieces


def carry(pieces: list[Piece]) -> str:
    """Documents as one signed text that a page can hold. Raises ``InvalidInput`` where they are too much for that."""
    values = [[piece.name, piece.text, piece.refusal, list(piece.warnings)] for piece in pieces]
    carried = signing.dumps(values, salt=_SALT, compress=True)
    if len(carried) > MAX_CARRIED_CHARACTERS:
        raise _too_much()
    return carried


def carried(text: str) -> list[Piece]:
    """The documents that a page carried. Raises ``InvalidInput`` where it was changed, or is a day old."""
    try:
        values = signing.loads(text, salt=_SALT, max_age=_HOURS_CARRIED * 3600)
    except signing.BadSignature as error:
        raise InvalidInput(_("This page is too old. Upload the documents again."), code="expired") from error
    return [Piece(name, body, refusal, tuple(warnings)) for name, body, refusal, warnings in values]


def _read_archive(data: bytes, most: int) -> list[Piece]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read_entries(archive, most)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError) as error:
        raise InvalidInput(
            _("The archive cannot be read. Pack it again as a plain zip."), code="bad_archive"
        ) from error
    except RuntimeError as error:
        raise InvalidInput(_("The archive asks for a password. Pack it without one."), code="bad_archive") from error


def _read_entries(archive: zipfile.ZipFile, most: int) -> list[Piece]:
    entries = archive.infolist()
    if len(entries) > _MAX_ENTRIES:
        raise _too_many()
    wanted = [entry for entry in entries if _is_document(entry)]
    if len(wanted) > MAX_DOCUMENTS:
        raise _too_many()
    if sum(entry.file_size for entry in wanted) > most:
        raise _too_much()
    pieces = []
    for entry in wanted:
        with archive.open(entry) as opened:
            # What an archive says of its sizes need not be true.
            body = opened.read(most + 1)
        most -= len(body)
        if most < 0:
            raise _too_much()
        pieces.append(piece_of(entry.filename, body))
    if not pieces:
        raise InvalidInput(_("The archive holds no Markdown files."), code="empty")
    return pieces


def _is_document(entry: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(entry.filename)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return not entry.is_dir() and not hidden and path.suffix.lower() in ENDINGS


def _too_much() -> InvalidInput:
    message = _("That is too much at once: at most %(most)d MB, unpacked. Upload fewer documents at a time.")
    return InvalidInput(message % {"most": MAX_TOTAL_BYTES // 1_000_000}, code="too_large")


def _too_many() -> InvalidInput:
    message = _("That is too much at once: at most %(most)d documents.")
    return InvalidInput(message % {"most": MAX_DOCUMENTS}, code="too_many")
