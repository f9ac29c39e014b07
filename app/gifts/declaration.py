"""The declaration that goes with a volunteer's waived allowance: it makes that a gift (DOMAIN.md 4.2)."""

from __future__ import annotations

import io

from flask import send_file
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from app.base.dates import format_long_date
from app.base.errors import NotFound
from app.base.money import format_money
from app.base.references import code_of
from app.base.states import N_
from app.documents import pdf
from app.extensions import db
from app.gifts import by_hand, volunteers
from app.gifts.models import WAIVED, GiftState
from app.gifts.views import bp
from app.organisation.letterhead import letterhead
from app.organisation.queries import profile
from app.supporters.addressing import addressees
from app.ui.permissions import Permission, requires


@bp.get("/gifts/<int:gift_id>/declaration.pdf")
@requires(Permission.GIFTS_READ)
def declaration(gift_id: int) -> ResponseReturnValue:
    """Our word to the volunteer, to be signed and sent: they keep it for their tax return."""
    gift = by_hand.load(gift_id)
    if gift.method != WAIVED or gift.state is not GiftState.RECEIVED or not gift.description:
        raise NotFound(N_("This gift is not there."))
    to, name = addressees([gift.supporter_id])[gift.supporter_id], profile().legal_name
    lang, above = to.language, volunteers.is_above(gift)
    with force_locale(lang):
        day, amount = format_long_date(gift.gift_date, lang), format_money(gift.amount_cents, lang)
        proven = []
        if above:
            proven.append(_("In this year it comes above what a volunteer can have without receipts. It is for costs that you really made; you showed us the receipts. Keep them too."))  # noqa: E501  # fmt: skip
        data = {
            "lang": lang, "title": f"{_('Declaration of a waived allowance')} {code_of(gift.id)}",
            "subject": _("Declaration of a waived allowance"), "date": gift.gift_date.isoformat(), "date_text": day,
            "organisation": letterhead(), "recipient": list(to.lines),
            "details": [[_("Number"), code_of(gift.id)], [_("Amount"), amount], [_("RSIN"), profile().rsin or ""]],
            "paragraphs": [
                to.salutation + ",",
                _("You work for us as a volunteer: %(work)s. For that we had agreed with you on an allowance of %(amount)s.", work=gift.description, amount=amount),  # noqa: E501
                _("We declare that you had a right to this allowance, that we could and would have paid it, and that you were free to take it. On %(day)s you told us that you do without it. It is a gift to us, for which you got nothing in return.", day=day),  # noqa: E501
                *proven,
                _("We are an ANBI. The tax rules decide what you may deduct. Keep this with your papers."),
            ],
            "closing": _("Kind regards,"), "signatory": [name, _("Name, function, signature")],
        }  # fmt: skip
    db.session.rollback()
    made = pdf.render("letter.typ", data)
    response = send_file(io.BytesIO(made), mimetype="application/pdf", download_name="declaration.pdf", max_age=0)
    response.headers["Cache-Control"] = "private, no-store"
    return response
