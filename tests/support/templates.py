"""Templates compiled once for each process of the test run, though every test makes an application of its own."""

from __future__ import annotations

from types import CodeType
from typing import Any

import pytest
from flask.templating import Environment
from jinja2.bccache import Bucket, BytecodeCache


class _Memory(BytecodeCache):
    """Jinja's key holds a template's place and name, and its checksum the source: what is compiled needs no more."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._kept[bucket.key, bucket.checksum] = bucket.code


def remember(patch: pytest.MonkeyPatch) -> None:
    kept, make = _Memory(), Environment.__init__

    def make_with_memory(self: Environment, app: Any, **options: Any) -> None:
        make(self, app, **{"bytecode_cache": kept} | options)

    patch.setattr(Environment, "__init__", make_with_memory)
