"""What can go wrong in the domain, said so that a page can show it.

A message is an English msgid with named parameters; the page translates it. Programming
mistakes are ordinary exceptions and end in a designed 500 page.
"""

from __future__ import annotations


class DomainError(Exception):
    """Something a person asked for cannot be done; `message % params` says why and what to do."""

    status = 400

    def __init__(self, message: str, *, field: str | None = None, **params: object) -> None:
        super().__init__(message % params if params else message)
        self.message = message
        self.params = params
        self.field = field


class Invalid(DomainError):
    """Input is wrong. `field` names the form field where the message belongs."""

    status = 422


class Refused(DomainError):
    """The rules forbid it in the present state (a closed period, a forbidden transition)."""

    status = 409


class NotFound(DomainError):
    """No such row, or not for this person: outside they look the same."""

    status = 404


class Forbidden(DomainError):
    """Signed in, but this role may not."""

    status = 403


class TooMany(DomainError):
    """A rate limit was reached; `retry_after` in seconds."""

    status = 429
    retry_after = 600
