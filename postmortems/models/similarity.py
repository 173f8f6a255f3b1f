"""By which words incidents are alike."""

from django.db import models

from incidents.models import Incident


class SimilarityTerm(models.Model):
    """One of the words, or pairs of words, that say most about an incident: see `postmortems.search.similarity`.

    ``weight`` is how much of what is written about the incident is this term; how rare it is elsewhere is counted when
    somebody asks. Nothing refers to these rows, they can be made anew at any time.
    """

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="+", db_index=False)
    # Two words of 64 characters at most, and a space.
    term = models.CharField(max_length=130)
    # The same as people wrote it there, to be shown: the term has lost its endings.
    written = models.CharField(max_length=130)
    weight = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint("incident", "term", name="similarity_term_once")]
        # With the weight, so that finding what is alike reads the index and no rows.
        indexes = [models.Index("term", "incident", "weight", name="similarity_by_term")]

    def __str__(self) -> str:
        return self.term
