"""Loading the demo: the organisation once, supporters as many as asked for."""

from __future__ import annotations

from sqlalchemy import select

from app.demo import anbi, bank, bulk, consortium, desk, direct_debits, grant_life, periodic, projects, recurring, story
from app.demo.organisation import load_organisation
from app.extensions import db, first_start, now, writing
from app.organisation.models import Organisation
from app.staff import passwords
from app.staff.services import DEMO_DOMAIN, create_demo_accounts
from app.ui.permissions import Role

SUPPORTERS = 400


def is_empty() -> bool:
    """Whether nobody set up an organisation here yet."""
    empty = db.session.execute(select(Organisation.id)).first() is None
    db.session.rollback()
    return empty


def load_first(password: str, supporters: int = SUPPORTERS) -> None:
    """Make the demo organisation, its staff, grants and some supporters.

    All but the supporters and what needs files is one transaction, so a start that is cut off begins anew.
    """
    password_hash = passwords.hashed(password)
    papers, costs = desk.papers(), grant_life.sheet_of_costs(now())
    with writing():
        create_demo_accounts(password_hash, actor=bulk.LOADER, now=now())
        programmes = load_organisation(actor=bulk.LOADER, now=now())
        story.load(programmes, actor=bulk.LOADER, now=now())
        consortium.load(now=now())
        recurring.load(now=now())
        periodic.load(now=now())
        direct_debits.load(at=now())
        projects.load(now=now())
        desk.load(papers, now=now())
        begun = grant_life.load(story.scene_of(programmes, now()), costs)
    grant_life.finish(begun, now=now())
    direct_debits.build()
    for _ in bulk.load_supporters(supporters, 1, now=now()):
        pass
    bank.load(now=now())
    anbi.load(now=now())


def set_password(password: str) -> None:
    """Give the demo accounts another password."""
    password_hash = passwords.hashed(password)
    with writing():
        create_demo_accounts(password_hash, actor=bulk.LOADER, now=now())


SIGN_INS = tuple(f"{role.value}@{DEMO_DOMAIN}" for role in Role)
FIRST_START = first_start.DemoStart(is_empty, load_first, set_password, SIGN_INS)
