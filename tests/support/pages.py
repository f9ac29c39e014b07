"""What every HTML page of the product owes its reader, checked on each page a test happens to get."""

from __future__ import annotations

from collections import Counter

from lxml import etree
from werkzeug.test import TestResponse

_PARSER = etree.HTMLParser(encoding="utf-8")
_UNLABELLED = ("hidden", "submit", "button", "image", "reset")
_ids = etree.XPath("//@id")
_labelled = etree.XPath("//label/@for")
_controls = etree.XPath("//input | //select | //textarea")
_title = etree.XPath("string(//title[not(ancestor::svg)])")
_unnamed = etree.XPath("//img[not(@alt)]")
_scripts = etree.XPath("//script[not(@src) and not(contains(@type, 'json')) and not(@nonce)]")
_styles = etree.XPath("//style[not(@nonce)]")
_attributes = etree.XPath("//@*[name() = 'style' or starts-with(name(), 'on')]")


def _inline(page: etree._Element) -> list[str]:
    attributes = [f"{found.getparent().tag} {found.attrname}=" for found in _attributes(page)]
    return ["<script> without src"] * len(_scripts(page)) + ["<style>"] * len(_styles(page)) + attributes


def _has_name(control: etree._Element, labelled: set[str]) -> bool:
    given = control.attrib
    named = given.get("id") in labelled or "aria-label" in given or "aria-labelledby" in given
    return named or next(control.iterancestors("label"), None) is not None


def check(response: TestResponse, where: str) -> None:
    """Fail the test where this page misses its title, language, labels or policy."""
    html = response.get_data().lstrip()
    page = etree.fromstring(html, _PARSER)
    if page is None:
        return  # nothing but white space
    inline = _inline(page)
    assert not inline, f"{where}: the policy forbids {inline}"
    if html[:9].lower() != b"<!doctype":
        return  # a fragment for a page that is there already
    policy = response.headers.get("Content-Security-Policy", "")
    assert "default-src" in policy, f"{where}: no Content-Security-Policy"
    assert "unsafe-" not in policy, f"{where}: {policy}"
    assert page.get("lang") in ("nl", "en"), f"{where}: lang={page.get('lang')!r}"
    assert _title(page).split("·")[0].strip(), f"{where}: no title"
    headings = len(page.findall(".//h1"))
    assert headings == 1, f"{where}: {headings} <h1>"
    twice = [name for name, times in Counter(_ids(page)).items() if times > 1]
    assert not twice, f"{where}: ids used twice: {twice}"
    unnamed = [f"<img src={image.get('src')}> without alt" for image in _unnamed(page)]
    assert not unnamed, f"{where}: {unnamed}"
    labelled = set(_labelled(page))
    for control in _controls(page):
        if control.get("type", "text") not in _UNLABELLED:
            assert _has_name(control, labelled), f"{where}: no label for <{control.tag} name={control.get('name')}>"
