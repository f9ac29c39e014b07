"""What waits for finance, in sentences: batches to approve and to send, money to explain, what banks took back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.banking import queries as banking
from app.banking.models import LineState
from app.banking.queries import Waiting
from app.base.dates import days
from app.direct_debit import batch_queries, returning
from app.direct_debit import queries as direct_debit
from app.direct_debit.batch_queries import Due, OpenBatch
from app.direct_debit.states import BatchState
from app.grants import queries as grants
from app.insights.sentences import Money, Sentence, tone, when
from app.ui.filters import day as day_of
from app.ui.filters import days_away, long_date, number

_LONG = days(7)  # what waits longer is not overlooked any more, it is left


def waiting_for_finance(me: int, today: date, money: Money) -> Iterator[Sentence]:
    """Everything, what cannot wait first: so many statements, whatever there is."""
    yield from of_batches(batch_queries.open_batches(today), me, today, money)
    yield from of_due(batch_queries.due(), today, money)
    yield from of_lines(banking.waiting(), today, money)
    yield from of_counts(returning.count_parked(), direct_debit.count_waiting(), grants.to_confirm())


def of_batches(batches: Iterable[OpenBatch], me: int, today: date, money: Money) -> Iterator[Sentence]:
    """Batches on which somebody must act, by the last day on which the bank takes their file."""
    for batch in batches:
        told = {"amount": money(batch.cents), "day": day_of(batch.collect_on)}
        say = {
            BatchState.BUILT: _("Have somebody else approve the batch of %(amount)s for %(day)s", **told)
            if batch.built_by_id == me
            else _("Approve the batch of %(amount)s for %(day)s", **told),
            BatchState.APPROVED: _("Make the file of the batch of %(amount)s for %(day)s", **told),
            BatchState.EXPORTED: _("Send the file of the batch of %(amount)s for %(day)s to the bank", **told),
            BatchState.SENT: _("The %(amount)s of the batch of %(day)s was not seen on the bank yet", **told),
        }
        until = batch.collect_on if batch.state is BatchState.SENT else batch.send_by
        yield {
            "when": when(until, today),
            "text": say[batch.state],
            "href": url_for("direct_debit.show", batch_id=batch.id),
            "note": batch.reference,
            "state": _(batch.state.label),
            "tone": tone(until, today),
        }


def of_due(due: Due | None, today: date, money: Money) -> Iterator[Sentence]:
    """Collections that are due and that no batch holds."""
    if due is None:
        return
    text = (
        _("Build a batch: more than %(count)s collections are due", count=number(due.count - 1))
        if due.more
        else ngettext(
            "Build a batch: %(num)s collection is due, %(amount)s",
            "Build a batch: %(num)s collections are due, %(amount)s",
            due.count,
            amount=money(due.cents),
        )
    )
    yield {
        "when": when(due.first, today),
        "text": text,
        "href": url_for("direct_debit.index"),
        "note": _("the first on %(day)s", day=long_date(due.first)),
        "tone": tone(due.first, today),
    }


def of_lines(waiting: Mapping[LineState, Waiting], today: date, money: Money) -> Iterator[Sentence]:
    """Payments on the bank that nobody explained, and those left in suspense."""
    for state in (LineState.REVIEW, LineState.SUSPENSE):
        found = waiting.get(state)
        if found is None:
            continue
        sides = [_("%(amount)s in", amount=money(found.in_cents))] if found.in_cents else []
        sides += [_("%(amount)s out", amount=money(found.out_cents))] if found.out_cents else []
        n, review = found.count, state is LineState.REVIEW
        yield {
            "when": days_away(found.oldest, today),
            "text": ngettext("Explain %(num)s payment on the bank", "Explain %(num)s payments on the bank", n)
            if review
            else ngettext("%(num)s payment was left in suspense", "%(num)s payments were left in suspense", n),
            "href": url_for("banking.review", state=state.value),
            "note": " · ".join(sides),
            "tone": ("danger" if found.oldest < today - _LONG else "accent") if review else "neutral",
        }


def of_counts(parked: int, wrong: int, to_confirm: int) -> Iterator[Sentence]:
    """Returns that could not be placed, collections that went wrong, and grants that are not in the books yet."""
    found = (
        (
            parked,
            url_for("direct_debit.returns"),
            ngettext(
                "Find out where %(num)s return of the bank belongs",
                "Find out where %(num)s returns of the bank belong",
                parked,
            ),
        ),
        (
            wrong,
            url_for("recurring.failed"),
            ngettext("Deal with %(num)s collection that failed", "Deal with %(num)s collections that failed", wrong),
        ),
        (
            to_confirm,
            url_for("grants.index", state="unconfirmed"),
            ngettext("Confirm %(num)s grant", "Confirm %(num)s grants", to_confirm),
        ),
    )
    for count, href, text in found:
        if count:
            yield {"when": _("now"), "text": text, "href": href, "tone": "warn"}
