"""A folder that an export is written to: whole, or not there at all.

Everything is written beside it under another name, and takes its place when it is complete; so a web server that serves
the folder never serves half of it. A file in it says what it is, and only an empty folder, or one with that file, is
ever replaced.
"""

import datetime as dt
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from incidents.errors import NotPossible

MARKER = "nevertwice-export.json"
FORMAT = 1


@dataclass(slots=True)
class Folder:
    """Where an export is being written; ``facts`` are told by its marker."""

    path: Path
    facts: dict[str, Any] = field(default_factory=dict)

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file, given by its path within the folder."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode("utf-8", "replace") if isinstance(content, str) else content)


@contextmanager
def export_folder(path: Path, *, kind: str, now: dt.datetime, mode: int) -> Iterator[Folder]:
    """Write an export of this kind to ``path``, with these rights of the folder.

    Raises `NotPossible` where there is something else already, or it cannot be written; what was there before then
    stays as it was.
    """
    path = path.absolute()
    _check(path, kind)
    try:
        unfinished = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".unfinished", dir=path.parent))
    except OSError as error:
        raise _unwritable(path.parent, error) from error
    try:
        folder = Folder(unfinished)
        yield folder
        told = {"nevertwice_export": kind, "format": FORMAT, "made_at": now.astimezone(dt.UTC).isoformat()}
        folder.write(MARKER, json.dumps(told | folder.facts, indent=2) + "\n")
        unfinished.chmod(mode)
        _take_its_place(unfinished, path, kind)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _check(path: Path, kind: str) -> None:
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise NotPossible(_("%(path)s is no folder.") % {"path": path}, code="no_folder")
    if not path.parent.is_dir():
        raise NotPossible(_("There is no folder %(path)s.") % {"path": path.parent}, code="no_folder")
    try:
        is_free = not path.exists() or _kind_of(path) == kind or not any(path.iterdir())
    except OSError as error:
        raise _unwritable(path, error) from error
    if not is_free:
        message = _("%(path)s holds something that is no such export. Choose an empty or a new folder.")
        raise NotPossible(message % {"path": path}, code="not_empty")


def _kind_of(path: Path) -> str:
    """Which kind of export is in the folder; empty for none."""
    try:
        told = json.loads((path / MARKER).read_text())
        return str(told["nevertwice_export"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _take_its_place(unfinished: Path, path: Path, kind: str) -> None:
    # Looked at again: somebody may have put something there meanwhile.
    _check(path, kind)
    before = unfinished.with_suffix(".before")
    if path.exists():
        path.rename(before)
    try:
        unfinished.rename(path)
    except OSError:
        if before.exists():
            before.rename(path)
        raise
    shutil.rmtree(before, ignore_errors=True)


def _unwritable(path: Path, error: OSError) -> NotPossible:
    why = error.strerror or type(error).__name__
    return NotPossible(_("%(path)s cannot be written: %(why)s.") % {"path": path, "why": why}, code="unwritable")
