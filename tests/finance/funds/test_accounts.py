"""Each fund has one account of its own in the ledger."""

from __future__ import annotations

import pytest
from flask import Flask

from app.base.actor import SYSTEM
from app.base.errors import NotFound
from app.extensions import db, now, writing
from app.finance.funds.accounts import fund_accounts, fund_codes
from app.ledger import services
from app.ledger.accounts import EARMARKED, RESTRICTED
from app.ledger.queries import account
from tests.factories.organisation import make_fund


def test_a_fund_gets_its_account_once_and_below_what_it_is(app: Flask) -> None:
    by_funder, other, by_board = make_fund("watch"), make_fund("ckm"), make_fund("huis", restricted=False)
    with writing():
        services.ensure_chart()
        first = fund_accounts([by_board, by_funder], actor=SYSTEM, now=now())
    with writing():
        again = fund_accounts([other, by_funder, by_board], actor=SYSTEM, now=now())
    assert first == {by_funder: f"{RESTRICTED}001", by_board: f"{EARMARKED}001"}
    assert again == {**first, other: f"{RESTRICTED}002"}
    made = account(first[by_funder])
    assert made is not None
    assert (made.rgs_code, made.name_nl) == ("BEivBefBef", "Fonds watch")
    assert {code: fund.id for code, fund in fund_codes().items()} == {code: fund for fund, code in again.items()}
    with pytest.raises(NotFound), writing():
        fund_accounts([1], actor=SYSTEM, now=now())
    db.session.rollback()
