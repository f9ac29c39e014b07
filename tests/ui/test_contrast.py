"""Contrasts of the colour tokens (WCAG 2.2): text at least 4.5, what shows a control or a mark at least 3."""

from __future__ import annotations

import re

import pytest

from config import ROOT

TEXT = [
    *[("ink", on) for on in (
        "paper", "surface", "sunk", "petrol-soft", "accent-soft", "ok-soft", "warn-soft", "danger-soft", "neutral-soft",
    )],
    *[("muted", on) for on in ("paper", "surface", "sunk", "petrol-soft", "neutral-soft")],
    *[("petrol", on) for on in ("paper", "surface", "sunk", "petrol-soft", "neutral-soft")],
    ("petrol-deep", "paper"), ("petrol-deep", "surface"),
    *[(tone, on) for tone in ("accent", "ok", "warn", "danger") for on in ("paper", "surface", f"{tone}-soft")],
    ("on-petrol", "petrol"), ("on-petrol", "petrol-deep"), ("on-accent", "accent"), ("on-accent", "accent-deep"),
]  # fmt: skip
MARKS = [
    ("field", "paper"), ("field", "surface"), ("petrol", "surface"), ("petrol", "neutral-soft"), ("danger", "surface"),
    ("on-petrol", "petrol"), *[(f"chart-{i}", "surface") for i in range(1, 6)],
]  # fmt: skip


def schemes() -> dict[str, dict[str, str]]:
    """Colour tokens by scheme: light, dark as the device asks, dark as chosen."""
    css = (ROOT / "static" / "css" / "_tokens.css").read_text(encoding="utf-8")
    blocks = re.findall(r'(:root(?:\[data-theme="\w+"\])?) \{(.*?)\}', css, re.S)
    found = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", body)) for _, body in blocks]
    light, device, chosen = (colours for colours in found if "paper" in colours)
    return {"light": light, "device": device, "chosen": chosen}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_itself() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_dark_is_the_same_however_it_comes() -> None:
    found = schemes()
    assert found["device"] == found["chosen"]
    assert set(found["light"]) == set(found["chosen"])


@pytest.mark.parametrize("scheme", ["light", "chosen"])
def test_text_can_be_read_and_controls_seen(scheme: str) -> None:
    colours = schemes()[scheme]
    weak = [
        f"{mark} on {ground}: {contrast(colours[mark], colours[ground]):.2f} < {least}"
        for pairs, least in ((TEXT, 4.5), (MARKS, 3.0))
        for mark, ground in pairs
        if contrast(colours[mark], colours[ground]) < least
    ]
    assert not weak, "\n".join(weak)
