"""Row ids in addresses: a number that no row can have is answered 404, not by a database error."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from app.base.ids import MAX_ID


class IdConverter(IntegerConverter):
    """`<int:…>` up to 63 bits."""

    def __init__(self, map: Map, max: int = MAX_ID) -> None:
        super().__init__(map, max=max)


def init_app(app: Flask) -> None:
    app.url_map.converters["int"] = IdConverter
