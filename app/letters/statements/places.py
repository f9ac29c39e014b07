"""Where papers are found: on the donor's page."""

from __future__ import annotations

from app.ui.panels import Panel, panel
from app.ui.permissions import Permission


@panel("supporter", "papers", order=30, permission=Permission.GIFTS_READ)
def papers(supporter_id: int) -> Panel | None:
    return Panel("letters/statements/panel.html", {"supporter_id": supporter_id})
