"""Templates speak the language of the moment, escape what they are given, and stay Jinja."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale, get_locale, refresh
from jinja2 import UndefinedError, pass_context
from markupsafe import escape

from app.ui.languages import language


def drawn(app: Flask, source: str, **values: object) -> str:
    return app.jinja_env.from_string("{% autoescape true %}" + source + "{% endautoescape %}").render(**values)


def test_words_follow_the_language_of_the_moment(app: Flask) -> None:
    with app.test_request_context("/"):
        assert drawn(app, "{{ _('Gifts') }}") == "Giften"
        with force_locale("en"):
            assert drawn(app, "{{ _('Gifts') }}") == "Gifts"
            assert language() == "en" == str(get_locale())
        assert drawn(app, "{{ _('Gifts') }}") == "Giften"
    with app.test_request_context("/en"):
        refresh()  # as each request does first
        assert drawn(app, "{{ _('Gifts') }}") == "Gifts"


def test_values_in_words_are_escaped_and_percents_are_halved(app: Flask) -> None:
    with app.test_request_context("/en"):
        assert drawn(app, "{{ _('%(a)s of 60%%', a='<b>') }}") == "&lt;b&gt; of 60%"
        ours = "more than 100 %% covered: %(amount)s too much"
        assert drawn(app, "{{ _(ours, amount='&') }}", ours=ours) == "more than 100 % covered: &amp; too much"
        assert drawn(app, "{{ ngettext('%(num)d gift <%(a)s>', '', 1, a='&') }}") == "1 gift <&amp;>"


@pytest.mark.parametrize("path", ["/", "/en"])
@pytest.mark.parametrize("note", ["<b>50% off</b>", "%(x)s", "100%", "%s"])
def test_what_a_person_wrote_is_no_sentence_of_ours(app: Flask, path: str, note: str) -> None:
    with app.test_request_context(path):
        refresh()
        for _time in range(2):
            assert drawn(app, "{{ _(note) }}", note=note) == str(escape(note))


def test_calls_are_jinjas_own(app: Flask) -> None:
    @pass_context
    def named(context: dict[str, str]) -> str:
        return context["name"]

    with app.test_request_context("/"):
        macro = "{% macro m(a, b='') %}{{ a }}{{ b }}{% if caller is defined %}{{ caller() }}{% endif %}{% endmacro %}"
        assert drawn(app, macro + "{% call m('<') %}{{ m(b='&', a=name) }}{% endcall %}", name="n") == "&lt;n&amp;"
        assert (
            drawn(app, "{% for x in [1] %}{{ named() }}{{ 'no' if x == 2 }}{% endfor %}", named=named, name="n") == "n"
        )
        with pytest.raises(UndefinedError):
            drawn(app, "{{ missing }}")
