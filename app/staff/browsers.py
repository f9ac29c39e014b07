"""A browser's name for people, out of the line it sends about itself."""

from __future__ import annotations

_NAMES = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def browser(line: str) -> str:
    """`Firefox, Windows`; what is not recognised is shown as it came, cut short."""
    name = next((shown for part, shown in _NAMES if f"{part}/" in line), "")
    system = next((shown for part, shown in _SYSTEMS if part in line), "")
    return ", ".join(part for part in (name, system) if part) or line[:40] or "?"
