"""Routes read and compiled once for each process of the test run.

Every test makes an application of its own, and werkzeug spends nine tenths of that on reading the
same rules and compiling the same two functions for each. They depend on the rule alone.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from werkzeug.routing.converters import BaseConverter
from werkzeug.routing.rules import Rule, RulePart

Builder = Callable[..., tuple[str, str]]
Reading = tuple[list[RulePart], list[tuple[bool, str]], dict[str, BaseConverter]]


def remember(patch: pytest.MonkeyPatch) -> None:
    read: dict[str, Reading] = {}
    made: dict[object, Builder] = {}
    parse, compiled = Rule._parse_rule, Rule._compile_builder

    def read_once(rule: Rule, text: str) -> list[RulePart]:
        if text not in read:
            before = len(rule._trace)
            parts = list(parse(rule, text))
            read[text] = (parts, rule._trace[before:], dict(rule._converters))
            return parts
        parts, trace, converters = read[text]
        rule._trace.extend(trace)
        rule._converters.update(converters)
        rule.arguments.update(converters)
        return parts

    def compiled_once(rule: Rule, append_unknown: bool = True) -> Builder:
        key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in made:
            made[key] = compiled(rule, append_unknown)
        return made[key]

    patch.setattr(Rule, "_parse_rule", read_once)
    patch.setattr(Rule, "_compile_builder", compiled_once)
