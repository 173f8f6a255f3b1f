"""How what the domain refuses reaches the form that asked for it."""

from django import forms

from ..errors import DomainError, Stale
from .versioned import VersionedForm


def add_domain_error(form: forms.BaseForm, error: DomainError) -> None:
    """Show a refusal beside the field that it is about, or above the form where it is about none."""
    fields = {name: message for name, message in error.fields.items() if name in form.fields}
    for name, message in fields.items():
        form.add_error(name, message)
    if not fields:
        form.add_error(None, forms.ValidationError(error.message, code=error.code))
    if isinstance(error, Stale) and isinstance(form, VersionedForm):
        form.meet(error.current)
