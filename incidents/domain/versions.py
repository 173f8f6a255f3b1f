"""Compare-and-set: two people at once never overwrite each other without knowing."""

import datetime as dt
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from ..errors import Stale


def check_version(target: models.Model, version: int | None) -> None:
    """Raise `Stale` where the actor looked at another version than the one stored; ``None`` asks for no check."""
    if version is not None and target.version != version:  # type: ignore[attr-defined]
        raise _stale(target)


def compare_and_set(target: models.Model, *, at: dt.datetime, **changes: Any) -> None:
    """Write the changes and the next version, unless somebody else was quicker: then raise `Stale`."""
    manager = type(target)._base_manager
    values = {**changes, "version": target.version + 1, "updated_at": at}  # type: ignore[attr-defined]
    if manager.filter(pk=target.pk, version=target.version).update(**values) != 1:  # type: ignore[attr-defined]
        raise _stale(target)
    for name, value in values.items():
        setattr(target, name, value)


def _stale(target: models.Model) -> Stale:
    current = type(target)._base_manager.get(pk=target.pk)
    return Stale(
        _("Somebody else changed this while you were looking. Nothing of yours is lost: compare, and save again."),
        current=current,
    )
