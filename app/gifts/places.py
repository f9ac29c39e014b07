"""Where gifts are found in the product: side bar, search, the supporter's page, words of the trail."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select

from app.audit import words
from app.base.money import format_money
from app.base.references import code_of, id_of, id_of_rf
from app.base.states import N_
from app.extensions import db
from app.gifts import listing, totals
from app.gifts.models import Gift, GiftState
from app.gifts.views import TONES
from app.programmes.queries import programme_names
from app.supporters import consents
from app.supporters.queries import get, names
from app.ui import navigation, search
from app.ui.languages import language
from app.ui.navigation import NavItem, Section
from app.ui.panels import Panel, panel
from app.ui.permissions import Permission


def register() -> None:
    navigation.add(
        NavItem(Section.GIFTS, "gifts.index", N_("Gifts"), Permission.GIFTS_READ, 10, ("gifts.",), phone=True),
        NavItem(Section.GIFTS, "gifts.donors", N_("Donors"), Permission.GIFTS_READ, 20, ("gifts.donors",)),
    )
    navigation.add(
        NavItem(Section.GIFTS, "gifts.batch_index", N_("Batches"), Permission.GIFTS_READ, 25, ("gifts.batch",)),
        NavItem(Section.GIFTS, "gifts.legacy_index", N_("Legacies"), Permission.GIFTS_READ, 30, ("gifts.legacy",)),
    )
    words.doers(
        {
            "gifts.periodic": N_("periodic agreements"),
            "notices": N_("announcements of collections"),
            "planning": N_("planning of collections"),
        }
    )
    words.subject("gift_batch", N_("Batch of gifts"), "gifts.batch", "batch_id")
    words.subject("legacy", N_("Legacy"), "gifts.legacy_show", "legacy_id")
    consents.activity_from("gifts", last_gift_days)
    words.subject("gift", N_("Gift"), "gifts.show", "gift_id")
    words.actions(
        {
            "gift.received": N_("recorded a gift as received"),
            "gift.promised": N_("recorded a promised gift"),
            "gift.receipt_undone": N_("took back a recorded receipt"),
            "gift.canceled": N_("crossed out a gift"),
            "gift.reopened": N_("expects a gift again"),
            "gift.earmarked": N_("gave a gift another purpose"),
            "gift_batch.begun": N_("began a batch of gifts"),
            "gift_batch.control_changed": N_("corrected the control of a batch of gifts"),
            "gift_batch.posted": N_("booked a batch of gifts"),
            "gift_batch.undone": N_("undid a batch of gifts"),
            "legacy.noted": N_("noted a legacy"),
            "legacy.changed": N_("changed a legacy"),
            "legacy.moved": N_("closed or reopened a legacy"),
            "payment.refund_asked": N_("asked the provider for a refund"),
            "payment.refund_accepted": N_("heard that the provider took a refund"),
            "payment.refund_refused": N_("heard that the provider refused a refund"),
            "payment.refunded": N_("recorded a refund"),
            "gift.given_back": N_("recorded that money went back"),
        }
    )
    words.fields(
        {"amount_cents": N_("amount"), "cents": N_("amount"), "method": N_("method"), "state": N_("state")},
        {
            "state": {state.value: state.label for state in GiftState},
            "method": {
                "ideal": "iDEAL",
                "bank_transfer": N_("Bank transfer"),
                "direct_debit": N_("Direct debit"),
                "cash": N_("Cash"),
                "in_kind": N_("In kind"),
            },
        },
    )


def last_gift_days(ids: Collection[int]) -> dict[int, date]:
    """The day of the last gift, by supporter: phone consent counts three years from it."""
    found = totals.totals_of(list(ids))
    return {supporter_id: total.last_on for supporter_id, total in found.items() if total.last_on}


@panel("supporter_figures", "gifts", order=10, permission=Permission.GIFTS_READ)
def figures(supporter_id: int) -> Panel | None:
    total = totals.total_of(supporter_id)
    if not total.gifts and not total.cents:
        return None
    return Panel("gifts/figures.html", {"total": total, "supporter_id": supporter_id})


@panel("supporter", "gifts", order=20, permission=Permission.GIFTS_READ)
def gifts(supporter_id: int) -> Panel | None:
    return Panel(
        "gifts/panel.html",
        {
            "gifts": listing.of_supporter(supporter_id, 8), "programmes": programme_names(language()), "tones": TONES,
            "supporter_id": supporter_id, "erased": get(supporter_id).anonymised_at is not None,
        },
    )  # fmt: skip


@search.provider("gifts", N_("Gifts"), order=30, permission=Permission.GIFTS_READ)
def find_gifts(query: str, limit: int) -> list[search.Hit]:
    """A gift by its reference or the RF number of its transfer, typed whole."""
    gift_id = id_of_rf(query) or id_of(query) or listing.numbered(query)
    gift = db.session.execute(select(Gift).where(Gift.id == gift_id)).scalar_one_or_none() if gift_id else None
    if gift is None:
        return []
    who = names([gift.supporter_id]).get(gift.supporter_id, "")
    amount = format_money(gift.amount_cents, language())
    note = f"{amount} · {_(gift.state.label)} · {code_of(gift.id)}"
    return [search.Hit(who, note, url_for("gifts.show", gift_id=gift.id), "gift")]
