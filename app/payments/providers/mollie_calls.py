"""A client of Mollie that calls the configured host only, and what its failures mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from app.payments.providers.base import ProviderRefused, ProviderUnsure, UnknownPayment
from app.payments.providers.caller import Caller

TIMEOUTS = (2, 6)  # seconds to connect, to read
T = TypeVar("T")


def client(url: str) -> Any:
    """A client without a key yet. Loaded on first use: it is large."""
    import requests
    from mollie.api.client import Client

    made = Client(api_endpoint=url, timeout=TIMEOUTS, retry=0)
    session = requests.Session()
    session.max_redirects = 0  # only the configured host is ever called
    # Proxy and authorities as the environment says, read once instead of for each call; a .netrc would
    # put its own password in the place of our key.
    found = session.merge_environment_settings(url, {}, None, None, None)
    session.proxies, session.verify, session.trust_env = found["proxies"], found["verify"], False
    made._client = session
    return made


def call(caller: Caller, ask: Callable[[Any], T]) -> T:
    """Run a call and sort its failures into unsure, refused and unknown."""

    def guarded(made: Any) -> T:
        from mollie.api import error

        try:
            return ask(made)
        except error.NotFoundError:
            raise UnknownPayment from None
        except (error.ResponseHandlingError, error.RequestError) as problem:
            raise ProviderUnsure(_short(problem)) from None
        except error.ResponseError as problem:
            status = problem.status if isinstance(problem.status, int) else 0
            told = f"{status} {_short(problem)}" + (f" ({problem.field})" if problem.field else "")
            if status in (400, 401, 403, 410, 422):
                raise ProviderRefused(told) from None
            raise ProviderUnsure(told) from None
        except (KeyError, TypeError, ValueError, AttributeError, LookupError) as problem:
            raise ProviderUnsure(f"an answer that makes no sense: {_short(problem)}") from None

    return caller.call(guarded)


def _short(problem: BaseException) -> str:
    return re.sub(r"\s+", " ", str(problem))[:200]
