"""Why a collection fails or comes back, what we do about it, and what we tell the donor (DOMAIN.md 1.5).

One line for each code that a bank may give. `mail` names the paragraph of the mail to the donor
(templates/mail/gifts/recurring/failed.txt); none where the cause is ours or the donor is not to be
written to. An unknown code, or none, is looked at by people before anything else is collected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.base.states import N_, Labelled


class Action(Labelled):
    """What happens by itself; the label says what is left for people to do."""

    RETRY = "retry", N_("We try once more, later. Nothing to do unless that fails too.")
    ASK_ACCOUNT = "ask_account", N_("Collecting stopped. Ask for a new account number.")
    CONTACT = "contact", N_("Collecting stopped. Get in touch kindly before anything else is collected.")
    STOP = "stop", N_("The mandate ended. Look at the evidence of consent; collect only with a new mandate.")
    DECEASED = "deceased", N_("Collecting stopped. Check whether the donor has died and record it; do not write first.")
    OURS = "ours", N_("Collecting stopped. The cause is on our side or at a bank: find out, then resume.")
    AGAIN = "again", N_("It never reached the provider and is sent anew by itself.")


# The same in a few words, to choose from.
ACTION_WORDS = {
    Action.RETRY: N_("Tried again by itself"),
    Action.ASK_ACCOUNT: N_("Ask for an account number"),
    Action.CONTACT: N_("Get in touch"),
    Action.STOP: N_("Look at the mandate"),
    Action.DECEASED: N_("Check a death"),
    Action.OURS: N_("Find the cause with us or a bank"),
    Action.AGAIN: N_("Sent anew by itself"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """`meaning` for staff, `action`, and which paragraph the donor gets."""

    meaning: str
    action: Action
    mail: str = ""


_A = Action
NOT_SENT = "NOTSENT"  # ours, no bank's: the provider has no such payment
REASONS: dict[str, Reason] = {
    "AC01": Reason(N_("The account number is wrong"), _A.ASK_ACCOUNT, "account"),
    "AC04": Reason(N_("The account is closed"), _A.ASK_ACCOUNT, "closed"),
    "AC06": Reason(N_("The account is blocked"), _A.CONTACT, "blocked"),
    "AC13": Reason(N_("It is a consumer's account, and the collection was for businesses"), _A.OURS),
    "AG01": Reason(N_("Direct debits are not allowed on this account"), _A.ASK_ACCOUNT, "forbidden"),
    "AG02": Reason(N_("The bank refused the kind of collection"), _A.OURS),
    "AM04": Reason(N_("There was not enough money in the account"), _A.RETRY, "money"),
    "AM05": Reason(N_("The bank saw it twice"), _A.OURS),
    "BE04": Reason(N_("An address was missing"), _A.OURS),
    "BE05": Reason(N_("Our creditor identifier was wrong"), _A.OURS),
    "CNOR": Reason(N_("Our bank does not take part"), _A.OURS),
    "DNOR": Reason(N_("The donor's bank does not take part"), _A.ASK_ACCOUNT, "forbidden"),
    "DT01": Reason(N_("The date was wrong"), _A.OURS),
    "FF01": Reason(N_("The file was wrong"), _A.OURS),
    "FF05": Reason(N_("The kind of collection was wrong"), _A.OURS),
    "MD01": Reason(N_("The donor says there is no mandate"), _A.STOP, "mandate"),
    "MD02": Reason(N_("Data of the mandate were missing"), _A.OURS),
    "MD06": Reason(N_("The donor took it back"), _A.CONTACT, "taken_back"),
    "MD07": Reason(N_("The bank says that the donor has died"), _A.DECEASED),
    "MS02": Reason(N_("The donor refused it"), _A.CONTACT, "refused"),
    "MS03": Reason(N_("The bank gives no reason"), _A.RETRY, "unknown"),
    "RC01": Reason(N_("The code of the bank was wrong"), _A.OURS),
    "RR01": Reason(N_("Rules of supervision"), _A.OURS),
    "RR02": Reason(N_("Rules of supervision"), _A.OURS),
    "RR03": Reason(N_("Rules of supervision"), _A.OURS),
    "RR04": Reason(N_("Rules of supervision"), _A.OURS),
    "SL01": Reason(N_("The donor's bank blocks our collections for this account"), _A.CONTACT, "blocked"),
    "TM01": Reason(N_("It came after the bank's closing time"), _A.OURS),
    NOT_SENT: Reason(N_("It never reached the provider"), _A.AGAIN),
}
WITHOUT_RETRY = {Action.RETRY: Action.CONTACT, Action.AGAIN: Action.OURS}
UNKNOWN = Reason(N_("For an unknown reason"), _A.CONTACT)

_CODE = re.compile(r"\b([A-Z]{2}\d{2}|CNOR|DNOR)\b")


def reason_of(code: str | None) -> Reason:
    """What this code means to us; unknown codes are looked at by people."""
    return REASONS.get(code or "", UNKNOWN)


def action_of(code: str | None, *, goes_on: bool) -> Action:
    """What is left to do. `goes_on`: another attempt is planned or under way; without one, what would have been tried
    again is for people after all."""
    action = reason_of(code).action
    return action if goes_on else WITHOUT_RETRY.get(action, action)


def codes_of(action: Action) -> list[str]:
    """The codes after which this happens. Codes that are not in the table go with those of UNKNOWN."""
    return [code for code, reason in REASONS.items() if reason.action is action]


def code_in(words: str | None) -> str | None:
    """The code that a provider names among its words, if any."""
    found = _CODE.search(words or "")
    return found.group(1) if found else None
