"""Choosing a picture."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..domain import pictures

ACCEPTED = "image/png,image/jpeg,image/webp,image/gif"


class PictureForm(forms.Form):
    """A picture, and what it shows: for those who cannot see it, and for those who search."""

    file = forms.FileField(
        label=_("Picture"),
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
        help_text=_("PNG, JPEG, WebP or GIF, at most 10 MB. Where and when it was taken is not kept."),
        # An empty file is refused as one that is broken.
        allow_empty_file=True,
    )
    description = forms.CharField(
        label=_("What it shows"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("“CPU of the front end since 01:00”."),
    )
    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > pictures.MAX_BYTES:
            raise forms.ValidationError(pictures.too_large().message, code="picture_too_large")
        return file
