"""Whatever stands behind the question mark of an address, it is answered: with the page or with 400, never with 500."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from flask import Flask, Request, request
from werkzeug.datastructures import ImmutableMultiDict

from app.ui.permissions import Role
from tests.support.client import Client

# A NUL and half a character; one more than the largest id; more figures than Python reads; the last day there is;
# figures of another script, and one that is a digit and no number.
HOSTILE = ("%00%ED%A0%80", "9223372036854775808", "9" * 5000, "9999-12-31", "%D9%A3", "%C2%B2")
OF_EVERY_LIST = {"q", "sort", "size", "after", "before"}  # read in one place (app/ui/lists.py): one page stands for all


@pytest.mark.complete
@pytest.mark.databases("sqlite")
def test_no_query_string_is_an_accident(app: Flask) -> None:
    """As administrator, each page without an id in its address, each name it looks for in the query string."""
    asked: dict[str, set[str]] = defaultdict(set)

    class Told(ImmutableMultiDict[str, str]):
        """What was typed, and which names the page asked it for."""

        def _note(self, name: str) -> None:
            asked[request.path].add(name)

        def get(self, key: str, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
            self._note(key)
            return super().get(key, *args, **kwargs)

        def getlist(self, key: str, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
            self._note(key)
            return super().getlist(key, *args, **kwargs)

        def __getitem__(self, key: str) -> Any:
            self._note(key)
            return super().__getitem__(key)

        def __contains__(self, key: object) -> bool:
            self._note(str(key))
            return super().__contains__(key)

    class Asked(Request):
        parameter_storage_class = Told

    app.request_class = Asked
    app.test_client_class = Client
    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = app.test_client().sign_in(Role.ADMIN)  # type: ignore[attr-defined]
    pages = sorted(
        {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments}
    )
    wrong = []
    for page in pages:
        client.get(page, check=False)
        for name in sorted(asked[page] if page == "/supporters" else asked[page] - OF_EVERY_LIST):
            tried = [f"{page}?{name}={value}" for value in HOSTILE]
            tried.append(f"{page}?{name}=-1&{name}=2&{name}=&endpoint=x&_external=1&_scheme=x&values=1&self=1")
            wrong += [
                f"{url[:200]}: {status}" for url in tried if (status := client.get(url, check=False).status_code) >= 500
            ]
    assert not wrong, "\n".join(wrong)
    assert asked["/supporters"] >= {"q", "sort", "after", "before"}
