"""The payment request of an instalment: a letter to the funder in the house's style, as PDF."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from app.audit import services as audit
from app.base.actor import Actor
from app.base.errors import Refused
from app.base.references import code_of
from app.base.states import N_
from app.documents import pdf
from app.documents import services as documents
from app.documents.files import StoredFile
from app.documents.models import Document, DocumentKind
from app.extensions import db
from app.grants.awards import queries as awards
from app.grants.awards.models import Grant
from app.grants.conditions import queries as conditions
from app.grants.instalments import queries
from app.grants.instalments.models import Instalment, InstalmentState, Trigger
from app.grants.instalments.queries import Line
from app.grants.instalments.services import received_cents
from app.grants.obligations import queries as obligations
from app.grants.rows import check_version, locked
from app.organisation.letterhead import letterhead
from app.organisation.models import AccountPurpose
from app.organisation.queries import Account, profile
from app.supporters import queries as supporters
from app.ui import filters

TEMPLATE = "grants/payment_request.typ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the writer decides; the figures and the account come from the records."""

    language: str
    dated_on: date
    attention: str = ""
    text: str = ""
    signatory: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that is ready to be set, and what it asks for, in cents."""

    filename: str
    data: dict[str, Any]
    asked_cents: int


def account() -> Account:
    """Where funders pay to: the account for grants, else the general one. Raises Refused without any."""
    found = profile().account_for(AccountPurpose.GRANTS)
    if found is None:
        raise Refused(N_("Fill in a bank account of the organisation first: the letter says where to pay."))
    return found


def compose(instalment_id: int, words: Words) -> Letter:
    """Read what the letter says; setting it as PDF (`as_pdf`) needs no transaction any more."""
    line = queries.one(instalment_id)
    if line.state is not InstalmentState.DUE:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=line.state.label)
    grant = awards.one(line.grant_id)[0]
    received = sum(part.received_cents for part in queries.of_grant(grant.id))
    with force_locale(words.language):
        number = f"{line.position}"
        title = _("Payment request, instalment %(number)s", number=number)
        data = {
            "lang": words.language,
            "kind": "request",
            "title": f"{title} – {grant.title}",
            "date": words.dated_on.isoformat(),
            "organisation": letterhead(AccountPurpose.GRANTS),
            "recipient": _recipient(line, words.attention),
            "details": _details(grant, line, words),
            "subject": _("%(request)s: %(grant)s", request=title, grant=grant.title),
            "paragraphs": [*_opening(grant, line, words), *([words.text] if words.text else [])],
            "table": _figures(grant.amount_cents, received, line.open_cents, number),
            "account_title": _("Please pay to"),
            "account": _account(account(), grant, line),
            "after": [_("Do you have a question about this request? Please contact us: we are glad to help.")],
            "closing": _("Kind regards,"),
            "signatory": [part.strip() for part in words.signatory.splitlines() if part.strip()],
        }
        filename = f"{title} {words.dated_on:%Y-%m-%d}.pdf"
    return Letter(filename, data, line.open_cents)


def as_pdf(letter: Letter) -> bytes:
    return pdf.render(TEMPLATE, letter.data)


def keep(
    instalment_id: int, file: StoredFile, asked_cents: int, *, version: int | None, actor: Actor, now: datetime
) -> int:
    """Keep the payment request with the grant's papers, as a newer version of the one before; gives the document.

    Refused where what it asks is not what is open (any more): a letter never goes out with a stale figure.
    """
    grant = locked(Grant, queries.one(instalment_id).grant_id)
    row = locked(Instalment, instalment_id)
    check_version(row.version, version)
    if row.state is not InstalmentState.DUE:
        raise Refused(N_("This cannot be done: it is %(now)s."), now=row.state.label)
    if asked_cents != row.amount_cents - received_cents(row.id):
        raise Refused(N_("Money came in meanwhile. Make the letter again."))
    before = db.session.get(Document, row.letter_id) if row.letter_id else None
    if before is None or before.removed_at is not None or before.replaced_at is not None:
        made = documents.attach(file, ("grant_award", grant.id), DocumentKind.LETTER.value, actor=actor, now=now)
    elif before.sha256 == file.sha256:
        return before.id
    else:
        made = documents.new_version(before.id, file, actor=actor, now=now)
    db.session.flush()
    row.letter_id = made.id
    told = {"amount_cents": asked_cents, "file": file.filename}
    audit.record("instalment.letter_made", ("instalment", row.id), actor=actor, now=now, changes=told)
    return made.id


def _recipient(line: Line, attention: str) -> list[str]:
    address = supporters.current_addresses([line.supporter_id]).get(line.supporter_id)
    lines = [line.funder, _("Attn. %(name)s", name=attention) if attention else ""]
    if address is not None:
        lines += [address.street_line, address.place_line, "" if address.country == "NL" else address.country]
    return [text for text in lines if text]


def _details(grant: Grant, line: Line, words: Words) -> list[tuple[str, str]]:
    pairs = [
        (_("Date"), filters.long_date(words.dated_on)),
        (_("Your reference"), grant.funder_reference),
        (_("Our reference"), code_of(grant.id)),
    ]
    return [pair for pair in pairs if pair[1]]


def _opening(grant: Grant, line: Line, words: Words) -> list[str]:
    greeting = _("Dear %(addressee)s,", addressee=words.attention) if words.attention else _("Dear sir or madam,")
    awarded = _(
        "On %(day)s you awarded %(organisation)s %(amount)s for “%(grant)s”. We kindly ask you to pay instalment "
        "%(number)s of it, which is now due.",
        day=filters.long_date(grant.decided_on), organisation=profile().name, amount=filters.money(grant.amount_cents),
        grant=grant.title, number=line.position,
    )  # fmt: skip
    because = " ".join(part for part in (_reason(grant, line), *_conditions_met(line)) if part)
    return [part for part in (greeting, awarded, because) if part]


def _reason(grant: Grant, line: Line) -> str:
    """Why it is due, by what triggers it."""
    if line.triggered_by is Trigger.SIGNATURE:
        day = filters.long_date(grant.agreed_on)
        return _("It is paid once the agreement is signed, which was on %(day)s.", day=day) if day else ""
    if line.triggered_by is Trigger.DATE:
        return _("By our agreement it is paid from %(day)s.", day=filters.long_date(line.expected_on))
    accepted = obligations.one(line.obligation_id or 0)[0].accepted_on
    if accepted is None:
        return ""
    report = line.obligation_title or filters.label(line.obligation_kind)
    return _(
        "It follows your acceptance of our report “%(report)s” on %(day)s.",
        report=report, day=filters.long_date(accepted),
    )  # fmt: skip


def _conditions_met(line: Line) -> list[str]:
    return [
        _(
            "Your condition “%(text)s” was met on %(day)s.",
            text=each.text.rstrip("."),
            day=filters.long_date(each.met_on),
        )  # fmt: skip
        for each in conditions.about(conditions.of_grant(line.grant_id), line.id)
        if each.met_on is not None
    ]


def _figures(granted: int, received: int, asked: int, number: str) -> dict[str, Any]:
    """Granted is what came, what is asked now and what is still to follow."""
    later = granted - received - asked
    rows = [
        (_("Granted"), granted),
        (_("Received until now"), received),
        *([(_("To follow after this instalment"), later)] if later > 0 else []),
    ]
    total = [_("Asked now: instalment %(number)s", number=number), filters.money(asked)]
    return {
        "columns": ["", _("Amount")],
        "rows": [(label, filters.money(cents)) for label, cents in rows],
        "total": total,
    }


def _account(where: Account, grant: Grant, line: Line) -> list[tuple[str, str]]:
    number = _("instalment %(number)s", number=line.position)
    reference = ", ".join(part for part in (grant.funder_reference, code_of(grant.id), number) if part)
    pairs = [
        (_("Amount"), filters.money(line.open_cents)),
        ("IBAN", where.iban_spaced),
        ("BIC", where.bic or ""),
        (_("In the name of"), where.holder),
        (_("Please mention"), reference),
    ]
    return [pair for pair in pairs if pair[1]]
