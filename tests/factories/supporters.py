"""Supporters for tests, made through the services: `person("Jan van den Berg", email="jan@example.nl")`."""

from __future__ import annotations

from typing import Any

from app.base.actor import SYSTEM
from app.extensions import now, writing
from app.supporters import services
from app.supporters.drafts import OrganisationDraft, PersonDraft
from app.supporters.models import Role
from app.supporters.names import Name, split_full_name


def person(name: str | Name = "Jan van den Berg", **parts: Any) -> int:
    """A new person in a transaction of its own; `parts` are those of PersonDraft."""
    draft = PersonDraft(name=split_full_name(name) if isinstance(name, str) else name, **parts)
    with writing():
        return services.create_person(draft, actor=SYSTEM, now=now())


def organisation(name: str = "Stichting Voorbeeld", *roles: Role, **parts: Any) -> int:
    with writing():
        return services.create_organisation(OrganisationDraft(name=name, roles=roles, **parts), actor=SYSTEM, now=now())
