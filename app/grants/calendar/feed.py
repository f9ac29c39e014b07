"""The iCalendar file (RFC 5545): all-day entries with stable UIDs, so that a moved date moves the
entry in the calendar instead of adding one. SEQUENCE counts the changes of the row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from flask_babel import gettext as _

from app.base.dates import days
from app.base.money import format_money
from app.extensions import settings
from app.grants.instalments.queries import Line as InstalmentLine
from app.grants.obligations.queries import Line as ObligationLine
from app.grants.partners.due import Line as PartnerLine
from app.grants.rounds.queries import Line as RoundLine
from app.ui import filters
from app.ui.identity import identity


@dataclass(frozen=True, slots=True)
class Entry:
    """One all-day entry. `key` makes its UID; `alarm_days` before it the calendar may warn."""

    key: str
    day: date
    title: str
    text: str
    url: str
    sequence: int
    alarm_days: int | None = None


def of_obligation(line: ObligationLine, version: int, url: str) -> Iterator[Entry]:
    name = line.title or filters.label(line.kind)
    text = _("For %(subject)s. State: %(state)s.", subject=line.subject, state=filters.label(line.state))
    yield Entry(f"obligation-{line.id}", line.due_on, f"{name}: {line.funder}", text, url, version - 1, 7)
    if line.internal_due_on and line.internal_due_on != line.due_on:
        title = _("%(name)s ready inside our house: %(funder)s", name=name, funder=line.funder)
        yield Entry(f"obligation-{line.id}-internal", line.internal_due_on, title, text, url, version - 1, 3)


def of_round(line: RoundLine, version: int, url: str) -> Iterator[Entry]:
    moments = (
        ("opens", line.opens_on, _("Opens: %(name)s, %(funder)s", name=line.name, funder=line.funder), None),
        ("closes", line.closes_on, _("Last day: %(name)s, %(funder)s", name=line.name, funder=line.funder), 14),
        ("decision", line.decision_on, _("Decision: %(name)s, %(funder)s", name=line.name, funder=line.funder), None),
    )
    for part, day, title, alarm in moments:
        if day is not None:
            yield Entry(f"round-{line.id}-{part}", day, title, "", url, version - 1, alarm)


def of_instalment(line: InstalmentLine, url: str, language: str) -> Iterator[Entry]:
    amount = format_money(line.open_cents, language)
    title = _("Expected: %(amount)s from %(funder)s", amount=amount, funder=line.funder)
    text = _("For %(subject)s. State: %(state)s.", subject=line.grant, state=filters.label(line.state))
    yield Entry(f"instalment-{line.id}", line.expected_on, title, text, url, line.version - 1)


def of_partner(line: PartnerLine, url: str, language: str) -> Iterator[Entry]:
    text = _("For %(subject)s. State: %(state)s.", subject=line.grant, state=filters.label(line.state))
    if line.cents is None:
        title = _("%(what)s of %(partner)s", what=line.title, partner=line.partner)
        yield Entry(f"partner-duty-{line.id}", line.due_on, title, text, url, line.version - 1, 7)
    else:
        amount = format_money(line.cents, language)
        title = _("To pay: %(amount)s to %(partner)s", amount=amount, partner=line.partner)
        yield Entry(f"partner-instalment-{line.id}", line.due_on, title, text, url, line.version - 1)


def file_of(entries: Iterable[Entry], *, at: datetime) -> bytes:
    """The file with our name on it, in the language of this moment."""
    host = urlsplit(settings().public_url).hostname or "draagvlak"
    return write(entries, host=host, name=_("Deadlines of %(name)s", name=identity().name), at=at)


def write(entries: Iterable[Entry], *, host: str, name: str, at: datetime) -> bytes:
    """The file itself, folded and escaped by the icalendar library."""
    from icalendar import Alarm, Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//Draagvlak//Grants//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("x-published-ttl", "PT1H")
    for entry in entries:
        event = Event()
        event.add("uid", f"{entry.key}@{host}")
        event.add("dtstamp", at)
        event.add("sequence", entry.sequence)
        event.add("dtstart", entry.day)
        event.add("dtend", entry.day + days(1))  # the end of an all-day entry is the day after it
        event.add("summary", entry.title)
        if entry.text:
            event.add("description", entry.text)
        event.add("url", entry.url)
        event.add("transp", "TRANSPARENT")  # a deadline does not make a person busy
        event.add("class", "PRIVATE")
        if entry.alarm_days is not None:
            alarm = Alarm()
            alarm.add("action", "DISPLAY")
            alarm.add("description", entry.title)
            alarm.add("trigger", timedelta(days=-entry.alarm_days, hours=9))
            event.add_component(alarm)
        calendar.add_component(event)
    return bytes(calendar.to_ical())
