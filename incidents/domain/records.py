"""Storing people, teams and the catalogue so that what is refused comes back as words beside the field."""

from collections.abc import Sequence

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from ..errors import InvalidInput


def store(record: models.Model, *, fields: Sequence[str] | None = None) -> None:
    """Check and save the record; only these fields where they are named. Raises `InvalidInput`.

    To be called in a transaction: the check and the save are two statements, and the database's own constraints catch
    what comes between them.
    """
    try:
        record.full_clean(exclude=_unset(record))
        with transaction.atomic():
            record.save(update_fields=fields)
    except ValidationError as error:
        raise invalid(error) from error
    except IntegrityError as error:
        raise InvalidInput(_("Somebody has just saved the same name or address. Choose another one.")) from error


def _unset(record: models.Model) -> set[str]:
    """Fields without a value that may have none; Django would ask for one wherever a form is not to leave it blank."""
    fields = record._meta.concrete_fields
    return {field.name for field in fields if field.null and getattr(record, field.attname) is None}


def invalid(error: ValidationError) -> InvalidInput:
    """The same refusal in our words: one sentence, and what is wrong with each field."""
    fields = {name: " ".join(messages) for name, messages in error.message_dict.items() if name != NON_FIELD_ERRORS}
    return InvalidInput(" ".join(error.messages), fields=fields)
