"""Dutch names: how to show, sort, greet and split them (DOMAIN.md 7). Plain functions, no database.

The particle before a surname (*tussenvoegsel*: van den, 't, de) is a field of its own. It is
written small after a first name or initials (`Jan van den Berg`) and with a capital where it
comes first (`mevrouw Van den Berg`); names sort by the surname without it (`Berg, Jan van den`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from app.base.states import N_, Labelled

INFIXES = frozenset(
    """aan aan_de aan_den aan_der aan_het aan_'t al am auf auf_dem aus aus_dem aus_der ben bij bij_de bij_den bij_het
    bij_'t boven da dal d' de de_la de_las de_le de_los del della den der des di do dos du el het im in in_de in_den
    in_der in_het in_'t l' la las le les lo los onder onder_de onder_den onder_het onder_'t op op_de op_den op_der
    op_het op_'t op_ten over over_de over_den over_het over_'t 's 't te ten ter tho thoe thor to toe tot uit uit_de
    uit_den uit_het uit_'t uit_ten uijt uijt_de van van_de van_de_l' van_den van_der van_gen van_het van_la van_'t
    van_ten van_ter ver vom von von_dem von_den von_der von_'t voor voor_de voor_den voor_'t vor zu zum zur
    """.replace("\n", " ").split()
)  # fmt: skip
_INFIX_PHRASES = frozenset(i.replace("_", " ") for i in INFIXES)
_SMALL = frozenset(["de", "den", "der", "het", "la", "te", "ten", "ter", "van", "von"])
_ABBREVIATED = {
    "v.": "van", "vd": "van de", "v.d.": "van de", "v/d": "van de", "v/d.": "van de", "v.de": "van de",
    "v.den": "van den", "v.der": "van der", "v.'t": "van 't", "v.h.": "van het",
}  # fmt: skip


class NameOrder(Labelled):
    """Which surname somebody with a partner uses."""

    OWN = "own", N_("own name")
    PARTNER = "partner", N_("partner's name")
    PARTNER_OWN = "partner_own", N_("partner's name, then own name")
    OWN_PARTNER = "own_partner", N_("own name, then partner's name")


class Greeting(Labelled):
    """How somebody is greeted in a letter; neutral unless they told us."""

    NEUTRAL = "neutral", N_("neutral")
    MADAM = "madam", N_("mevrouw")
    SIR = "sir", N_("heer")
    FAMILY = "family", N_("family")


@dataclass(frozen=True, slots=True)
class Name:
    """The parts of a person's name. Everything may be empty, but not first name, initials and surname at once."""

    first_name: str = ""
    initials: str = ""
    infix: str = ""
    last_name: str = ""
    partner_infix: str = ""
    partner_name: str = ""
    order: NameOrder = NameOrder.OWN
    title: str = ""
    greeting: Greeting = Greeting.NEUTRAL


def capital(text: str) -> str:
    """The text with a capital first: `Van den`, `IJsbrand`; an apostrophe keeps `'t` and `'s` small."""
    if text[:1] in "'’":
        return text
    if text[:2].lower() == "ij":
        return "IJ" + text[2:]
    return text[:1].upper() + text[1:]


def _joined(infix: str, surname: str) -> str:
    """`van den Berg`; `d'Ancona` and `l'Ami` stay closed up."""
    if infix.endswith(("d'", "l'", "d’", "l’")):
        return infix + surname
    return f"{infix} {surname}".strip()


def _surnames(name: Name) -> list[tuple[str, str]]:
    """(infix, surname) in the order this person uses them."""
    own, partner = (name.infix, name.last_name), (name.partner_infix, name.partner_name)
    if not name.partner_name:
        return [own]
    if not name.last_name:
        return [partner]
    used = {
        NameOrder.OWN: [own],
        NameOrder.PARTNER: [partner],
        NameOrder.PARTNER_OWN: [partner, own],
        NameOrder.OWN_PARTNER: [own, partner],
    }
    return used[name.order]


def family_name(name: Name, *, first: bool = False) -> str:
    """The surname in use with its particles; with a capital where nothing comes before it (`first`)."""
    full = "-".join(_joined(*part) for part in _surnames(name) if part[1])
    return capital(full) if first else full


def full_name(name: Name) -> str:
    """`Jan van den Berg`, else `J. van den Berg`, else `Van den Berg`; a title comes first."""
    given = name.first_name or name.initials
    bare = f"{given} {family_name(name)}".strip() if given else family_name(name, first=True)
    return f"{name.title} {bare}".strip()


def formal_name(name: Name) -> str:
    """With initials where we have them: `J. van den Berg`."""
    given = name.initials or name.first_name
    bare = f"{given} {family_name(name)}".strip() if given else family_name(name, first=True)
    return f"{name.title} {bare}".strip()


def sort_name(name: Name) -> str:
    """`Berg, Jan van den`; `Laan-de Vries, Anna van der`; a single name as it is."""
    infix, surname = _surnames(name)[0]
    rest = "-".join(_joined(*part) for part in _surnames(name)[1:] if part[1])
    surname = f"{surname}-{rest}" if rest else surname
    behind = f"{name.first_name or name.initials} {infix}".strip()
    if not surname:
        return behind
    return f"{surname}, {behind}" if behind else surname


def salutation(name: Name, language: str = "nl", *, formal: bool = True) -> str:
    """The opening of a letter, without the comma: `Geachte mevrouw Van den Berg`, `Beste Jan`.

    Without a known form of address it is neutral: first name, else the whole name.
    """
    surname = family_name(name, first=True)
    if formal and surname and name.greeting is not Greeting.NEUTRAL:
        words = {
            ("nl", Greeting.MADAM): "Geachte mevrouw",
            ("nl", Greeting.SIR): "Geachte heer",
            ("nl", Greeting.FAMILY): "Geachte familie",
            ("en", Greeting.MADAM): "Dear Ms",
            ("en", Greeting.SIR): "Dear Mr",
            ("en", Greeting.FAMILY): "Dear family",
        }
        return f"{words[language, name.greeting]} {surname}"
    given = name.first_name or formal_name(replace(name, title=""))
    if not given:
        return "Geachte heer of mevrouw" if language == "nl" else "Dear Sir or Madam"
    return f"{'Beste' if language == 'nl' else 'Dear'} {given}"


def couple_salutation(one: Name, other: Name, language: str = "nl") -> str:
    """`Geachte heer en mevrouw Van den Berg`; two surnames or unknown forms: both by name."""
    greetings = {one.greeting, other.greeting}
    surnames = [family_name(n, first=True) for n in (one, other)]
    if greetings == {Greeting.SIR, Greeting.MADAM} and all(surnames):
        sir, madam = surnames if one.greeting is Greeting.SIR else reversed(surnames)
        if sir == madam:
            return f"{'Geachte heer en mevrouw' if language == 'nl' else 'Dear Mr and Ms'} {sir}"
        if language == "nl":
            return f"Geachte heer {sir} en mevrouw {madam}"
        return f"Dear Mr {sir} and Ms {madam}"
    both = [n.first_name or formal_name(n) for n in (one, other)]
    return f"Beste {both[0]} en {both[1]}" if language == "nl" else f"Dear {both[0]} and {both[1]}"


_TITLES = {
    "nl": {Greeting.MADAM: "Mevrouw ", Greeting.SIR: "De heer "},
    "en": {Greeting.MADAM: "Ms ", Greeting.SIR: "Mr "},
}


def address_line(name: Name, language: str = "nl") -> str:
    """The first line of an address: `De heer J. van den Berg`, `Familie Van den Berg`, neutral without."""
    if name.greeting is Greeting.FAMILY and name.last_name:
        return f"{'Familie' if language == 'nl' else 'Family'} {family_name(name, first=True)}"
    return _TITLES[language].get(name.greeting, "") + formal_name(name)


def couple_address_line(one: Name, other: Name, language: str = "nl") -> str:
    """`De heer J. en mevrouw A. van den Berg`; with two surnames both names in full."""
    joint = " en " if language == "nl" else " and "
    title = _TITLES[language].get(other.greeting, "")
    second = (title[:1].lower() + title[1:] if language == "nl" else title) + formal_name(other)
    given = one.initials or one.first_name
    if given and (other.initials or other.first_name) and not one.title and family_name(one) == family_name(other):
        return _TITLES[language].get(one.greeting, "") + given + joint + second
    return address_line(one, language) + joint + second


def tidy(part: str) -> str:
    """A first name or surname as it should be written. Only all-small or ALL-CAPITAL input is
    changed: who types `McDonald` or `de Bruin` knows their own name."""
    part = " ".join(part.split())
    if len(part) > 1 and (part.islower() or part.isupper()):
        words = re.split(r"([\s-])", part.lower())
        return "".join(w if at and w in _SMALL else capital(w) for at, w in enumerate(words))
    return capital(part) if len(part) == 1 else part


def tidy_infix(infix: str) -> str:
    """A typed particle, small and in full: `v.d.` and `VAN DER` become `van de` and `van der`."""
    bare = " ".join(infix.lower().replace("’", "'").replace("`", "'").split())
    return _ABBREVIATED.get(bare.replace(" ", ""), bare)


def tidy_initials(initials: str) -> str:
    """`jpm`, `J P M`, `J.P.M` → `J.P.M.`; longer first parts such as `Th.` and `IJ.` are kept."""
    bare = initials.strip()
    if not bare:
        return ""
    if re.fullmatch(r"[^\W\d_]{1,6}", bare) and (bare.isupper() or bare.islower()):
        parts = re.findall("IJ|.", bare.upper())
    else:
        parts = [capital(p) for p in re.split(r"[.\s]+", bare) if p]
    return "".join(f"{p}." for p in parts)


def split_surname(text: str) -> tuple[str, str]:
    """(infix, surname) of `van den Berg`, `V.d. Berg`, `d'Ancona`, `Berg`."""
    words = text.replace("’", "'").replace("`", "'").split()
    if len(words) == 1 and (match := re.fullmatch(r"([dl]')(\w.*)", words[0], re.IGNORECASE)):
        return match[1].lower(), match[2]
    for count in range(min(len(words) - 1, 3), 0, -1):
        infix = tidy_infix(" ".join(words[:count]))
        if infix in _INFIX_PHRASES:
            return infix, " ".join(words[count:])
    return "", " ".join(words)


def split_full_name(text: str) -> Name:
    """The parts of a name written in one go: `Jan van den Berg`, `J.P. de Vries`, `Madonna`.

    A guess, for import and bank names; people's own forms have separate fields.
    """
    words = text.split()
    for at in range(1, len(words)):
        infix, surname = split_surname(" ".join(words[at:]))
        if infix:
            return _given(words[:at], infix, surname)
    if len(words) < 2:
        return Name(last_name=tidy(text.strip()))
    return _given(words[:-1], "", words[-1])


def _given(words: list[str], infix: str, surname: str) -> Name:
    given = " ".join(words)
    is_initials = all(re.fullmatch(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]?|[^\W\d_]", w) for w in words)
    if is_initials:
        return Name(initials=tidy_initials(given), infix=infix, last_name=tidy(surname))
    return Name(first_name=tidy(given), infix=infix, last_name=tidy(surname))
