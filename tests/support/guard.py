"""No socket leaves this machine during tests: whatever tries is told so at once."""

from __future__ import annotations

import socket
from typing import Any

import pytest

HERE = ("127.", "::1", "localhost", "0.0.0.0")  # noqa: S104 (compared, not bound)


class WentOutside(RuntimeError):
    """A test tried to reach another machine."""


def _check(host: Any) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name and not str(name).startswith(HERE):
        raise WentOutside(f"a test wanted to reach {name!r}: nothing may leave this machine during tests")


def close_the_door(patch: pytest.MonkeyPatch) -> None:
    """Replace the calls that lead outside by ones that refuse any host but this one."""
    real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")}
    real_lookup = socket.getaddrinfo

    def guarded(name: str) -> Any:
        def call(self: socket.socket, *args: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                address = args[-1]
                _check(address[0])
            return real[name](self, *args)

        return call

    def lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
        _check(host)
        return real_lookup(host, *args, **kwargs)

    for name in real:
        patch.setattr(socket.socket, name, guarded(name))
    patch.setattr(socket, "getaddrinfo", lookup)
