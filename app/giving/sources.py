"""What a gift came of: a code in the address, carried in the form itself and not in a cookie.

`?bron=` (or `source=`) is our own code; without it the usual utm parameters tell. The code ends as
the gift's `source`, which holds 30 characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

LONGEST = 30
_OWN = ("bron", "source")
_OTHER = re.compile(r"[^A-Za-z0-9._-]+")


def code_in(query: Mapping[str, str]) -> str:
    """The code that this address carries; empty where it carries none."""
    own = next((code for name in _OWN if (code := clean(query.get(name, "")))), "")
    if own:
        return own
    channel, campaign = clean(query.get("utm_source", "")), clean(query.get("utm_campaign", ""))
    if channel and campaign:
        # The appeal says more than the channel: where both are too long, the channel is cut.
        room = LONGEST - 1 - len(campaign)
        return f"{channel[:room]}/{campaign}" if room >= 2 else campaign
    return campaign or channel or clean(query.get("utm_medium", ""))


def clean(text: str) -> str:
    """A code as we keep it: letters, figures, dots and hyphens. Nothing a stranger types is refused or shown."""
    return _OTHER.sub("-", text[:200]).strip("-._")[:LONGEST]


def sent(text: str) -> str:
    """The code that a form brought along, no more trusted than what was typed."""
    return "/".join(part for part in map(clean, text.split("/", 1)) if part)[:LONGEST]
