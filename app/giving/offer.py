"""What the donation form offers now: ways to pay and programmes. Read with the page, kept with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from app.base.dates import local_date
from app.base.errors import Invalid, NotFound
from app.base.money import Money
from app.base.states import N_
from app.direct_debit import consent
from app.extensions import now, settings
from app.giving.answers import DIRECT_DEBIT, MAX_CENTS, MIN_CENTS, ONCE, PRESETS_CENTS
from app.giving.appeals import Appeal, appeal_of
from app.giving.places import MAIN_FORM, Place
from app.organisation.queries import Profile, profile
from app.payments.providers.base import Method
from app.payments.services import methods_offered
from app.programmes.queries import public_programmes
from app.ui import languages
from app.ui.languages import language

BANK_TRANSFER = "bank_transfer"
_ABOVE = N_("With %(method)s you can give up to %(bound)s at a time. Please contact us for a larger gift.")
_BELOW = N_("With %(method)s you can give from %(bound)s.")
_ABOVE_OTHERS = N_("With %(method)s you can give up to %(bound)s at a time. This amount can be paid with: %(others)s.")
_BELOW_OTHERS = N_("With %(method)s you can give from %(bound)s. This amount can be paid with: %(others)s.")


@dataclass(frozen=True, slots=True)
class PublicProgramme:
    id: int
    slug: str
    name_nl: str
    name_en: str
    description_nl: str
    description_en: str


@dataclass(frozen=True, slots=True)
class Offer:
    """`methods` are (name, label) in the provider's order; a bank transfer needs an account of ours."""

    profile: Profile
    methods: tuple[tuple[str, str], ...]
    programmes: tuple[PublicProgramme, ...]
    recurring: tuple[str, ...] = ()  # methods whose first payment lets us collect the next ones
    appeal: Appeal | None = None  # the campaign whose page this is
    costs_cents: int = 0  # what paying costs us, where donors are asked to add it
    bounded: tuple[Method, ...] = ()  # those that do not take every amount this form does

    @property
    def is_open(self) -> bool:
        """Whether anybody can give here: the organisation is known, there is a way to pay, the campaign runs."""
        running = self.appeal is None or self.appeal.is_open
        return bool(self.profile.legal_name and self.method_names) and running

    @property
    def presets_cents(self) -> tuple[int, ...]:
        return (self.appeal.presets_cents if self.appeal else ()) or PRESETS_CENTS

    @property
    def source(self) -> str:
        """What a gift comes of where its address carried no code."""
        return self.appeal.source_code if self.appeal else MAIN_FORM

    @property
    def own_mandates(self) -> bool:
        """Whether donors may sign a mandate of ours here: a setting, for who has the bank's contract for it."""
        return bool(self.profile.online_mandates and self.profile.creditor_id)

    @property
    def mandate_text(self) -> str:
        """What they then agree to, in the language of the page."""
        return consent.text_of(self.profile.legal_name, language())

    @property
    def method_names(self) -> tuple[str, ...]:
        names = tuple(name for name, _label in self.methods)
        if self.own_mandates:
            names = (*names, DIRECT_DEBIT)
        return (*names, BANK_TRANSFER) if self.profile.gift_account else names

    @property
    def only(self) -> dict[str, str]:
        """Ways to pay that show for one choice of frequency alone: what gives no permission for the next time."""
        once = {name: ONCE for name in self.method_names if name not in self.recurring} if self.recurring else {}
        return once | ({DIRECT_DEBIT: "again"} if self.own_mandates else {})

    @property
    def slugs(self) -> tuple[str, ...]:
        return tuple(programme.slug for programme in self.programmes)

    def programme_id(self, slug: str) -> int | None:
        if self.appeal and self.appeal.programme_id:
            return self.appeal.programme_id  # a campaign for one purpose leaves nothing to choose
        return next((programme.id for programme in self.programmes if programme.slug == slug), None)

    def slug_of(self, programme_id: int | None) -> str:
        return next((programme.slug for programme in self.programmes if programme.id == programme_id), "")

    def method_choices(self) -> Sequence[tuple[str, str]]:
        """(name, label) of every way to pay, the bank transfer last."""
        transfer = [(BANK_TRANSFER, _("Transfer it yourself"))] if self.profile.gift_account else []
        debit = [(DIRECT_DEBIT, _("Direct debit"))] if self.own_mandates else []
        return [*((name, _(label)) for name, label in self.methods), *debit, *transfer]

    def most_by(self, name: str) -> int | None:
        """Cents this way to pay takes at most, where that is less than the form does."""
        most = next((method.maximum_cents for method in self.bounded if method.id == name), None)
        return most if most is not None and most < MAX_CENTS else None

    def check_bounds(self, name: str, cents: int, *, recurs: bool) -> None:
        """Raises Invalid where this way to pay does not take so much or so little; it names those that do."""
        method = next((m for m in self.bounded if m.id == name), None)
        if method is None or method.takes(cents):
            return
        languages.by_address()  # the form is read before its page, which sets the language
        refused = {m.id for m in self.bounded if not m.takes(cents)}
        fit = [
            label
            for other, label in self.method_choices()
            if other not in refused and (other in self.recurring if recurs else other != DIRECT_DEBIT)
        ]
        below = cents < method.minimum_cents
        values = {
            "method": _(method.label),
            "bound": Money(method.minimum_cents if below else method.maximum_cents or 0),
        }
        if not fit:
            raise Invalid(_BELOW if below else _ABOVE, **values)
        raise Invalid(_BELOW_OTHERS if below else _ABOVE_OTHERS, others=" · ".join(fit), **values)

    def programme_choices(self, lang: str) -> Sequence[tuple[str, str]]:
        return [(p.slug, p.name_en if lang == "en" else p.name_nl) for p in self.programmes]


def current(place: Place, *, preview: bool = False) -> Offer:
    """Read what this place offers; at most a few statements. Raises NotFound for a campaign that is not shown."""
    methods = methods_offered()
    appeal = None
    if place.slug:
        appeal = appeal_of(place.slug, place.language, local_date(now()), preview=preview)
        if appeal is None:
            raise NotFound(
                N_("Perhaps the campaign is over, or the address is not quite right. You can give on our own page.")
            )
    bound = appeal is not None and appeal.programme_id is not None
    who = profile()
    starting = [method.id for method in methods if method.starts_recurring]
    return Offer(
        who,
        tuple((method.id, method.label) for method in methods),
        tuple(
            PublicProgramme(p.id, p.slug, p.name_nl, p.name_en, p.description_nl, p.description_en)
            for p in ([] if bound else public_programmes())
        ),
        (*starting, DIRECT_DEBIT) if who.online_mandates and who.creditor_id else tuple(starting),
        appeal,
        settings().payment_costs_cents,
        tuple(method for method in methods if not (method.takes(MIN_CENTS) and method.takes(MAX_CENTS))),
    )
