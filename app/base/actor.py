"""Who does something: a member of staff, the public, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """`kind` is staff, public or system; `id` is the staff id where there is one.

    `label` is what the audit trail shows besides: a job's name, "webhook", "donor".
    """

    kind: str
    id: int | None = None
    label: str = ""


SYSTEM = Actor("system")
PUBLIC = Actor("public")


def system(label: str) -> Actor:
    return Actor("system", None, label)
