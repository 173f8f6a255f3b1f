"""The story of one incident, while it is written."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from incidents.models import Incident

from ..enums import Audience, PostmortemStatus, SectionKind
from ..querysets import PostmortemQuerySet, StandingSections


def slug_of(title: str) -> str:
    """What stands for a title in an address."""
    return slugify(title)[:80].strip("-") or "postmortem"


class Template(models.Model):
    """The sections that a draft starts with. ``sections`` is a list of kind, heading and prompt."""

    name = models.CharField(_("name"), max_length=100)
    description = models.CharField(_("when to use it"), max_length=300, blank=True)
    # The severities whose drafts start with it; the template without any is for all others.
    severities = models.JSONField(_("severities"), default=list, blank=True)
    sections = models.JSONField(_("sections"), default=list)
    is_active = models.BooleanField(_("active"), default=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="template_name_unique")]

    def __str__(self) -> str:
        return self.name


class Postmortem(models.Model):
    """One for each incident. Readers see its published revision, never the draft."""

    incident = models.OneToOneField(Incident, models.PROTECT, related_name="postmortem")
    status = models.CharField(_("status"), max_length=15, choices=PostmortemStatus, default=PostmortemStatus.DRAFT)
    title = models.CharField(_("title"), max_length=200)
    lede = models.CharField(_("in one sentence"), max_length=500, blank=True)
    not_required_reason = models.CharField(max_length=500, blank=True)
    happened_before = models.BooleanField(_("has it happened before?"), null=True, blank=True)
    shows_names = models.BooleanField(
        _("show names"), default=False, help_text=_("Otherwise the published page says what role a person had.")
    )
    audience = models.CharField(max_length=10, choices=Audience, default=Audience.INTERNAL, editable=False)
    # What an approval was given for: `publication.document.digest()` of that moment.
    approved_digest = models.CharField(max_length=64, blank=True, editable=False)
    # What the published revision is called, kept by the domain: lists and addresses never show the draft.
    published_title = models.CharField(max_length=200, blank=True, editable=False)
    published_lede = models.CharField(max_length=500, blank=True, editable=False)
    # Both casefolded, because SQLite ignores case for ASCII only.
    published_key = models.TextField(blank=True, editable=False)
    published_revision = models.ForeignKey("Revision", models.PROTECT, null=True, related_name="+", editable=False)
    published_at = models.DateTimeField(null=True, editable=False)
    # Kept by the domain, so that the library sorts on it: when it was first published.
    first_published_at = models.DateTimeField(null=True, editable=False)
    was_public = models.BooleanField(default=False, editable=False)
    is_imported = models.BooleanField(default=False, editable=False)
    authors = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="postmortems_written", editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = PostmortemQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=PostmortemStatus.values), name="postmortem_status_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(status=PostmortemStatus.PUBLISHED) | models.Q(published_revision__isnull=False),
                name="postmortem_published_has_revision",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=PostmortemStatus.NOT_REQUIRED) | ~models.Q(not_required_reason=""),
                name="postmortem_not_required_with_reason",
            ),
        ]
        indexes = [models.Index("status", "first_published_at", "id", name="postmortem_library")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("postmortem-canonical", args=[self.incident.reference, self.slug])

    @property
    def slug(self) -> str:
        return slug_of(self.published_title or self.title)

    @property
    def is_published(self) -> bool:
        return self.status == PostmortemStatus.PUBLISHED


class Section(models.Model):
    """One part of the draft. Two people may edit different sections at once without a conflict."""

    postmortem = models.ForeignKey(Postmortem, models.PROTECT, related_name="sections")
    kind = models.CharField(_("kind"), max_length=15, choices=SectionKind, default=SectionKind.OTHER)
    heading = models.CharField(_("heading"), max_length=200)
    prompt = models.CharField(max_length=500, blank=True)
    text = models.TextField(_("text"), blank=True)
    # Somebody decided that there is nothing to say; only where there is no text.
    is_waived = models.BooleanField(default=False, editable=False)
    position = models.PositiveIntegerField(default=0)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    saved_at = models.DateTimeField(null=True, editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)
    removed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    client_id = models.UUIDField(null=True, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    # What stands in the draft, also behind `postmortem.sections`: nobody shows by oversight what was removed.
    objects = StandingSections()
    every = models.Manager()  # noqa: DJ012 - which of the two managers is the first decides which is the default

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint("postmortem", "client_id", name="section_client_id_once")]

    def __str__(self) -> str:
        return self.heading
