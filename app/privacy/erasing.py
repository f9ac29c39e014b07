"""Erasing a person, by the registry of holdings alone: at once what nothing obliges us to keep, later the rest.

What stays are amounts and days without a name: the record itself becomes an empty one, so that the books, gifts and
totals do not move by a cent. Files go first, then every row in one transaction, so that a worker that is killed
leaves a person whole or erased; done again it changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Table, delete, func, or_, select, update

from app.audit.services import record
from app.base.actor import Actor, system
from app.base.dates import local_date
from app.base.events import publish
from app.base.holdings import Holding, OnErase, all_holdings, duties
from app.base.ids import new_id
from app.base.works import Payload, job, periodic
from app.documents import erasing as files
from app.documents.models import Document
from app.extensions import db, now, settings, writing
from app.extensions.database import empty_log
from app.outbox.services import forget_mails_to, queue_mail
from app.privacy import erased_list, erasure
from app.privacy.erasure_models import ErasureRequest, RequestState, Source
from app.privacy.events import SupportersErased
from app.supporters.contact_models import Email
from app.supporters.models import Kind, Supporter
from app.supporters.names import Greeting, NameOrder
from app.supporters.newsletter import forget_requests
from app.supporters.queries import primary_emails
from app.vault.services import destroy_person_keys

NAMES = {"nl": "Gewiste relatie", "en": "Erased supporter"}
ERASER = system("erasure")
STRAGGLERS = timedelta(days=120)  # what was under way (a payment, a mandate) may still bring a name after it
_AT_ONCE = 500
log = logging.getLogger(__name__)


@job(erasure.WORK)
def carry_out(payload: Payload) -> None:
    """Erase whom an accepted request is about. Twice changes nothing."""
    one = db.session.get(ErasureRequest, int(payload["request_id"]))
    if one is not None and one.state is RequestState.ACCEPTED:
        erase(one.supporter_id, actor=ERASER)


def erase(supporter_id: int, *, actor: Actor, tell: bool = True) -> None:
    """Erase this person now, with all that was merged into the record; opens its own transactions."""
    ids, at = erasure.family(supporter_id), now()
    erased_list.add(ids, at)  # before it is done: a backup restored in between is caught too
    files.remove_files(_documents(ids, local_date(at)))
    with writing():
        publish(SupportersErased(ids=tuple(ids), actor=actor, at=at))
        address, language = primary_emails(ids[:1]).get(ids[0]), db.session.get_one(Supporter, ids[0]).language.value
        rest = _strip(ids, local_date(at))
        fresh = [each for each in ids if _anonymise(each, at)]
        destroy_person_keys(ids)
        if fresh:
            _conclude(ids, rest, actor, at)
        if address and tell:
            # The last mail carries no name, and is not kept once it was sent.
            queue_mail("privacy/erased", address, {"stays": bool(kept(ids))}, language=language, now=at,
                       key=f"privacy/erasure:{ids[0]}:done")  # fmt: skip
    empty_log(db.engine)


@periodic("privacy.erase_rest", daily_at="03:15")
def erase_rest(_: Payload) -> None:
    """What the law had us keep of erased people goes when its day has come, and what came in after them at once; a
    restored backup in which somebody stands who was erased is caught too, and whom the worker gave up on. Raises what
    went wrong with one of them after the others are done."""
    wrong = _each(_back_again, _come_back())
    accepted = select(ErasureRequest.id).where(ErasureRequest.state == RequestState.ACCEPTED)
    wrong += _each(lambda request_id: carry_out({"request_id": str(request_id)}), db.session.scalars(accepted).all())
    today, lately = local_date(now()), now() - STRAGGLERS
    due = or_(ErasureRequest.rest_on < today, ErasureRequest.done_at > lately)
    wrong += _each(
        lambda request_id: _take_rest(request_id, today), db.session.scalars(select(ErasureRequest.id).where(due)).all()
    )
    db.session.rollback()  # the log is not cut while we ourselves read it
    empty_log(db.engine)
    if wrong:
        raise ExceptionGroup(f"{len(wrong)} people could not be erased", wrong)


def _each(work: Callable[[int], None], ids: Iterable[int]) -> list[Exception]:
    """What went wrong: one person who cannot be erased must not keep the others here."""
    wrong: list[Exception] = []
    for each in ids:
        try:
            work(each)
        except Exception as error:
            db.session.rollback()
            log.exception("erasing in the night: %d failed", each)
            wrong.append(error)
    return wrong


def _take_rest(request_id: int, today: date) -> None:
    ids = erasure.family(erasure.get(request_id).supporter_id)
    files.remove_files(_documents(ids, today))
    with writing():
        rest = _strip(ids, today)
        db.session.execute(update(ErasureRequest).where(ErasureRequest.id == request_id).values(rest_on=rest))


def replay() -> int:
    """Erase again whoever is on the list and stands in a restored backup; how many there were."""
    people = _come_back()
    for supporter_id in people:
        _back_again(supporter_id)
    return len(people)


def _back_again(supporter_id: int) -> None:
    erase(supporter_id, actor=system("restored backup"), tell=False)


def _come_back() -> list[int]:
    listed = sorted(erased_list.ids())
    found: list[int] = []
    for start in range(0, len(listed), _AT_ONCE):
        there = Supporter.id.in_(listed[start : start + _AT_ONCE]) & Supporter.anonymised_at.is_(None)
        found += db.session.scalars(select(Supporter.id).where(there))
    return sorted({erasure.family(supporter_id)[0] for supporter_id in found})


def goes(ids: Collection[int]) -> list[tuple[str, int]]:
    """What would be deleted of these records, by the holding's label, with how many rows."""
    found: dict[str, int] = {}
    for holding in all_holdings():
        if holding.on_erase is OnErase.DELETE and holding.exported:
            for each in ids:
                table, mine = _rows(holding, each)
                number = db.session.execute(select(func.count()).select_from(table).where(mine)).scalar_one()
                found[holding.label] = found.get(holding.label, 0) + number
    return [(label, number) for label, number in found.items() if number]


def kept(ids: Collection[int]) -> list[tuple[str, date]]:
    """What the law has us keep of these records of one person: a msgid and the last day."""
    days = {duty.why: [day for each in ids if (day := duty.until(each)) is not None] for duty in duties().values()}
    return [(why, max(found)) for why, found in days.items() if found]


def _kept_columns(supporter_id: int, today: date) -> tuple[dict[str, tuple[str, ...]], list[date]]:
    columns: dict[str, tuple[str, ...]] = {}
    days = []
    for duty in duties().values():
        day = duty.until(supporter_id)
        if day is not None and day >= today:
            columns[duty.table] = duty.columns
            days.append(day)
    return columns, days


def _rows(holding: Holding, supporter_id: int) -> tuple[Table, Any]:
    table = db.metadata.tables[holding.table]
    mine = table.c[holding.column] == supporter_id
    return table, mine if holding.where is None else mine & (table.c[holding.where[0]] == holding.where[1])


def _in_order() -> list[Holding]:
    """Rows that point at others before those they point at."""
    place = {table.name: number for number, table in enumerate(reversed(db.metadata.sorted_tables))}
    return sorted(all_holdings(), key=lambda each: place[each.table])


def _documents(ids: Collection[int], today: date) -> list[int]:
    """The files that go: of the person, and of rows that the law does not have us keep any more."""
    found: list[int] = []
    for each in ids:
        keep, _days = _kept_columns(each, today)
        found += files.attached_to("supporter", [each])
        for table in duties().keys() - keep.keys():
            found += files.attached_to(table, _ids_of(table, each))
    return found


def _ids_of(table_name: str, supporter_id: int) -> list[int]:
    table = db.metadata.tables[table_name]
    return list(db.session.scalars(select(table.c.id).where(table.c.supporter_id == supporter_id)))


def _strip(ids: list[int], today: date) -> date | None:
    """Delete and empty rows; the first day after which more may go, None where that is all."""
    addresses = _addresses_of_nobody_else(ids)
    forget_requests(addresses)
    forget_mails_to(addresses)
    db.session.execute(delete(Document).where(Document.id.in_(_documents(ids, today))))
    rest: list[date] = []
    for each in ids:
        keep, days = _kept_columns(each, today)
        rest += days
        for holding in _in_order():
            _strip_holding(holding, each, keep.get(holding.table, ()))
    return min(rest, default=None)


def _strip_holding(holding: Holding, supporter_id: int, keep: Collection[str]) -> None:
    table, mine = _rows(holding, supporter_id)
    if holding.on_erase is OnErase.DELETE:
        db.session.execute(delete(table).where(mine))
        return
    empty = [name for name in holding.personal_columns if name not in keep]
    if empty:
        db.session.execute(update(table).where(mine).values(**_emptied(table, empty)))
    for child, column, names in holding.words:
        told = db.metadata.tables[child]
        inside = told.c[column].in_(select(table.c.id).where(mine))
        db.session.execute(update(told).where(inside).values(**_emptied(told, names)))


def _emptied(table: Table, names: Collection[str]) -> dict[str, Any]:
    return {name: None if table.c[name].nullable else "" for name in names}


def _addresses_of_nobody_else(ids: list[int]) -> list[str]:
    """Their e-mail addresses, but for those that others are written to as well."""
    rows = db.session.execute(select(Email.address, Email.address_key).where(Email.supporter_id.in_(ids))).all()
    keys = [key for _address, key in rows]
    shared = set(
        db.session.scalars(select(Email.address_key).where(Email.address_key.in_(keys), Email.supporter_id.not_in(ids)))
    )
    return [address for address, key in rows if key not in shared]


def _anonymise(supporter_id: int, at: datetime) -> bool:
    """Make the record an empty one; False where it is one already."""
    who = db.session.get_one(Supporter, supporter_id)
    if who.anonymised_at is not None:
        return False
    name = NAMES[settings().default_language]
    for part in ("title", "initials", "first_name", "infix", "last_name", "partner_infix", "partner_name"):
        setattr(who, part, "")
    who.organisation_name = name if who.kind is Kind.ORGANISATION else ""
    who.name_order, who.greeting, who.by_post = NameOrder.OWN, Greeting.NEUTRAL, False
    who.kvk = who.website = who.owner_id = who.deceased_on = None
    who.display_name, who.sort_name, who.sort_key = name, name, name.casefold()
    who.anonymised_at = who.changed_at = at
    db.session.flush()
    return True


def _conclude(ids: list[int], rest_on: date | None, actor: Actor, at: datetime) -> None:
    """The requests are done; where a restored backup knows of none, there is one from now on."""
    still = ErasureRequest.supporter_id.in_(ids) & ErasureRequest.state.in_(erasure.OPEN)
    found = db.session.scalars(select(ErasureRequest).where(still)).all()
    today = local_date(at)
    if not found:
        found = [
            ErasureRequest(
                id=new_id(), supporter_id=ids[0], source=Source.RESTORED, asked_on=today, due_on=today, created_at=at
            )
        ]
        db.session.add_all(found)
    for one in found:
        one.state, one.done_at, one.rest_on = RequestState.DONE, at, rest_on
        db.session.flush()
        erasure.note_step(one, actor, at)
        erasure.finish_task(one.id, actor=actor, now=at)
    for each in ids:
        record("supporter.erased", ("supporter", each), actor=actor, now=at)
