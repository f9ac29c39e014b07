"""What every HTML page of the product owes its reader, checked on each page a test happens to get."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

from werkzeug.test import TestResponse

_UNLABELLED = ("hidden", "submit", "button", "image", "reset")
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)


class Page(HTMLParser):
    """The parts of a page that the checks look at."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.language: str | None = None
        self.title = ""
        self.headings = 0
        self.ids: Counter[str] = Counter()
        self.labelled: set[str] = set()
        self.controls: list[tuple[str, dict[str, str], bool]] = []
        self.inline: list[str] = []
        self.unnamed: list[str] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "html":
            self.language = given.get("lang")
        if tag == "h1":
            self.headings += 1
        if tag == "label" and "for" in given:
            self.labelled.add(given["for"])
        if "id" in given:
            self.ids[given["id"]] += 1
        if tag in ("input", "select", "textarea") and given.get("type", "text") not in _UNLABELLED:
            self.controls.append((tag, given, "label" in self._open))
        if tag == "img" and "alt" not in given:
            self.unnamed.append(f"<img src={given.get('src')}> without alt")
        if tag == "script" and "src" not in given and "json" not in given.get("type", "") and "nonce" not in given:
            self.inline.append("<script> without src")
        if tag == "style" and "nonce" not in given:
            self.inline.append("<style>")
        self.inline += [f"{tag} {name}=" for name in given if name == "style" or name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["title"] and "svg" not in self._open:
            self.title += data


def check(response: TestResponse, where: str) -> None:
    """Fail the test where this page misses its title, language, labels or policy."""
    html = response.get_data(as_text=True)
    page = Page(html)
    assert not page.inline, f"{where}: the policy forbids {page.inline}"
    if not html.lstrip().lower().startswith("<!doctype"):
        return  # a fragment for a page that is there already
    policy = response.headers.get("Content-Security-Policy", "")
    assert "default-src" in policy, f"{where}: no Content-Security-Policy"
    assert "unsafe-" not in policy, f"{where}: {policy}"
    assert page.language in ("nl", "en"), f"{where}: lang={page.language!r}"
    assert page.title.split("·")[0].strip(), f"{where}: no title"
    assert page.headings == 1, f"{where}: {page.headings} <h1>"
    twice = [name for name, times in page.ids.items() if times > 1]
    assert not twice, f"{where}: ids used twice: {twice}"
    assert not page.unnamed, f"{where}: {page.unnamed}"
    for tag, given, inside in page.controls:
        named = inside or given.get("id") in page.labelled or "aria-label" in given or "aria-labelledby" in given
        assert named, f"{where}: no label for <{tag} name={given.get('name')}>"
