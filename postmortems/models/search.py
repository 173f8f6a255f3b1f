"""What a search looks through: one row for each object that has something to say, its words beside it."""

from django.db import models

from incidents.models import Incident

from ..enums import DocumentKind
from ..querysets import SearchDocumentQuerySet


class SearchDocument(models.Model):
    """The text of one object as it can be found, or one part of a long text.

    Everything here is derived: `search.index` writes it in the transaction that changes the object, and
    `reindex_search` makes it anew. ``title`` and ``text`` are what a result shows, without Markdown; the two columns of
    words are what the engine's own index, made by `search.ddl`, is built from. Who may find it is decided by the
    incident; without one, it is for everybody with a role.
    """

    kind = models.CharField(max_length=12, choices=DocumentKind)
    object_id = models.PositiveBigIntegerField()
    part = models.PositiveSmallIntegerField(default=0)
    incident = models.ForeignKey(Incident, models.CASCADE, null=True, related_name="search_documents")
    # Drafts, which readers do not see.
    for_responders = models.BooleanField(default=False)
    # How much a hit here says, from what kind of object it is.
    weight = models.PositiveSmallIntegerField(default=0)
    title = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    title_words = models.TextField(blank=True)
    body_words = models.TextField(blank=True)
    # When it happened or is due to have; what orders hits within an incident.
    at = models.DateTimeField(null=True)
    # Its words are among those that are proposed for a mistyped one.
    is_learned = models.BooleanField(default=False)

    objects = SearchDocumentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("kind", "object_id", "part", name="search_document_once"),
        ]
        indexes = [
            models.Index("id", condition=models.Q(is_learned=False), name="search_document_unlearned"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}.{self.part}"


class SearchTerm(models.Model):
    """A word that somebody wrote, without case and accents: what “did you mean” chooses from.

    Whether the reader may know of it is asked each time, by looking for it in what they may see.
    """

    word = models.CharField(max_length=64, primary_key=True)

    def __str__(self) -> str:
        return self.word
