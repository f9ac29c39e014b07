"""Routes compiled once for each process of the test run.

Every test makes an application of its own, and werkzeug spends nine tenths of that on compiling
the same two functions for each route: 65 ms a test. They depend on the rule alone.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from werkzeug.routing.rules import Rule

Builder = Callable[..., tuple[str, str]]


def remember(patch: pytest.MonkeyPatch) -> None:
    made: dict[object, Builder] = {}
    compiled = Rule._compile_builder

    def remembered(rule: Rule, append_unknown: bool = True) -> Builder:
        key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in made:
            made[key] = compiled(rule, append_unknown)
        return made[key]

    patch.setattr(Rule, "_compile_builder", remembered)
