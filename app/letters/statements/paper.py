"""Receipts, statements and letters of thanks as data for their template, in the donor's language."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from app.base.dates import format_date, format_long_date, local_date
from app.base.money import format_money
from app.base.references import code_of
from app.documents import pdf
from app.gifts.methods import own_label
from app.letters.statements.content import Content, Line, Part
from app.letters.statements.services import Made
from app.organisation.letterhead import letterhead
from app.organisation.queries import profile
from app.payments.methods import label_of
from app.supporters.addressing import Addressee

TEMPLATE = "letters/statement.typ"
Labels = dict[str, str]


def method_labels(methods: set[str], language: str) -> Labels:
    """What each way to pay is called. Asks the provider where it must: no transaction open."""
    with force_locale(language):
        return {method: own_label(method) or label_of(method) for method in methods}


def statement(
    content: Content, to: Addressee, start: date, end: date, made: Made | None, labels: Labels, now: datetime
) -> dict[str, Any]:
    """The statement of a range; `made` None is a preview."""
    lang = to.language
    with force_locale(lang):
        whole_year = (start.month, start.day, end.month, end.day) == (1, 1, 12, 31) and start.year == end.year
        span = _("%(start)s to %(end)s", start=format_long_date(start, lang), end=format_long_date(end, lang))
        title = _("Annual statement of gifts %(year)s", year=start.year) if whole_year else _("Statement of gifts")
        notes = [] if whole_year else [_("This statement covers %(span)s. It is not an annual statement.", span=span)]
        if end >= local_date(now):
            today = format_long_date(local_date(now), lang)
            notes.append(_("The period is not over: gifts after %(day)s are not on it.", day=today))
        sections = [_section(part, content.of(part), labels, lang) for part in Part if content.of(part)]
        if not sections:
            notes.append(_("We received no gifts from you in this period."))
        total = content.deductible_cents
        after = [_("Periodic and ordinary gifts together: %(amount)s.", amount=format_money(total, lang))]
        if profile().anbi:
            after.append(_(
                "We are an ANBI. The tax rules decide what you may deduct. Keep this with your bank papers."
            ))  # fmt: skip
        return _letter(
            title, to, now, made, lang, notes, sections, after,
            details=[[_("Period"), str(start.year) if whole_year else span]],
        )  # fmt: skip


def receipt(gift: Any, to: Addressee, made: Made | None, labels: Labels, now: datetime) -> dict[str, Any]:
    """The receipt of one gift."""
    lang = to.language
    with force_locale(lang):
        amount, day = format_money(gift.amount_cents, lang), format_long_date(gift.gift_date, lang)
        notes = [_("We received your gift of %(amount)s on %(day)s. Thank you.", amount=amount, day=day)]
        if gift.refunded_cents:
            back = format_money(gift.refunded_cents, lang)
            notes.append(_("Of this gift %(amount)s was paid back.", amount=back))
        if gift.method == "cash":
            notes.append(_("A gift in cash cannot be deducted from income tax."))
        details = [[_("Amount"), amount], [_("Method"), labels.get(gift.method, gift.method)],
                   [_("Reference"), code_of(gift.id)]]  # fmt: skip
        return _letter(_("Receipt of your gift"), to, now, made, lang, notes, [], [], details=details)


def thanks(content: Content, to: Addressee, labels: Labels, now: datetime) -> dict[str, Any]:
    """A letter of thanks for the gifts of a range, which have to be there."""
    lang = to.language
    with force_locale(lang):
        total = content.kept_cents
        notes = [
            _("Thank you for what you gave: %(amount)s. We received it well.", amount=format_money(total, lang)),
            _("What you give we spend with care. If you have a question, we are glad to hear from you."),
        ]
        return _letter(_("Thank you for your gift"), to, now, None, lang, notes, [], [], details=[], draft=False)


def render(data: dict[str, Any]) -> bytes:
    """The PDF. Slow work: no transaction open."""
    return pdf.render(TEMPLATE, data)


def _letter(
    title: str, to: Addressee, now: datetime, made: Made | None, lang: str, notes: list[str],
    sections: list[dict[str, Any]], after: list[str], *, details: list[list[str]], draft: bool = True,
) -> dict[str, Any]:  # fmt: skip
    today, organisation = local_date(now), profile()
    head = [[_("Date"), format_long_date(today, lang)], *details]
    if organisation.rsin:
        head.append(["RSIN", organisation.rsin + (" (ANBI)" if organisation.anbi else "")])
    mark = _("Preview") if draft and made is None else ""
    if made is not None and made.copy_of:
        mark = _("Copy of the one made on %(day)s", day=format_long_date(local_date(made.copy_of), lang))
    elif made is not None and made.replaces:
        mark = _("Replaces the one made on %(day)s", day=format_long_date(local_date(made.replaces), lang))
    return {
        "lang": lang, "title": title, "date": today.isoformat(), "organisation": letterhead(),
        "recipient": list(to.lines), "details": head, "subject": title, "mark": mark,
        "paragraphs": [f"{to.salutation},", *notes], "sections": sections, "after": after,
        "closing": _("Kind regards,"), "signatory": [organisation.legal_name or organisation.name],
    }  # fmt: skip


def _section(part: Part, lines: list[Line], labels: Labels, lang: str) -> dict[str, Any]:
    last = {Part.PERIODIC: _("Transaction number"), Part.ORDINARY: "", Part.NOT: _("Why")}[part]
    rows = []
    for line in lines:
        row = [format_date(line.day), labels.get(line.method, line.method)]
        row += [line.number or _(line.why)] if last else []
        rows.append([*row, format_money(line.cents, lang)])
    heads = [_("Date"), _("Method"), *([last] if last else []), _("Amount")]
    total = [_("Total"), *([""] * (len(heads) - 2)), format_money(sum(line.cents for line in lines), lang)]
    return {"heading": _(part.label), "columns": heads, "rows": rows, "total": total}
