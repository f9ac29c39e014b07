"""Routes made once for each process of the test run.

Every test makes an application of its own, and half of that went to binding the same hundreds of rules to another
map. A map depends on rules and converters alone, so applications with the same ones share it; one that is given
another rule has a map of its own from then on.
"""

from __future__ import annotations

from inspect import unwrap
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.sansio.scaffold import _endpoint_from_view_func
from werkzeug.routing import Map

_OF_VIEW = ("methods", "required_methods", "provide_automatic_options")  # what Flask reads from a view


def remember(patch: pytest.MonkeyPatch) -> None:
    add_now = unwrap(Flask.add_url_rule)
    made: dict[object, Map] = {}

    def add(
        app: Any, rule: str, endpoint: str | None = None, view_func: Any = None, *args: Any, **options: Any
    ) -> None:
        app._check_setup_finished("add_url_rule")
        endpoint = endpoint or _endpoint_from_view_func(view_func)
        said = repr((rule, endpoint, args, options, [getattr(view_func, name, None) for name in _OF_VIEW]))
        app.__dict__.setdefault("rules_given", []).append((said, (rule, endpoint, view_func, *args), options))
        if view_func is not None:
            assert app.view_functions.setdefault(endpoint, view_func) == view_func, f"two views are called {endpoint}"

    def get(app: Any) -> Map:
        own, given = app.__dict__["url_map"], app.__dict__.get("rules_given")
        if not given:
            return own
        known = app.__dict__.get("rules_bound")
        if known and known[0] == len(given):
            return known[1]
        key = (tuple(said for said, _, _ in given), tuple(own.converters.items()))
        if key not in made:
            whole = Map(converters=own.converters)
            behind = SimpleNamespace(
                config=app.config, url_rule_class=app.url_rule_class, url_map=whole, view_functions={}
            )
            for _, rule, options in given:
                add_now(behind, *rule, **options)
            made[key] = whole  # only now: other threads of a test may ask meanwhile
        app.__dict__["rules_bound"] = (len(given), made[key])
        return made[key]

    def put(app: Any, own: Map) -> None:
        app.__dict__["url_map"] = own

    patch.setattr(Flask, "add_url_rule", add)
    patch.setattr(Flask, "url_map", property(get, put), raising=False)
