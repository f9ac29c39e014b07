"""The text that makes a SEPA mandate one, by version: what a person agreed to can always be shown again.

The wording is the one of the SEPA Core rulebook for mandates (DOMAIN.md 1.2): who may collect, whom
the bank obeys, and the right to have it paid back within eight weeks. A version is never changed;
a new wording is a new version.
"""

from __future__ import annotations

CURRENT = "2026-1"

TEXTS: dict[str, dict[str, str]] = {
    "2026-1": {
        "nl": (
            "Met dit formulier geeft u toestemming aan {name} om doorlopende incasso-opdrachten te sturen naar uw bank"
            " om een bedrag van uw rekening af te schrijven, en aan uw bank om doorlopend een bedrag van uw rekening af"
            " te schrijven volgens de opdracht van {name}. Als u het niet eens bent met deze afschrijving, kunt u die"
            " laten terugboeken. Neem hiervoor binnen acht weken na afschrijving contact op met uw bank. Vraag uw bank"
            " naar de voorwaarden."
        ),
        "en": (
            "By signing this mandate form, you authorise {name} to send recurring collection instructions to your bank"
            " to debit your account, and your bank to debit your account on a recurring basis in accordance with the"
            " instructions from {name}. You are entitled to a refund from your bank. A refund must be claimed within"
            " eight weeks of the date on which your account was debited. Ask your bank about the conditions."
        ),
    }
}


def text_of(name: str, language: str, version: str = CURRENT) -> str:
    """The text for a creditor of this name. Unknown versions raise KeyError: evidence is not guessed."""
    texts = TEXTS[version]
    return texts.get(language, texts["nl"]).format(name=name)
