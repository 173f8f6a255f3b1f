"""Templates: the sections that drafts start with."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from incidents import audit
from incidents.domain.versions import check_version, compare_and_set
from incidents.enums import Severity
from incidents.errors import InvalidInput
from incidents.permissions import Actor, require

from ..enums import SectionKind
from ..models import Template
from ..permissions import LessonPerm

MAX_SECTIONS = 20


@transaction.atomic
def save(
    *,
    actor: Actor,
    template: Template | None,
    name: str,
    description: str,
    severities: Sequence[str],
    sections: str,
    is_active: bool,
    now: dt.datetime,
    version: int | None = None,
) -> Template:
    """Change a template, or add one. ``sections`` has a line ``kind | heading | prompt`` for each."""
    require(actor, LessonPerm.EDIT_TEMPLATES)
    values = {
        "name": _unused_name(name, template),
        "description": description.strip(),
        "severities": [severity for severity in severities if severity in Severity.values],
        "sections": parse_sections(sections),
        "is_active": is_active,
    }
    if template is None:
        template = Template.objects.create(updated_at=now, **values)
        audit.record(actor=actor, action="template.added", target=template, at=now)
        return template
    check_version(template, version)
    changes = audit.difference(template, values)
    if changes:
        compare_and_set(template, at=now, **values)
        audit.record(actor=actor, action="template.edited", target=template, at=now, changes=changes)
    return template


def parse_sections(text: str) -> list[dict[str, str]]:
    """The sections that these lines name; raises `InvalidInput` naming the line that is not understood."""
    parts = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        kind, heading, prompt = [*(part.strip() for part in line.split("|", 2)), "", ""][:3]
        if kind not in SectionKind.values or not heading:
            known = ", ".join(SectionKind.values)
            message = _("Line %(number)d: write kind | heading | prompt, the kind one of %(kinds)s.")
            said = message % {"number": number, "kinds": known}
            raise InvalidInput(said, code="sections", fields={"sections": said})
        parts.append({"kind": kind, "heading": heading[:200], "prompt": prompt[:500]})
    if not parts or len(parts) > MAX_SECTIONS:
        message = _("A template has at least one section, and at most 20.")
        raise InvalidInput(message, code="sections", fields={"sections": message})
    return parts


def _unused_name(name: str, template: Template | None) -> str:
    name = " ".join(name.split())
    others = Template.objects.filter(name__iexact=name)
    if template is not None:
        others = others.exclude(pk=template.pk)
    if not name or others.exists():
        message = _("Give it a name that no other template has.")
        raise InvalidInput(message, code="name", fields={"name": message})
    return name
