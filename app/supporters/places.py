"""Where supporters are found in the product: side bar, search, links from other rooms, words of the trail."""

from __future__ import annotations

from flask import Flask

from app.audit import words
from app.base.states import N_
from app.supporters import queries
from app.supporters.contact import show_phone
from app.ui import navigation, records
from app.ui.navigation import NavItem, Section
from app.ui.permissions import Permission


def register(app: Flask) -> None:
    app.jinja_env.filters["phone"] = show_phone
    read, write = Permission.SUPPORTERS_READ, Permission.SUPPORTERS_WRITE
    people = ("supporters.",)
    notes, doubles, complaints = Permission.NOTES_READ, ("supporters.duplicate",), ("supporters.complaint",)
    navigation.add(
        NavItem(
            Section.SUPPORTERS,
            "supporters.index",
            N_("People and organisations"),
            read,
            10,
            people,
            phone=True,
            short=N_("Supporters"),
        ),
        NavItem(Section.SUPPORTERS, "supporters.complaints", N_("Complaints"), notes, 20, complaints),
        NavItem(Section.SUPPORTERS, "supporters.duplicates", N_("Possible doubles"), write, 30, doubles),
    )
    navigation.search_at("supporters.search_page", Permission.COCKPIT_READ, "supporters.suggest")
    records.register("supporter", N_("Supporter"), "supporters.show", "supporter_id", read, queries.names)
    words.subject("supporter", N_("Supporter"), "supporters.show", "supporter_id")
    words.actions(
        {
            "supporter.created": N_("made the record"),
            "supporter.changed": N_("changed the name or details"),
            "supporter.roles_changed": N_("changed the roles"),
            "supporter.owner_changed": N_("changed who looks after the relation"),
            "supporter.deceased": N_("recorded the death"),
            "supporter.not_deceased": N_("took back the record of a death"),
            "supporter.email_added": N_("added an e-mail address"),
            "supporter.email_chosen": N_("chose an e-mail address"),
            "supporter.email_removed": N_("removed an e-mail address"),
            "supporter.mailbox_changed": N_("changed the mailbox after checking who asked"),
            "supporter.by_post": N_("recorded that letters go by post"),
            "supporter.by_mail": N_("recorded that mails are fine"),
            "supporter.phone_added": N_("added a phone number"),
            "supporter.phone_chosen": N_("chose a phone number"),
            "supporter.phone_removed": N_("removed a phone number"),
            "supporter.address_added": N_("added an address"),
            "supporter.address_ended": N_("ended an address"),
            "supporter.address_removed": N_("removed an address"),
            "supporter.iban_added": N_("added a bank account"),
            "supporter.iban_removed": N_("removed a bank account"),
            "supporter.related": N_("added a relation"),
            "supporter.relation_ended": N_("ended a relation"),
            "supporter.consent_recorded": N_("recorded a consent"),
            "supporter.consent_withdrawn": N_("recorded that a consent was withdrawn"),
            "supporter.objected": N_("recorded an objection"),
            "supporter.objection_lifted": N_("lifted an objection"),
            "supporter.note_added": N_("wrote a note"),
            "supporter.call_added": N_("wrote down a phone call"),
            "supporter.meeting_added": N_("wrote down a meeting"),
            "supporter.mail_added": N_("wrote down a letter or e-mail"),
            "supporter.participation_added": N_("wrote down that they took part"),
            "supporter.complaint_added": N_("recorded a complaint"),
            "supporter.complaint_moved": N_("moved a complaint on"),
            "supporter.complaint_planned": N_("planned the answer to a complaint"),
            "supporter.note_changed": N_("changed a note"),
            "supporter.note_removed": N_("removed a note"),
            "supporter.judged_different": N_("judged that two records are different people"),
            "supporter.judged_same": N_("judged that two records are the same"),
            "supporters.exported": N_("exported the list of supporters"),
        }
    )
