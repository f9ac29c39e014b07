"""Fields that understand what Dutch people type, and say clearly what is wrong.

All keep what was typed when it is refused. Empty is None; add InputRequired() to demand it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import Field, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation
from wtforms.widgets import TelInput, TextInput

from app.base.dates import format_date
from app.base.errors import DomainError
from app.base.iban import check_iban
from app.base.money import Money, format_money, parse_money, thousands_mark
from app.base.states import Labelled
from app.ui.forms import bad_character
from app.ui.languages import language
from app.ui.messages import translated


def options(source: type[Labelled] | Iterable[tuple[object, Any]], empty: Any = None) -> list[SelectChoice]:
    """Choices of a select or of tiles, from a labelled enum or (value, label) pairs.

    `empty` is the label of a first choice without value.
    """
    if isinstance(source, type):
        pairs: list[tuple[object, Any]] = [(member.value, lazy_gettext(member.label)) for member in source]
    else:
        pairs = list(source)
    first = [] if empty is None else [("", empty)]
    return [SelectChoice(str(value), label) for value, label in [*first, *pairs]]


class _Typed(StringField):
    """A text field whose data is something else than text."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.shown(self.data)

    def shown(self, data: Any) -> str:
        return str(data)

    def read(self, text: str) -> Any:
        """The value typed. Raises ValueError or DomainError with what is wrong."""
        raise NotImplementedError

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        text = valuelist[0].strip() if valuelist and isinstance(valuelist[0], str) else ""
        # Over-long text and control characters are answered by the form's first rule.
        if text and len(text) <= self.longest and bad_character(text, lines=False) is None:
            try:
                self.data = self.read(text)
            except DomainError as error:
                raise ValueError(translated(error)) from None

    longest = 100

    def pre_validate(self, form: Any) -> None:
        # Typed but not understood: that message stands alone, "please fill this in" would lie.
        if self.process_errors:
            raise StopValidation()


_MINUS = re.compile(r"\s*(?:€|eur(?:os?)?)?\s*[-−]\s*", re.IGNORECASE)  # noqa: RUF001  (as word processors put it)


def typed_money(text: str) -> Money:
    """An amount that staff typed: `100.000` is a hundred thousand on a Dutch page, `100,000` on an English one."""
    return parse_money(text, thousands=thousands_mark(language()))


class MoneyField(_Typed):
    """An amount: data is Money. Accepts `25`, `12,50`, `12.50`, `1.234,56`, and `100.000` on a Dutch page.

    `echo` tells the page to say how a large amount is read while it is typed (js/amounts.js). With `donor=True`
    `100.000` is refused (`grouped`): nobody gives a thousandfold by a slip. `minimum` and `maximum` are Money; zero is
    refused unless `zero=True`, less unless `below=True`. Initial data may be Money or integer cents.
    """

    widget = TextInput()
    longest = 40
    grouped = echo = True

    def __init__(
        self, label: Any = None, validators: Any = None, *, donor: bool = False,
        minimum: Money | None = None, maximum: Money | None = None, zero: bool = False,
        below: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(label, validators, **kwargs)
        self.minimum, self.maximum, self.zero, self.below = minimum, maximum, zero, below
        if donor:
            self.grouped = self.echo = False

    def process_data(self, value: Any) -> None:
        self.data = Money(value) if isinstance(value, int) else value

    def _value(self) -> str:
        # The page puts the sign before the field: typed along, it is not shown a second time.
        return re.sub(r"^\s*€\s*", "", super()._value())

    def shown(self, data: Any) -> str:
        return format_money(data.cents, language(), sign=False)

    def read(self, text: str) -> Money:
        credit = _MINUS.match(text) if self.below else None
        text = text[credit.end() :] if credit else text
        amount = typed_money(text) if self.grouped else parse_money(text)
        amount = -amount if credit else amount
        if not amount and not self.zero:
            raise ValueError(gettext("The amount must be more than zero."))
        if self.minimum is not None and amount < self.minimum:
            raise ValueError(gettext("The amount must be at least %(least)s.", least=self._said(self.minimum)))
        if self.maximum is not None and amount > self.maximum:
            raise ValueError(gettext("The amount can be at most %(most)s.", most=self._said(self.maximum)))
        return amount

    def _said(self, amount: Money) -> str:
        return format_money(amount.cents, language())


def parse_date(text: str) -> date:
    """`23-11-2026`, `23/11/2026`, `23.11.2026` or `2026-11-23`. Raises ValueError on anything else."""
    bare = re.sub(r"\s", "", text)
    if match := re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", bare, re.ASCII):
        day, month, year = (int(part) for part in match.groups())
    elif match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", bare, re.ASCII):
        year, month, day = (int(part) for part in match.groups())
    else:
        raise ValueError(text)
    if not 1900 <= year <= 2200:
        raise ValueError(text)
    return date(year, month, day)


class DutchDateField(_Typed):
    """A calendar day: data is date. Accepts `23-11-2026`, `23/11/2026` and ISO."""

    longest = 20

    def shown(self, data: Any) -> str:
        return format_date(data)

    def read(self, text: str) -> date:
        try:
            return parse_date(text)
        except ValueError:
            raise ValueError(
                gettext("%(text)s is not a date. Write day, month and year, for example 23-11-2026.", text=text)
            ) from None


class IbanField(_Typed):
    """An IBAN: data is the number in capitals without spaces; the message names the part that is wrong."""

    longest = 60

    def shown(self, data: Any) -> str:
        return " ".join(data[i : i + 4] for i in range(0, len(data), 4))

    def read(self, text: str) -> str:
        return check_iban(text)


class EmailField(_Typed):
    """A mail address: data is as typed, its domain in lower case. No DNS is asked."""

    longest = 254

    def read(self, text: str) -> str:
        from email_validator import EmailNotValidError, validate_email

        if "@" not in text:
            raise ValueError(gettext("An e-mail address has an @ in it, for example name@example.org."))
        try:
            return str(validate_email(text, check_deliverability=False, test_environment=True).normalized)
        except EmailNotValidError:
            raise ValueError(
                gettext("This e-mail address is not right. Please look at it again, for example name@example.org.")
            ) from None


class PhoneField(_Typed):
    """A phone number: data is E.164 (`+31612345678`). Without country code it is Dutch."""

    widget = TelInput()
    longest = 40

    def shown(self, data: Any) -> str:
        import phonenumbers

        try:
            number = phonenumbers.parse(data, "NL")
        except phonenumbers.NumberParseException:
            return str(data)
        form = phonenumbers.PhoneNumberFormat
        return str(
            phonenumbers.format_number(number, form.NATIONAL if number.country_code == 31 else form.INTERNATIONAL)
        )

    def read(self, text: str) -> str:
        import phonenumbers

        wrong = gettext("This phone number is not right. Write it like 06 1234 5678 or +32 470 12 34 56.")
        try:
            number = phonenumbers.parse(text, "NL")
        except phonenumbers.NumberParseException:
            raise ValueError(wrong) from None
        if not phonenumbers.is_valid_number(number) or number.extension:
            raise ValueError(wrong)
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


class PostcodeField(_Typed):
    """A postal code. In the Netherlands `1234 AB`; elsewhere up to 12 letters, figures, spaces, dashes.

    `country` names the field of the form that holds the two-letter country; without it: NL.
    """

    longest = 16

    def __init__(self, label: Any = None, validators: Any = None, *, country: str = "", **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.country = country

    def read(self, text: str) -> str:
        return re.sub(r"\s+", " ", text).upper()

    def pre_validate(self, form: Any) -> None:
        super().pre_validate(form)
        if not self.data:
            return
        other: Field | None = form._fields.get(self.country) if self.country else None
        if other is None or (other.data or "NL") == "NL":
            match = re.fullmatch(r"([1-9]\d{3}) ?([A-Z]{2})", self.data, re.ASCII)
            if not match or match[2] in ("SA", "SD", "SS"):
                raise StopValidation(
                    gettext("A Dutch postal code has four figures and two letters, for example 2514 AA.")
                )
            self.data = f"{match[1]} {match[2]}"
        elif not re.fullmatch(r"[A-Z0-9][A-Z0-9 -]{1,11}", self.data, re.ASCII):
            raise StopValidation(gettext("This postal code is not right. Please look at it again."))
