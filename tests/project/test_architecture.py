"""Rules of the house that no linter knows: views neither write nor query by themselves, and nothing is deleted."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

VIEWS = sorted(
    path for app in ("incidents", "postmortems") for path in (settings.ROOT / app / "views").glob("*.py") if path.stem
)
WRITES = {"save", "create", "bulk_create", "get_or_create", "update_or_create", "bulk_update", "delete"}
NARROWING = {"filter", "exclude", "annotate", "order_by", "values", "values_list", "aggregate", "distinct"}


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node, node.func.attr


def faults(source: str) -> list[str]:
    """Writes, and queries that are put together of several steps, which belong into a queryset's method."""
    found = []
    for node, name in calls(ast.parse(source)):
        receiver = node.func.value
        if name in WRITES and "session" not in ast.unparse(receiver) and not _is_domain(receiver):
            found.append(f"line {node.lineno}: {ast.unparse(node)[:80]}")
        inner = (
            receiver.func.attr if isinstance(receiver, ast.Call) and isinstance(receiver.func, ast.Attribute) else ""
        )
        if name in NARROWING and inner in NARROWING:
            found.append(f"line {node.lineno}: {ast.unparse(node)[:80]}")
    return found


def _is_domain(receiver: ast.expr) -> bool:
    """A domain module may well have a function of that name; models are written like classes."""
    return isinstance(receiver, ast.Name) and receiver.id.islower() and receiver.id not in {"incident", "event", "form"}


def test_views_neither_write_nor_put_queries_together() -> None:
    wrong = [f"{path.relative_to(settings.ROOT)} {fault}" for path in VIEWS for fault in faults(path.read_text())]

    assert not wrong, "\n".join(wrong)
    assert len(VIEWS) >= 18


def test_a_view_that_does_is_found() -> None:
    assert len(faults("Incident.objects.filter(a=1).order_by('b')")) == 1
    assert len(faults("incident.save()")) == 1
    assert len(faults("Incident.objects.create(title='x')")) == 1
    assert faults("people.create(actor=actor); Incident.objects.visible_to(user).filter(pk=1).first()") == []


def test_only_one_module_marks_text_as_safe() -> None:
    """User text becomes HTML in `markup` alone; what makes our own graphics and icons uses `format_html`."""
    allowed = {"incidents/markup.py"}
    found = {
        str(path.relative_to(settings.ROOT))
        for folder in ("config", "incidents", "postmortems")
        for path in sorted((settings.ROOT / folder).rglob("*.py"))
        if _marks_safe(path)
    }

    assert found <= allowed


def _marks_safe(path: Path) -> bool:
    tree = ast.parse(path.read_text())
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return "mark_safe" in names


LONGEST_VIEW = 15  # lines, without the docstring and blank ones


def long_views(source: str) -> list[str]:
    """The functions that answer a request themselves (parts of one have a name that begins with _) and are too long."""
    lines = source.splitlines()
    found = []
    for node in ast.parse(source).body:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        if not node.args.args or node.args.args[0].arg != "request":
            continue
        body = node.body[1:] if ast.get_docstring(node) else node.body
        written = [line for line in lines[body[0].lineno - 1 : node.end_lineno] if line.strip()] if body else []
        if len(written) > LONGEST_VIEW:
            found.append(f"{node.name}: {len(written)} lines")
    return found


def test_a_view_fits_on_a_card() -> None:
    wrong = [f"{path.relative_to(settings.ROOT)} {fault}" for path in VIEWS for fault in long_views(path.read_text())]

    assert not wrong, "\n".join(wrong)


def test_a_long_view_is_found() -> None:
    line = "    answer = 1\n"
    assert long_views("def page(request):\n" + '    """What it is."""\n\n' + line * 15) == []
    assert long_views("def page(request):\n" + line * 16) == ["page: 16 lines"]
