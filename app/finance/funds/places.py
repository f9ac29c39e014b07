"""Where money can stand that is set apart: each fund, each programme that is in no fund, and the general reserve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select

from app.extensions import db
from app.ledger.accounts import EARMARKED, GENERAL, RESTRICTED
from app.ledger.models import Account
from app.ledger.results import equity
from app.programmes.models import Fund
from app.programmes.queries import all_funds, programme_names

RESERVE = "r"
_EVER = date(9999, 1, 1)


@dataclass(frozen=True, slots=True)
class Place:
    """`account` is empty for a fund on which nothing was booked yet; cents that stand there."""

    key: str
    name: str
    account: str
    programme_id: int | None
    fund_id: int | None = None
    cents: int = 0


def places(language: str, before: date = _EVER) -> dict[str, Place]:
    """By key, with what stands there by the bookings of the months before `before` (a first day): four statements.

    A programme's money in no fund stands there where something was ever booked on it.
    """
    codes = dict(db.session.execute(select(Account.id, Account.code)).all())
    names = programme_names(language)
    stands: dict[tuple[str, int | None], int] = {}
    for found in equity(before, before):
        stands[found.code, found.programme_id] = stands.get((found.code, found.programme_id), 0) + found.opening
    funds = [(fund.active, _fund(fund, codes, stands, language)) for fund in all_funds()]
    made = [place for active, place in funds if active or place.cents]
    for code in (RESTRICTED, EARMARKED):
        made += [
            Place(f"{'p' if code == RESTRICTED else 'b'}{programme_id}",
                  _("%(name)s, in no fund", name=names.get(programme_id, "–")), code, programme_id, cents=cents)
            for (of, programme_id), cents in stands.items() if of == code and programme_id
        ]  # fmt: skip
    reserve = sum(cents for (of, _programme), cents in stands.items() if of == GENERAL)
    made.append(Place(RESERVE, _("General reserve"), GENERAL, None, cents=reserve))
    return {place.key: place for place in made}


def _fund(fund: Fund, codes: dict[int, str], stands: dict[tuple[str, int | None], int], language: str) -> Place:
    code = codes.get(fund.account_id or 0, "")
    cents = sum(amount for (of, _programme), amount in stands.items() if of == code)
    return Place(f"f{fund.id}", fund.name(language), code, fund.programme_id, fund.id, cents)


def place_names(keys: Iterable[str], language: str) -> dict[str, str]:
    """What these are called, also where nothing stands there any more."""
    programmes, funds = programme_names(language), {fund.id: fund.name(language) for fund in all_funds()}
    named = {}
    for key in keys:
        row_id = int(key[1:] or 0)
        if key == RESERVE:
            named[key] = _("General reserve")
        elif key[0] == "f":
            named[key] = funds.get(row_id, "–")
        else:
            named[key] = _("%(name)s, in no fund", name=programmes.get(row_id, "–"))
    return named
