"""Where one can give: Steun ons, the page of a campaign, and either of them in a frame on another site.

A place is all that tells one kept page from another. What is sent from a frame goes on in the whole
window, at the ordinary address: no cookie is needed in the frame, so none can be blocked there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

_ROOTS = {"nl": "/steun-ons", "en": "/en/support-us"}
_CAMPAIGN = {"nl": "/actie/", "en": "/campaign/"}
_FRAMED = {"nl": "/inbedden", "en": "/embed"}
MAIN_FORM = "steun-ons"


@dataclass(frozen=True, slots=True)
class Place:
    """`slug` is the campaign's; none on Steun ons itself."""

    language: str
    slug: str = ""
    framed: bool = False

    @property
    def form(self) -> str:
        """What failed payments are counted under."""
        return f"{MAIN_FORM}/{self.slug}" if self.slug else MAIN_FORM

    @property
    def path(self) -> str:
        root = _ROOTS[self.language]
        if self.framed:
            return f"{root}{_FRAMED[self.language]}" + (f"/{self.slug}" if self.slug else "")
        return f"{root}{_CAMPAIGN[self.language]}{self.slug}" if self.slug else root

    @property
    def action(self) -> str:
        """Where its form is sent."""
        return self.whole.path

    @property
    def whole(self) -> Place:
        """The same in a window of its own."""
        return replace(self, framed=False)

    @property
    def general(self) -> Place:
        """Steun ons itself."""
        return Place(self.language)

    @property
    def elsewhere(self) -> Place:
        """The same in the other language."""
        return replace(self, language="en" if self.language == "nl" else "nl")
