from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict
from wtforms import FileField, IntegerField, MultipleFileField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.base.errors import Invalid
from app.base.money import Money
from app.grants.choices import row_id
from app.ui.fields import DutchDateField, EmailField, IbanField, MoneyField, PhoneField, PostcodeField, options
from app.ui.forms import Form
from app.ui.permissions import Role

pytestmark = pytest.mark.databases("sqlite")


class Everything(Form):
    class Meta(Form.Meta):
        csrf = False

    name = StringField("Naam", validators=[InputRequired()])
    short = StringField("Kort", validators=[Length(max=5)])
    note = TextAreaField("Notitie")
    count = IntegerField("Hoeveel", validators=[Optional(), NumberRange(0, 60)])
    least = IntegerField("Minstens", validators=[Optional(), NumberRange(min=1)])
    most = IntegerField("Hoogstens", validators=[Optional(), NumberRange(max=9)])
    secret = PasswordField("Wachtwoord")
    amount = MoneyField("Bedrag", minimum=Money(100), maximum=Money(1_000_000))
    day = DutchDateField("Datum")
    iban = IbanField("IBAN")
    email = EmailField("E-mail")
    phone = PhoneField("Telefoon")
    country = SelectField("Land", choices=options([("NL", "Nederland"), ("BE", "België")]), default="NL")
    postcode = PostcodeField("Postcode", country="country")


def filled(app: Flask, **typed: str) -> Everything:
    with app.test_request_context("/", method="POST"):
        form = Everything(formdata=MultiDict({"name": "Jan", "country": "NL"} | typed))
        form.validate()
        return form


def refusal(app: Flask, field: str, typed: str, **more: str) -> str:
    form = filled(app, **{field: typed}, **more)
    errors = form[field].errors
    assert len(errors) == 1, f"{typed!r} gave {errors}"
    assert form[field]._value() == typed, "what was typed is kept"
    return str(errors[0])


@pytest.mark.parametrize(
    ("field", "typed", "data"),
    [
        ("amount", "25", Money(2500)),
        ("amount", " 25,50 ", Money(2550)),
        ("amount", "€ 1.234,56", Money(123456)),
        ("amount", "1234.56", Money(123456)),
        ("amount", "1.234", Money(123400)),
        ("amount", "€ 10.000", Money(1_000_000)),
        ("day", "23-11-2026", date(2026, 11, 23)),
        ("day", "3/1/2027", date(2027, 1, 3)),
        ("day", "2026-11-23", date(2026, 11, 23)),
        ("iban", "nl91 abna 0417 1643 00", "NL91ABNA0417164300"),
        ("iban", "BE68 5390 0754 7034", "BE68539007547034"),
        ("email", "Jan.Jansen@Voorbeeld.NL", "Jan.Jansen@voorbeeld.nl"),
        ("phone", "06 12345678", "+31612345678"),
        ("phone", "070-3105005", "+31703105005"),
        ("phone", "+32 470 12 34 56", "+32470123456"),
        ("postcode", "2514aa", "2514 AA"),
        ("postcode", "", None),
        ("amount", "", None),
        ("iban", "  ", None),
        ("count", "", None),
        ("count", " 12 ", 12),
        ("name", "  Jan\u0301 ", "Ja\u0144"),
    ],
)
def test_what_people_type_is_understood(app: Flask, field: str, typed: str, data: Any) -> None:
    form = filled(app, **{field: typed})
    assert not form.errors
    assert form[field].data == data


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("amount", "1,234", "1234 of 1,23"),
        ("amount", "0.234", "0234 of 0,23"),
        ("amount", "0", "meer dan nul"),
        ("amount", "-5", "zonder minteken"),
        ("amount", "0,99", "minstens €\u00a01,00"),
        ("amount", "10000,01", "hoogstens €\u00a010.000,00"),
        ("amount", "99999999999999", "te groot"),
        ("amount", "veel", "geen bedrag"),
        ("day", "31-02-2026", "31-02-2026 is geen datum"),
        ("day", "11/23/2026", "geen datum"),
        ("day", "morgen", "geen datum"),
        ("iban", "NL91 ABNA 0417 1643 01", "controlegetal"),
        ("iban", "NL91 ABNA 0417 1643", "heeft 18 tekens, dit heeft er 16"),
        ("iban", "XX91 ABNA 0417 1643 00", "XX is geen landcode"),
        ("iban", "0417164300", "twee letters en twee cijfers"),
        ("iban", "NL91 0417 1643 0012 34", "vier letters en tien cijfers"),
        ("email", "jan", "@"),
        ("email", "jan@", "klopt niet"),
        ("email", "jan@voorbeeld", "klopt niet"),
        ("email", "a@b.nl, c@d.nl", "klopt niet"),
        ("phone", "12", "telefoonnummer"),
        ("phone", "bel maar", "telefoonnummer"),
        ("postcode", "0514 AA", "vier cijfers en twee letters"),
        ("postcode", "1234 SS", "vier cijfers en twee letters"),
        ("name", "Jan\x00", "stuurteken"),
        ("name", "Jan\u202enaJ", "stuurteken"),
        ("name", "Jan\nPiet", "stuurteken"),
        ("name", "x" * 201, "hoogstens 200 tekens, dit zijn er 201"),
        ("short", "zes zes", "hoogstens 5 tekens"),
        ("count", "-1", "Vul een getal in van 0 tot en met 60."),
        ("least", "0", "Vul 1 of meer in."),
        ("most", "10", "Vul 9 of minder in."),
        ("count", "drie", "heel getal"),
        ("note", "x" * 10_001, "hoogstens 10000"),
        ("note", "bel\x07", "stuurteken"),
        ("note", "Wij gaven drie lessen\x07 aan" + 60 * " veel", "stuurteken na “gaven drie lessen”"),
        ("amount", "1" * 5000, "te lang"),
        ("email", "a" * 300 + "@voorbeeld.nl", "te lang"),
        ("iban", "NL91\x00ABNA0417164300", "stuurteken"),
        ("name", "", "Vul dit nog in"),
    ],
)
def test_what_is_wrong_is_said_once_and_kept(app: Flask, field: str, typed: str, says: str) -> None:
    assert says in refusal(app, field, typed)


def test_a_note_may_have_lines_and_they_are_stored_alike(app: Flask) -> None:
    form = filled(app, note="een\r\ntwee\rdrie\t!\vvier\fvijf")
    assert not form.errors
    assert form.note.data == "een\ntwee\ndrie\t!\nvier\nvijf"


def test_passwords_are_taken_as_typed(app: Flask) -> None:
    form = filled(app, **{"secret": "  vier woorden  "})
    assert form.secret.data == "  vier woorden  "


def test_a_postal_code_follows_its_country(app: Flask) -> None:
    assert filled(app, postcode="1000", country="BE").postcode.data == "1000"
    assert "klopt niet" in refusal(app, "postcode", "10<00", country="BE")
    assert "vier cijfers" in refusal(app, "postcode", "1000", country="NL")


def test_a_choice_that_is_not_there_is_refused_in_our_words(app: Flask) -> None:
    assert filled(app, country="DE").country.errors == ["Kies een van de mogelijkheden."]


def test_refusals_of_services_land_beside_their_field_and_in_the_summary(app: Flask) -> None:
    form = filled(app)
    assert form.status == 200
    with app.test_request_context("/"):
        form.add_error(Invalid("This amount is too large to handle here.", field="amount"))
        form.add_error(Invalid("The amount must be at least %(least)s.", least=Money(250)))
    assert form.status == 422
    assert form.amount.errors == ["Dit bedrag is te groot om hier te verwerken."]
    assert form.summary() == [
        ("", "", "Het bedrag moet minstens €\u00a02,50 zijn."),
        ("amount", "Bedrag", "Dit bedrag is te groot om hier te verwerken."),
    ]


def test_stored_values_are_shown_as_people_write_them(app: Flask) -> None:
    with app.test_request_context("/"):
        form = Everything(
            formdata=None,
            data={"amount": 123456, "day": date(2026, 11, 3), "iban": "NL91ABNA0417164300", "phone": "+31612345678"},
        )
        assert form.amount.data == Money(123456)
        shown = [form[name]._value() for name in ("amount", "day", "iban", "phone")]
    assert shown == ["1.234,56", "03-11-2026", "NL91 ABNA 0417 1643 00", "06 12345678"]


@pytest.mark.parametrize("typed", ["€ 1.234,5", "€1.234,5", "\u00a0€\u00a01.234,5", "1.234,5"])
def test_an_amount_that_is_refused_is_shown_without_a_second_sign(app: Flask, typed: str) -> None:
    form = filled(app, amount=typed)
    assert form.amount.errors
    assert form.amount._value().strip() == "1.234,5"


def test_choices_come_from_enums_and_pairs(app: Flask) -> None:
    with app.test_request_context("/"):
        assert [(o.value, str(o.label)) for o in options(Role, empty="Kies")] == [
            ("", "Kies"), ("viewer", "Meelezer"), ("fundraiser", "Fondsenwerver"), ("finance", "Financiën"),
            ("admin", "Beheerder"),
        ]  # fmt: skip


@pytest.mark.parametrize("kind", [FileField, MultipleFileField])
def test_text_sent_in_the_place_of_a_file_is_no_file(app: Flask, kind: type[FileField]) -> None:
    class Upload(Everything):
        file = kind("Bestand")

    with app.test_request_context():
        for sent in (["x"], [""], []):
            assert not Upload(MultiDict([("file", each) for each in sent])).file.data


@pytest.mark.parametrize("text", ["9223372036854775808", "9" * 30, "-1", "x"])
def test_an_id_that_no_row_can_have_is_no_choice(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        row_id(text)
