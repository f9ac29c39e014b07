"""Say how a funder is shown, and plan the duty that comes with it. Inside the caller's `with writing():`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.audit import services as audit
from app.base.actor import Actor
from app.base.business_days import business_day_on_or_before
from app.base.dates import days, local_date
from app.base.errors import Invalid
from app.base.states import N_
from app.documents import services as documents
from app.documents.files import StoredFile
from app.extensions import db
from app.grants.acknowledgements.models import Acknowledgement
from app.grants.awards.models import Grant
from app.grants.awards.plans import ObligationPlan
from app.grants.funders.models import Funder
from app.grants.funders.services import check_address
from app.grants.obligations import services as obligations
from app.grants.obligations.models import ObligationKind
from app.grants.rows import check_version, locked

SUBJECT, LOGO = "acknowledgement", "logo"
PICTURES = ("image/png", "image/jpeg", "image/webp")
MOST_BYTES = 1024 * 1024  # of a logo: every visitor of the page loads them all
_USUAL = days(14)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgementFacts:
    """What the contract asks. Without `agreed_on` nothing is shown."""

    agreed_on: date | None = None
    shown_from: date | None = None
    shown_until: date | None = None
    position: int = 100
    wording_nl: str = ""
    wording_en: str = ""
    website: str = ""
    grant_id: int | None = None


def save(
    funder_id: int, facts: AcknowledgementFacts, *, logo: StoredFile | None = None, drop_logo: bool = False,
    duty_title: str = "", version: int | None = None, actor: Actor, now: datetime,
) -> int:  # fmt: skip
    """Make or change how a funder is shown. With a grant, its publicity duty is planned once too."""
    funder = locked(Funder, funder_id)
    row = db.session.execute(
        select(Acknowledgement).where(Acknowledgement.funder_id == funder_id).with_for_update()
    ).scalar()
    check_version(row.version if row else 0, version)
    _check(funder, facts, logo, now)
    if row is None:
        row = Acknowledgement(funder_id=funder_id, created_at=now, version=0, position=facts.position)
        db.session.add(row)
    for name, value in asdict(facts).items():
        setattr(row, name, value)
    db.session.flush()
    if logo is not None or drop_logo:
        if row.logo_id is not None:
            documents.remove(row.logo_id, actor=actor, now=now)
        row.logo_id = None
        if logo is not None:
            kept = documents.attach(logo, (SUBJECT, row.id), LOGO, actor=actor, now=now)
            db.session.flush()
            row.logo_id = kept.id
    if facts.grant_id is not None and row.obligation_id is None:
        row.obligation_id = _duty(facts, duty_title, actor=actor, now=now)
    row.version += 1
    db.session.flush()
    told = {"agreed_on": facts.agreed_on.isoformat() if facts.agreed_on else None, "wording": facts.wording_nl}
    audit.record("funder.shown", ("funder", funder_id), actor=actor, now=now, changes=told)
    return row.id


def _duty(facts: AcknowledgementFacts, title: str, *, actor: Actor, now: datetime) -> int:
    """The promise to name the funder, as an obligation of the grant: due when it is first shown."""
    today = local_date(now)
    due_on = business_day_on_or_before(max(facts.shown_from or today + _USUAL, today + days(3)))
    assert facts.grant_id is not None  # noqa: S101 (asked above)
    plan = ObligationPlan(
        kind=ObligationKind.PUBLICITY, due_on=due_on, title=title[:200], instructions=facts.wording_nl,
        assignee_id=actor.id if actor.kind == "staff" else None,
    )  # fmt: skip
    return obligations.plan([plan], grant_id=facts.grant_id, actor=actor, now=now)[0]


def _check(funder: Funder, facts: AcknowledgementFacts, logo: StoredFile | None, now: datetime) -> None:
    if facts.agreed_on and facts.agreed_on > local_date(now):
        raise Invalid(N_("This day has not come yet."), field="agreed_on")
    if facts.shown_from and facts.shown_until and facts.shown_until < facts.shown_from:
        raise Invalid(N_("The period ends before it starts."), field="shown_until")
    if not 1 <= facts.position <= 9999:
        raise Invalid(N_("Choose a place from 1 to 9999."), field="position")
    if facts.website:
        check_address(facts.website, field="website")
    if facts.grant_id is not None:
        grant = db.session.get(Grant, facts.grant_id)
        if grant is None or grant.funder_id != funder.id:
            raise Invalid(N_("Please choose one of the options."), field="grant_id")
    if logo is not None and (logo.media_type not in PICTURES or logo.size > MOST_BYTES):
        raise Invalid(N_("A logo is a picture (PNG, JPEG or WebP) of at most 1 MB."), field="logo")
