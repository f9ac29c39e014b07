"""Every template compiles, holds nothing inline, and leaves the framework's class names to the components."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import nodes

from app.ui import icons
from config import ROOT

pytestmark = pytest.mark.databases("sqlite")

TEMPLATES = ROOT / "templates"
PAGES = sorted(p for p in TEMPLATES.rglob("*") if p.suffix in (".html", ".txt", ".svg", ".xml"))
# Mail clients know no style sheets, so that one layout writes its styles inline.
MAIL_LAYOUT = TEMPLATES / "mail" / "layout.html"
SHARED = ("components", "layouts", "errors")
# Where |safe is right, with the reason.
SAFE: dict[str, str] = {}

FRAMEWORK = re.compile(
    r"btn(-\w+)*|card(-\w+)*|row|col(-\w+)*|container(-\w+)*|d-\w+(-\w+)*|[mp][tbsexy]?-(\w+-)?(\d|auto)|g[xy]?-\d"
    r"|form-(control|select|check|label|text|floating|range|switch)(-\w+)*|input-group(-\w+)*|table(-\w+)*|alert(-\w+)*"
    r"|badge|nav(bar)?(-\w+)*|dropdown(-\w+)*|modal(-\w+)*|list-(group|inline|unstyled)(-\w+)*|text-\w+(-\w+)*|bg-\w+"
    r"|flex-\w+|justify-content-\w+|align-(items|self)-\w+|gap-\d|[wh]-\d+|f[sw]-\w+|rounded(-\w+)*|border(-\w+)*|shadow(-\w+)*"
)  # fmt: skip


def name_of(path: Path) -> str:
    return path.relative_to(TEMPLATES).as_posix()


def text_of(path: Path) -> str:
    """The template without its comments."""
    return re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.S)


def inline(text: str) -> list[str]:
    """What a strict policy would block."""
    found = re.findall(r"<[^<>]*\sstyle\s*=[^<>]*>", text)
    found += re.findall(r"<[^<>]*\son[a-z]+\s*=[^<>]*>", text)
    found += [tag for tag in re.findall(r"<script\b[^>]*>", text) if "src=" not in tag]
    found += re.findall(r"<style\b[^>]*>", text)
    return found + re.findall(r"javascript:", text)


def unused_imports(tree: nodes.Template) -> list[str]:
    used = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"}
    imported = [name for node in tree.find_all(nodes.FromImport) for name in node.names]
    names = [name[1] if isinstance(name, tuple) else name for name in imported]
    names += [node.target for node in tree.find_all(nodes.Import)]
    return [name for name in names if name not in used]


def framework_classes(text: str) -> list[str]:
    bare = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", text, flags=re.S)
    words = [word for value in re.findall(r'class="([^"]*)"', bare) for word in value.split()]
    return sorted({word for word in words if FRAMEWORK.fullmatch(word)})


def named_icons(text: str) -> set[str]:
    return set(re.findall(r"""icon\(['"]([\w-]+)['"]""", text)) | set(
        re.findall(r"""['"]?symbol['"]?\s*[=:]\s*['"]([\w-]+)['"]""", text)
    )


def test_the_rules_find_what_they_forbid(app: Flask) -> None:
    assert inline('<p style="x">') and inline("<a onclick='x'>") and inline("<script>x</script>")  # noqa: PT018
    assert not inline('<script type="module" src="{{ asset(\'js/staff.js\') }}"></script><p data-style="x">')
    assert framework_classes('<p class="d-flex mt-3 muted {{ "btn" }} col-md-6">') == ["col-md-6", "d-flex", "mt-3"]
    tree = app.jinja_env.parse('{% from "x" import a, b as c %}{% import "y" as d %}{{ a() }}')
    assert unused_imports(tree) == ["c", "d"]
    assert named_icons("{{ icon('sun') }}{{ f(symbol='gift') }}{'symbol': \"x\"}") == {"sun", "gift", "x"}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_template(app: Flask, path: Path) -> None:
    name, text = name_of(path), text_of(path)
    app.jinja_env.get_template(name)
    tree = app.jinja_env.parse(path.read_text(encoding="utf-8"))
    unused = unused_imports(tree)
    assert not unused, f"{name} imports {unused} and does not use them"
    if path != MAIL_LAYOUT:
        assert not inline(text), f"{name} holds something inline: {inline(text)}"
    if any(isinstance(node, nodes.Filter) and node.name == "safe" for node in tree.find_all(nodes.Filter)):
        assert name in SAFE, f"{name} uses |safe: escape, or build Markup where the text is made"
    for icon in named_icons(text):
        assert icons.exists(icon), f"{name} names an icon that is not there: {icon}"
    if path.suffix == ".html" and path.relative_to(TEMPLATES).parts[0] not in (*SHARED, "mail", "pdf"):
        known = framework_classes(text)
        assert not known, f"{name} uses class names of the framework: {known}; use a component (docs/components.md)"


def test_markup_is_made_in_few_places() -> None:
    """Text marked as safe HTML is where scripts get in; each place is named here."""
    allowed = {"app/ui/icons.py", "app/ui/languages.py", "app/ui/panels.py"}
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "app").rglob("*.py")
        if re.search(r"\bMarkup\(", path.read_text(encoding="utf-8"))
    }
    assert found <= allowed, f"Markup() in {sorted(found - allowed)}"
