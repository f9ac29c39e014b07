"""Folding names for search and comparison, and reading the names banks give. Plain functions.

Folding is for matching only, never for showing: `Bijl`, `Byl` and `BŸL` fold to one spelling.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from functools import lru_cache

from app.supporters.names import Greeting, Name, split_full_name, split_surname, tidy, tidy_infix, tidy_initials

_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ĳ": "ij", "ħ": "h"}
)
MAX_TOKEN = 40


@lru_cache(maxsize=2048)  # names and places recur: imports and searches fold the same words again and again
def plain(text: str) -> str:
    """Small letters without diacritics; apostrophes fall away, other signs become one space."""
    # Before the case too: a letter of mathematics becomes a capital of the alphabet only here.
    lowered = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    lowered = unicodedata.normalize("NFKD", lowered).translate(_LETTERS)
    bare = "".join(c for c in lowered if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w]|_", " ", re.sub(r"['’`´]", "", bare)).split())


def fold(text: str) -> str:
    """`plain`, with ij and y the same letter."""
    return plain(text).replace("ij", "y")


def fold_surname(text: str) -> str:
    """A surname for comparison: no particle, no spaces, folded. `v.d. Bijl` = `van der Byl` = `byl`."""
    return fold(split_surname(text)[1]).replace(" ", "")


def tokens_of(text: str) -> set[str]:
    """What a text is found by: each word folded, and as it is spelt where that differs, so that
    typing `bi` on the way to `bijl` keeps finding Bijl."""
    found: set[str] = set()
    for spelt in (plain(text), fold(text)):
        words = spelt.split()
        found.update(w[:MAX_TOKEN] for w in words)
    return found


def email_tokens(address: str) -> set[str]:
    """The address whole and its parts: `jan@mail.example` is found by jan, mail and all of it."""
    return {address.casefold()[:MAX_TOKEN]} | tokens_of(address)


_SHORT_FOR = {"v.d.": "van d", "v/d": "van d", "v.d": "van d", "vd": "van d", "v/d.": "van d", "v.": "van"}


def words_of(query: str) -> list[str]:
    """The words of a search, folded like tokens; at most six, doubled ones once.

    `v.d.` stands for van de, van den and van der: the start of each is looked for.
    """
    words: list[str] = []
    for raw in query.split():
        if "@" in raw:
            words.append(raw.casefold()[:MAX_TOKEN])
        else:
            words += [w[:MAX_TOKEN] for w in fold(_SHORT_FOR.get(raw.casefold(), raw)).split()]
    return list(dict.fromkeys(words))[:6]


_TITLES = re.compile(r"(?i)^(?:dhr|hr|heer|de heer|mr|mw|mevr|mevrouw|mvr|mej|mevr/dhr|fam|familie)\b\.?\s*")
_WITH = re.compile(r"(?i)\s+(?:e/o|en/of|e\.o\.|cj|c\.j\.|en|&|eo)\s+")
_AND_OTHERS = re.compile(r"(?i)\s+(?:e/o|en/of|e\.o|c\.?j|c\.?s|eo)\.?$")
_ONLY_INITIALS = re.compile(r"[^\W\d_](?:\.[^\W\d_])*\.?")
_MADAM = re.compile(r"(?i)^(?:mw|mevr|mevrouw|mvr|mej)\b")
_SIR = re.compile(r"(?i)^(?:dhr|hr|heer|de heer)\b")
_FAMILY = re.compile(r"(?i)^(?:fam|familie)\b")


def _greeting(text: str) -> Greeting:
    for pattern, greeting in ((_MADAM, Greeting.MADAM), (_SIR, Greeting.SIR), (_FAMILY, Greeting.FAMILY)):
        if pattern.match(text):
            return greeting
    return Greeting.NEUTRAL


def bank_names(text: str) -> list[Name]:
    """The people in an account holder's name as banks write it, one or two.

    `HR J DOE` → J. Doe; `J. Jansen e/o P. de Vries` → both; `A VAN DER BERG CJ` → one, the rest unknown.
    """
    whole = _AND_OTHERS.sub("", " ".join(text.split()))
    title = _TITLES.match(whole)
    at = title.end() if title else 0  # in `HR CJ DE VRIES` the letters are his own
    first, *others = _WITH.split(whole[at:])
    people = []
    for part in (whole[:at] + first, *others):
        greeting = _greeting(part)
        bare = _TITLES.sub("", part).strip(" ,.")
        if bare:
            people.append(_bank_name(bare, greeting))
    if len(people) == 2 and _ONLY_INITIALS.fullmatch(people[0].last_name):  # `HR J EN MW A DE BOER`
        shared = people[1]
        initials = tidy_initials(people[0].last_name)
        people[0] = replace(people[0], initials=initials, infix=shared.infix, last_name=shared.last_name)
    return people


def _bank_name(bare: str, greeting: Greeting) -> Name:
    if match := re.fullmatch(r"(.+?),\s*(.+)", bare):  # `BERG VAN DEN, J` and `Jansen, P.`
        surname, given = match[1], match[2]
        behind = re.fullmatch(r"(\S+)\s+(.+)", surname)
        if behind and tidy_infix(behind[2]) == split_surname(f"{behind[2]} x")[0]:
            surname = f"{behind[2]} {behind[1]}"
        bare = f"{given} {surname}"
    words = bare.split()
    at = 0
    while at < len(words) - 1 and re.fullmatch(r"(?:[^\W\d_]\.?){1,4}", words[at]) and _looks_initial(words[at]):
        at += 1
    if at:
        infix, surname = split_surname(" ".join(words[at:]))
        initials = tidy_initials("".join(words[:at]) if all("." not in w for w in words[:at]) else " ".join(words[:at]))
        return Name(initials=initials, infix=infix, last_name=tidy(surname), greeting=greeting)
    infix, surname = split_surname(bare)
    if infix:  # `FAM DE VRIES`: no first name is called De
        return Name(infix=infix, last_name=tidy(surname), greeting=greeting)
    name = split_full_name(bare)
    return Name(
        first_name=name.first_name, initials=name.initials, infix=name.infix, last_name=name.last_name,
        greeting=greeting,
    )  # fmt: skip


def _looks_initial(word: str) -> bool:
    """One letter, letters with dots, or two or three capitals that do not read as `JAN`; never a particle."""
    bare = word.replace(".", "")
    if split_surname(f"{word} x")[0]:
        return False
    reads_as_name = re.fullmatch(r"(?i)[^aeiou][aeiouy][^aeiou]", bare)
    return len(bare) == 1 or "." in word or (len(bare) <= 3 and bare.isupper() and not reads_as_name)
