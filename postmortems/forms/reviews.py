"""Asking for reviews, deciding, commenting."""

import datetime as dt
import uuid
from typing import Any, Self

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incidents.forms.fields import SeveralField
from incidents.forms.versioned import VersionedForm
from incidents.models import User

from ..domain import reviews
from ..domain.comments import MAX_TEXT_LENGTH
from ..models import Comment, Postmortem


class ReviewersForm(forms.Form):
    """Whom to ask for a review; those who answered the last time are ticked."""

    reviewers = SeveralField(
        label=_("Ask for a review"), queryset=User.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, postmortem: Postmortem, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: forms.ModelMultipleChoiceField = self.fields["reviewers"]  # type: ignore[assignment]
        field.queryset = reviews.may_be_asked(postmortem, by=by)
        field.initial = lambda: sorted(reviews.asked_last(postmortem))


class DecisionForm(ReviewersForm):
    """A sentence that goes with what is decided, and whom to ask where that is what is decided."""

    note = forms.CharField(label=_("Note"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, postmortem: Postmortem, by: User, **kwargs: Any) -> None:
        super().__init__(*args, postmortem=postmortem, by=by, **kwargs)
        if postmortem.is_published:
            self.fields["note"].label = _("What changed?")
            self.fields["note"].help_text = _("One sentence. Readers see it with its date at the end of the page.")


class LookForm(forms.Form):
    """When the page was made that somebody has read."""

    seen_at = forms.DateTimeField(widget=forms.HiddenInput)

    def clean_seen_at(self) -> dt.datetime:
        seen_at: dt.datetime = self.cleaned_data["seen_at"]
        return min(seen_at, timezone.now())


class CommentForm(forms.Form):
    """Something to say, in Markdown."""

    text = forms.CharField(label=_("Comment"), max_length=MAX_TEXT_LENGTH, widget=forms.Textarea(attrs={"rows": 2}))
    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)


class CommentEditForm(VersionedForm):
    """One's own comment, put right."""

    text = forms.CharField(label=_("Comment"), max_length=MAX_TEXT_LENGTH, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, comment: Comment, **kwargs: Any) -> None:
        super().__init__(*args, initial={"version": comment.version, "text": comment.text}, **kwargs)

    def anew(self, current: Comment) -> Self:
        return type(self)(comment=current)


class RestoreForm(forms.Form):
    """A press, and nothing to fill in."""
