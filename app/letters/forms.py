"""The public sign-up for news, and the mailing that staff write."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.ui.fields import EmailField
from app.ui.forms import Form


class SignUpForm(Form):
    first_name = StringField(_l("First name (if you like)"), validators=[Length(max=80)])
    email = EmailField(_l("E-mail address"), validators=[InputRequired()])


class MailingForm(Form):
    subject = StringField(_l("Subject"), validators=[InputRequired(), Length(max=150)])
    body = TextAreaField(_l("Text"), validators=[InputRequired(), Length(max=20_000)])
    subject_en = StringField(_l("Subject in English"), validators=[Length(max=150)])
    body_en = TextAreaField(_l("Text in English"), validators=[Length(max=20_000)])


class PlainForm(Form):
    """Nothing but the proof that it was sent from our own page."""
