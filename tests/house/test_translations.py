"""Every word on a page has its Dutch; the check itself finds what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from app.ui import languages, translations

pytestmark = pytest.mark.databases("sqlite")

HEAD = (
    'msgid ""\nmsgstr ""\n"Language: nl\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
)


def test_everything_is_translated() -> None:
    findings = translations.check()
    assert not findings, "\n" + "\n".join(str(f) for f in findings) + "\nRun `flask translations update` and translate."


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A house with one room that says three things."""
    for folder in ("app/hall", "app/attic", "templates/hall", "templates/mail/hall"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "app/hall/__init__.py").write_text('N_("Hello")\nngettext("%(num)d hat", "%(num)d hats", 2)\n')
    (tmp_path / "templates/hall/x.html").write_text("{{ _('Hang up %(what)s', what=coat) }}")
    (tmp_path / "templates/mail/hall/m.txt").write_text("Subject: {{ _('Come in') }}\n")
    (tmp_path / "app/attic/__init__.py").write_text('N_("Hello")\n')
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    monkeypatch.setattr(languages, "ROOT", tmp_path)
    return tmp_path


def test_what_is_said_inside_an_f_string_is_collected(house: Path) -> None:
    (house / "app/attic/__init__.py").write_text("name = f\"{_('letter')}-{day:%Y}.pdf\"\n")
    assert ("letter", "not in the catalogue") in problems()


def problems() -> set[tuple[str, str]]:
    return {(finding.message, finding.problem.split(";")[0]) for finding in translations.check()}


def test_update_collects_from_code_templates_and_mail_and_check_names_what_is_missing(house: Path) -> None:
    assert ("Come in", "not in the catalogue") in problems()
    assert translations.update("hall", {}) == 4
    assert problems() == {
        ("Hello", "not translated"), ("%(num)d hat", "not translated"), ("Hang up %(what)s", "not translated"),
        ("Come in", "not translated"), ("Hello", "not in the catalogue"),
    }  # fmt: skip
    text = (house / "app/hall/nl.po").read_text()
    assert "POT-Creation" not in text
    assert "#:" not in text
    translations.update("hall", {})
    assert (house / "app/hall/nl.po").read_text() == text, "a second time changes nothing"


def test_check_finds_what_would_break_or_confuse(house: Path) -> None:
    (house / "app/hall/nl.po").write_text(
        HEAD + 'msgid "%(num)d hat"\nmsgid_plural "%(num)d hats"\nmsgstr[0] "Eén hoed"\nmsgstr[1] "%(num)d hoeden"\n\n'
        'msgid "Come in"\nmsgstr "Kom binnen, er is nog plaats genoeg.Kom binnen, er is nog plaats genoeg.oeg."\n\n'
        'msgid "Hang up %(what)s"\nmsgstr "Hang %(wat)s op"\n\n'
        'msgid "Gone"\nmsgstr "Weg"\n\n'
        '#, fuzzy\nmsgid "Hello"\nmsgstr "Dag"\n'
    )
    (house / "app/attic/nl.po").write_text(HEAD + 'msgid "Hello"\nmsgstr "Hallo"\n')
    assert problems() == {
        ("Hang up %(what)s", "placeholders differ"),
        ("Gone", "no longer used"),
        ("Hello", "fuzzy"),
        ("Come in", "says a sentence twice"),
        ("Hello", "translated otherwise in attic"),
    }


def test_update_keeps_words_and_borrows_them_from_other_rooms(house: Path) -> None:
    (house / "app/attic/nl.po").write_text(HEAD + 'msgid "Hello"\nmsgstr "Dag"\n')
    assert translations.update("hall", translations._known()) == 3
    assert 'msgid "Hello"\nmsgstr "Dag"' in (house / "app/hall/nl.po").read_text()


def test_the_compiled_catalogue_follows_its_sources(house: Path, tmp_path: Path, app: Flask) -> None:
    (house / "app/hall/nl.po").write_text(HEAD + 'msgid "Hello"\nmsgstr "Dag"\n')
    kept = tmp_path / "languages"
    assert languages._dutch(kept).gettext("Hello") == "Dag"
    (house / "app/hall/nl.po").write_text(HEAD + 'msgid "Hello"\nmsgstr "Goedendag"\n')
    assert languages._dutch(kept).gettext("Hello") == "Goedendag"
    assert len(list(kept.glob("*.mo"))) == 1, "the one of before is cleared away"
