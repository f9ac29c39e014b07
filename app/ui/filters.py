"""How values look on a page, per language: `{{ gift.cents|money }}`, `{{ day|long_date }}`, `{{ state|label }}`.

Every filter shows an empty string for None, so that a table cell needs no `if`.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import Flask
from flask_babel import gettext, ngettext

from app.base.dates import AMSTERDAM, format_date, format_long_date, local_date
from app.base.money import Money, format_money
from app.base.states import Labelled
from app.ui.languages import language, say


def money(value: Money | int | None, *, sign: bool = True) -> str:
    """`€ 1.234,56` in Dutch, `€1,234.56` in English, from Money or integer cents."""
    if value is None:
        return ""
    cents = value.cents if isinstance(value, Money) else value
    return format_money(cents, language(), sign=sign)


def whole_money(value: Money | int | None) -> str:
    """`€ 1.235`: rounded half up to whole euros, for charts and headlines."""
    if value is None:
        return ""
    cents = value.cents if isinstance(value, Money) else value
    euros = (abs(cents) + 50) // 100 * (-1 if cents < 0 else 1)
    return format_money(euros * 100, language())[:-3]


def short_money(value: Money | int | None) -> str:
    """`€ 12,35 mln`, `€ 45,1 dzd`, `€ 812`, `€ 1,50`: for axes and labels where room is scarce."""
    if value is None:
        return ""
    cents = value.cents if isinstance(value, Money) else value
    euros = abs(cents) / 100
    mark = "€\u00a0" if language() == "nl" else "€"
    minus = "-" if cents < 0 else ""
    if euros >= 999_500:
        text = str(gettext("%(number)s m", number=number(round(euros / 1e6, 2))))
    elif euros >= 9_999.5:
        text = str(gettext("%(number)s k", number=number(round(euros / 1e3, 1 if euros < 99_950 else None))))
    elif euros < 10 and cents % 100:
        text = number(euros, 2)
    else:
        text = number(round(euros))
    return f"{mark}{minus}{text}"


def day(value: date | datetime | None) -> str:
    """`23-11-2026`, in Amsterdam where an instant is given."""
    if value is None:
        return ""
    return format_date(local_date(value) if isinstance(value, datetime) else value, language())


def long_date(value: date | datetime | None) -> str:
    """`23 november 2026`."""
    if value is None:
        return ""
    return format_long_date(local_date(value) if isinstance(value, datetime) else value, language())


_SHORT_MONTHS = {
    "nl": ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}


def short_month(value: date | int) -> str:
    """`mrt` or `Mar`, for the foot of a chart, from a date or the month's number."""
    return _SHORT_MONTHS[language()][(value if isinstance(value, int) else value.month) - 1]


def instant(value: datetime | None) -> str:
    """`23-11-2026 14:05`, Amsterdam time."""
    if value is None:
        return ""
    if value.tzinfo is None:
        raise ValueError("a naive datetime says nothing about when")
    return value.astimezone(AMSTERDAM).strftime("%d-%m-%Y %H:%M")


def days_away(value: date | None, today: date) -> str:
    """`today`, `tomorrow`, `in 4 days`, `3 days ago`, as a person would say it."""
    if value is None:
        return ""
    gap = (value - today).days
    if gap == 0:
        return str(gettext("today"))
    if gap == 1:
        return str(gettext("tomorrow"))
    if gap == -1:
        return str(gettext("yesterday"))
    if gap > 0:
        return str(ngettext("in %(num)d day", "in %(num)d days", gap))
    return str(ngettext("%(num)d day ago", "%(num)d days ago", -gap))


def label(value: Labelled | str | None) -> str:
    """The translated label of an enum member."""
    if value is None:
        return ""
    return say(value.label if isinstance(value, Labelled) else str(value))


def number(value: int | float | Decimal | None, decimals: int | None = None) -> str:
    """`1.234` or `1.234,5` in Dutch. Decimals as given, or as many as the value has (at most 2)."""
    if value is None:
        return ""
    if decimals is None:
        text = f"{value:,}" if isinstance(value, int) else f"{value:,.2f}".rstrip("0").rstrip(".")
    else:
        text = f"{value:,.{decimals}f}"
    return text.translate(str.maketrans(",.", ".,")) if language() == "nl" else text


def percent(value: float | Decimal | None, decimals: int = 1) -> str:
    """`12,3%` from 0.123, in both languages without a space; what is whole loses its decimals. Every
    percentage that people read comes from here."""
    if value is None:
        return ""
    shown = round(float(value) * 100, decimals)
    return number(int(shown) if shown == int(shown) else shown) + "%"


def iban(value: str | None) -> str:
    """In groups of four: `NL91 ABNA 0417 1643 00`."""
    bare = (value or "").replace(" ", "")
    return "\u00a0".join(bare[i : i + 4] for i in range(0, len(bare), 4))


def merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Two dicts as one; the second wins."""
    return first | second


def init_app(app: Flask) -> None:
    filters: dict[str, Any] = {
        "money": money, "whole_money": whole_money, "short_money": short_money, "date": day, "long_date": long_date,
        "short_month": short_month, "instant": instant, "days_away": days_away, "label": label, "number": number,
        "percent": percent, "iban": iban, "merged": merged,
    }  # fmt: skip
    app.jinja_env.filters.update(filters)
