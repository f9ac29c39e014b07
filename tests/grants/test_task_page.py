"""The partner's page: a personal link, a code for each device, and nobody's words lost."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import func, select

from app.base.actor import SYSTEM
from app.documents.services import documents_of
from app.extensions import db, writing
from app.grants.partners import services as partners
from app.grants.partners.models import PartnerRole
from app.grants.partners.services import PartnerFacts
from app.grants.parts import asking, services, tasks
from app.grants.parts.dates import Spans
from app.grants.parts.models import PartComment, PartFigure, PartState, PartText, ReportPart, TaskCode, TaskDevice
from app.grants.parts.services import Content
from tests.conftest import SettableClock
from tests.factories import consortium as make
from tests.support.client import Client
from tests.support.mails import links_mailed, mails

Browser = Callable[[], Client]
_CODE = re.compile(r"\b(\d{6,9})\b")


@pytest.fixture
def story(now: datetime) -> dict[str, int]:
    with writing():
        grant_id, obligation_id, partner_id, parts = make.asked(now, (make.NARRATIVE, make.FIGURES, make.FILES))
    return {
        "grant": grant_id, "obligation": obligation_id, "partner": partner_id, "task": make.task_id(obligation_id),
        "text": parts[0], "figures": parts[1], "files": parts[2],
    }  # fmt: skip


@pytest.fixture
def link(story: dict[str, int]) -> str:
    return links_mailed("/taak/")[-1]


@pytest.fixture
def browser(app: Flask) -> Browser:
    app.test_client_class = Client
    return app.test_client  # type: ignore[return-value]


def code_in_mail() -> str:
    newest = [mail for mail in mails() if mail.message.template == "grants/part_code"][-1]
    found = _CODE.search(newest.rendered.text)
    assert found
    return found[1]


def open_page(client: Client, link: str, clock: SettableClock) -> None:
    clock.forward(seconds=1)
    assert client.post(f"{link}/code").status_code == 303
    assert client.post(f"{link}/apparaat", data={"code": code_in_mail()}).status_code == 303


def part_row(part_id: int) -> ReportPart:
    db.session.expire_all()
    return db.session.get_one(ReportPart, part_id)


def test_a_new_device_sees_nothing_personal_before_the_code(client: Client, story: dict[str, int], link: str) -> None:
    for path in (link, f"{link}/onderdeel/{story['text']}"):
        response = client.get(path, follow_redirects=True)
        text = response.get_data(as_text=True)
        assert response.status_code == 200
        for secret in ("CKM", "Anna", "Adessium", "Preventie", "Wat is er gedaan", "example.org"):
            assert secret not in text, secret


def test_looking_changes_nothing_however_often(client: Client, browser: Browser, link: str) -> None:
    """A mail scanner opens the link before the person does, and again, from elsewhere."""
    for _turn in range(5):
        scanner = browser()
        assert scanner.get(link).status_code == 200
        assert scanner.head(link).status_code == 200
    assert db.session.execute(select(func.count()).select_from(TaskCode)).scalar() == 0
    assert db.session.execute(select(func.count()).select_from(TaskDevice)).scalar() == 0
    assert client.get(link).status_code == 200


def test_the_code_opens_the_page_on_this_device_only(
    client: Client, browser: Browser, link: str, clock: SettableClock
) -> None:
    open_page(client, link, clock)
    page = client.get(link)
    assert "Wat is er gedaan" in page.get_data(as_text=True)
    assert "Wat is er gedaan" in client.get(link).get_data(as_text=True), "the link works as often as needed"
    assert "Wat is er gedaan" not in browser().get(link).get_data(as_text=True)


def test_a_code_of_another_device_opens_nothing(
    client: Client, browser: Browser, link: str, clock: SettableClock
) -> None:
    assert client.post(f"{link}/code").status_code == 303
    other = browser()
    assert other.post(f"{link}/apparaat", data={"code": code_in_mail()}).status_code == 422
    clock.forward(seconds=1)
    assert other.post(f"{link}/code").status_code == 303
    assert client.post(f"{link}/apparaat", data={"code": code_in_mail()}).status_code == 422


def test_five_wrong_codes_end_it_and_a_right_one_comes_too_late(client: Client, link: str) -> None:
    client.post(f"{link}/code")
    code = code_in_mail()
    wrong = "000000" if code != "000000" else "111111"
    for _turn in range(5):
        assert client.post(f"{link}/apparaat", data={"code": wrong}).status_code == 422
    assert client.post(f"{link}/apparaat", data={"code": code}).status_code == 422
    assert db.session.execute(select(func.count()).select_from(TaskDevice)).scalar() == 0


def test_nothing_is_delivered_while_the_file_or_the_remark_that_came_along_is_refused(
    client: Client, story: dict[str, int], link: str, clock: SettableClock
) -> None:
    open_page(client, link, clock)
    url = f"{link}/onderdeel/{story['text']}"
    for along in ({"file": (io.BytesIO(b"MZ"), "bewijs.exe")}, {"text": "x" * 2001}):
        sent = {"version": part_row(story["text"]).version, "answer": "Ons antwoord.", "deliver": "1", **along}
        answer = client.post(url, data=sent)
        assert answer.status_code == 422
        assert "nog niet aangeleverd" in answer.text
        assert part_row(story["text"]).state is PartState.DRAFT
        assert part_row(story["text"]).answer == "Ons antwoord."
    assert "x" * 2001 in answer.text


@pytest.mark.parametrize("address", ["", "/opmerking"])
def test_a_remark_and_a_file_that_are_sent_twice_at_one_moment_are_kept_once(
    client: Client, story: dict[str, int], link: str, clock: SettableClock, address: str
) -> None:
    open_page(client, link, clock)
    url = f"{link}/onderdeel/{story['text']}"
    page = html.fromstring(client.get(url).text)
    hidden = page.xpath(
        "//form[@id='answer-form']//input[@type='hidden'] | //input[@form='answer-form'][@type='hidden']"
    )
    sent = {field.name: field.value for field in hidden} | {"answer": "Ons antwoord.", "text": "Wanneer is het klaar?"}
    together = threading.Barrier(2)

    def press(_turn: int) -> int:
        along = {} if address else {"file": (io.BytesIO(b"naam;aantal\nhulp;3\n"), "cijfers.csv")}
        together.wait(30)
        return client.post(url + address, data=sent | along).status_code

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(press, range(2))) == {303}
    assert client.post(url + "/opmerking", data=sent | {"text": "En nog iets."}).status_code == 303
    said = db.session.execute(select(PartComment.text).order_by(PartComment.id)).scalars().all()
    assert sorted(said) == ["En nog iets.", "Wanneer is het klaar?"]
    assert len(documents_of("report_part", story["text"])) == (0 if address else 1)


@pytest.mark.parametrize("button", ["keep", "deliver"])
def test_what_is_saved_or_delivered_twice_is_done_once_and_no_quarrel(
    client: Client, story: dict[str, int], link: str, clock: SettableClock, button: str
) -> None:
    open_page(client, link, clock)
    url = f"{link}/onderdeel/{story['text']}"
    sent = {"version": part_row(story["text"]).version, "answer": "Ons antwoord.", button: "1"}
    file = b"naam;aantal\nhulp;3\n"
    led = [client.post(url, data=sent | {"file": (io.BytesIO(file), "cijfers.csv")}).location for _press in range(2)]
    assert led[0] == led[1] is not None
    assert len(documents_of("report_part", story["text"])) == 1
    assert db.session.execute(select(func.count()).where(PartText.set_aside)).scalar() == 0
    other = client.post(url, data=sent | {"answer": "Iets anders."})
    assert other.status_code == 409, "other words are no second press"


def test_a_code_ends_after_a_quarter_of_an_hour(client: Client, link: str, clock: SettableClock) -> None:
    client.post(f"{link}/code")
    code = code_in_mail()
    clock.forward(minutes=15, seconds=1)
    assert client.post(f"{link}/apparaat", data={"code": code}).status_code == 422


def test_codes_are_rationed(client: Client, link: str, clock: SettableClock) -> None:
    for _turn in range(5):
        assert client.post(f"{link}/code").status_code == 303
    assert client.post(f"{link}/code").status_code == 429


def test_a_stranger_with_the_link_does_not_keep_the_partner_out(
    client: Client, browser: Browser, link: str, clock: SettableClock
) -> None:
    for number in range(3):
        stranger, place = browser(), {"REMOTE_ADDR": f"203.0.113.{number}"}
        for _turn in range(5):
            assert stranger.post(f"{link}/code", environ_overrides=place).status_code == 303
        tries = [stranger.post(f"{link}/apparaat", data={"code": "1"}, environ_overrides=place) for _turn in range(16)]
        assert tries[-1].status_code == 429
    clock.forward(seconds=1)
    assert client.post(f"{link}/code").status_code == 303
    code = code_in_mail()
    assert len(code) == 9, "who asks for many codes does not guess them"
    assert client.post(f"{link}/apparaat", data={"code": code}).status_code == 303
    asked = [browser().post(f"{link}/code", environ_overrides={"REMOTE_ADDR": f"198.51.100.{n}"}) for n in range(60)]
    assert asked[-1].status_code == 429, "no mailbox is flooded"


def test_guessing_links_ends_soon(client: Client) -> None:
    answers = [client.get(f"/taak/{'a' * 26}{turn % 10}").status_code for turn in range(62)]
    assert answers[0] == 404
    assert answers[-1] == 429


def test_answers_are_private(client: Client, story: dict[str, int], link: str, clock: SettableClock) -> None:
    open_page(client, link, clock)
    unknown = f"/taak/{'b' * 27}"
    for path in (link, f"{link}/onderdeel/{story['text']}", unknown, f"{link}/onderdeel/1"):
        headers = client.get(path).headers
        assert headers["Cache-Control"] == "no-store", path
        assert headers["Referrer-Policy"] == "no-referrer", path
        assert "noindex" in headers["X-Robots-Tag"], path
    cookie = client.get_cookie("draagvlak_taak", path="/taak")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"


def test_the_link_opens_the_parts_asked_and_nothing_else(
    client: Client, story: dict[str, int], link: str, clock: SettableClock, now: datetime
) -> None:
    with writing():
        other = make.partner(story["grant"], now, "Fier")
        from app.grants.parts import asking
        from app.grants.parts.dates import Spans

        theirs = asking.ask(story["obligation"], [make.NARRATIVE], [other, None], Spans(), actor=SYSTEM, now=now)
    open_page(client, link, clock)
    for part_id in (*theirs, 1):
        assert client.get(f"{link}/onderdeel/{part_id}").status_code == 404
        assert client.post(f"{link}/onderdeel/{part_id}", data={"version": 1, "answer": "x"}).status_code == 404
    assert "Fier" not in client.get(link).get_data(as_text=True)


def test_a_withdrawn_link_works_nowhere_at_once(
    client: Client, story: dict[str, int], link: str, clock: SettableClock, now: datetime
) -> None:
    open_page(client, link, clock)
    with writing():
        tasks.revoke(story["task"], actor=SYSTEM, now=now)
    for path in (link, f"{link}/onderdeel/{story['text']}"):
        assert client.get(path).status_code == 404
    assert client.post(f"{link}/code").status_code == 404


@pytest.mark.parametrize("again", ["send", "remind", "ask"])
def test_a_new_contact_gets_the_next_mail_and_the_one_before_is_out(
    client: Client, story: dict[str, int], link: str, clock: SettableClock, now: datetime, again: str
) -> None:
    open_page(client, link, clock)
    facts = PartnerFacts(role=PartnerRole.PARTNER, contact_name="Bo de Wit", contact_email="Bo@example.org")
    with writing():
        partners.change(story["partner"], facts, version=None, actor=SYSTEM, now=now)
    assert client.get(link).status_code == 200
    clock.forward(seconds=1)
    now = clock.now()
    with writing():
        match again:
            case "send":
                tasks.send_again(story["task"], actor=SYSTEM, now=now)
            case "remind":
                tasks.remind(story["task"], actor=SYSTEM, now=now)
            case "ask":
                asking.ask(
                    part_row(story["text"]).obligation_id,
                    [make.NARRATIVE],
                    [story["partner"]],
                    Spans(),
                    actor=SYSTEM,
                    now=now,
                )
    newest = mails()[-1]
    assert newest.to == "Bo@example.org"
    assert "Bo de Wit" in newest.rendered.text
    assert client.get(link).status_code == 404
    fresh = links_mailed("/taak/")[-1]
    assert "Wat is er gedaan" not in client.get(fresh).get_data(as_text=True), "the device has to be confirmed anew"


def test_the_link_ends_thirty_days_after_everything_is_accepted(
    client: Client, story: dict[str, int], link: str, clock: SettableClock
) -> None:
    from app.extensions import now as app_now

    open_page(client, link, clock)
    clock.forward(days=100)
    assert client.get(link).status_code == 200, "it works as long as something is open"
    with writing():
        for part_id in (story["text"], story["figures"], story["files"]):
            services.waive(part_id, "niet nodig", actor=SYSTEM, now=app_now())
    clock.forward(days=29, hours=23)
    assert client.get(link).status_code == 200
    clock.forward(hours=2)
    assert client.get(link).status_code == 404


def write(client: Client, link: str, part_id: int, deliver: bool = False, **data: object) -> int:
    values = {"version": part_row(part_id).version, **data, ("deliver" if deliver else "keep"): "1"}
    return client.post(f"{link}/onderdeel/{part_id}", data=values).status_code


def test_a_draft_is_kept_and_delivered(
    client: Client, story: dict[str, int], link: str, clock: SettableClock, fundraiser: Client
) -> None:
    open_page(client, link, clock)
    assert write(client, link, story["text"], answer="Eerste woorden") == 303
    assert part_row(story["text"]).state is PartState.DRAFT
    assert "Eerste woorden" in client.get(f"{link}/onderdeel/{story['text']}").get_data(as_text=True)
    assert write(client, link, story["text"], deliver=True, answer="Alles gezegd") == 303
    row = part_row(story["text"])
    assert (row.state, row.answer) == (PartState.SUBMITTED, "Alles gezegd")
    trail = fundraiser.get(f"/grants/parts/{story['text']}").get_data(as_text=True)
    assert "CKM zette het onderdeel een stap verder" in trail, "the partner did it, not the system"
    assert write(client, link, story["text"], answer="nog iets") == 409
    assert part_row(story["text"]).answer == "Alles gezegd"


def test_what_is_too_long_is_kept_but_not_delivered(
    client: Client, story: dict[str, int], link: str, clock: SettableClock
) -> None:
    open_page(client, link, clock)
    long = "woord " * 40
    assert write(client, link, story["text"], deliver=True, answer=long) == 422
    row = part_row(story["text"])
    assert (row.state, row.answer) == (PartState.DRAFT, long.strip())


def test_two_people_write_at_once_and_neither_loses_a_word(
    client: Client, story: dict[str, int], link: str, clock: SettableClock
) -> None:
    open_page(client, link, clock)
    seen = part_row(story["text"]).version
    assert write(client, link, story["text"], answer="Van de eerste") == 303
    url = f"{link}/onderdeel/{story['text']}"
    second = client.post(url, data={"version": seen, "answer": "Van de tweede", "keep": "1"})
    page = second.get_data(as_text=True)
    assert second.status_code == 409
    assert "Van de eerste" in page
    assert "Van de tweede" in page
    assert part_row(story["text"]).answer == "Van de eerste"
    kept = db.session.execute(select(PartText.answer).where(PartText.set_aside)).scalars().all()
    assert kept == ["Van de tweede"]
    version = re.search(r'name="version"[^>]*value="(\d+)"', page)
    assert version
    again = client.post(url, data={"version": version[1], "answer": "Van beiden", "keep": "1"})
    assert again.status_code == 303
    assert part_row(story["text"]).answer == "Van beiden"


@pytest.mark.parametrize("first", ["staff", "partner", "both at once"])
def test_staff_and_a_partner_write_the_same_part(
    sign_in: Callable[[str], Client],
    browser: Browser,
    story: dict[str, int],
    link: str,
    clock: SettableClock,
    first: str,
) -> None:
    """Whoever comes second sees both versions; the words of both are kept, and each can read them on their own page."""
    partner, staff = browser(), sign_in("fundraiser")
    open_page(partner, link, clock)
    part_id, seen = story["text"], part_row(story["text"]).version
    pages = {"staff": f"/grants/parts/{part_id}/write", "partner": f"{link}/onderdeel/{part_id}"}
    words = {"staff": "Woorden van het kantoor", "partner": "Woorden van CKM"}
    clients = {"staff": staff, "partner": partner}
    together = threading.Barrier(2 if first == "both at once" else 1)

    def write_down(who: str) -> tuple[int, str]:
        together.wait(30)
        answer = clients[who].post(pages[who], data={"version": seen, "answer": words[who], "keep": "1"})
        return answer.status_code, answer.get_data(as_text=True)

    order = ["partner", "staff"] if first == "partner" else ["staff", "partner"]
    with ThreadPoolExecutor(2 if first == "both at once" else 1) as pool:
        answers = dict(zip(order, pool.map(write_down, order), strict=True))
    db.session.rollback()  # look anew
    assert sorted(status for status, _page in answers.values()) == [303, 409]
    second = next(who for who, (status, _page) in answers.items() if status == 409)
    if first != "both at once":
        assert second == order[1]
    assert all(text in answers[second][1] for text in words.values())
    (other,) = words.keys() - {second}
    assert part_row(part_id).answer == words[other]
    kept = db.session.execute(select(PartText.answer).where(PartText.set_aside)).scalars().all()
    assert kept == [words[second]]
    for who, client in clients.items():
        shown = client.get(pages[who]).get_data(as_text=True)
        assert all(text in shown for text in words.values()), who


@pytest.mark.parametrize(
    ("typed", "cents"), [("€ 1.234,56", 123456), ("1234.56", 123456), ("1,234.56", 123456), ("0", 0), ("1.234", 123400)]
)
def test_figures_are_read_as_people_write_them(
    client: Client, story: dict[str, int], link: str, clock: SettableClock, typed: str, cents: int
) -> None:
    open_page(client, link, clock)
    first, second = figure_ids(story["figures"])
    data = {f"figure_{first}": typed, f"figure_{second}": "0", "total": typed}
    assert write(client, link, story["figures"], deliver=True, **data) == 303
    assert db.session.get_one(PartFigure, first).cents == cents
    assert part_row(story["figures"]).state is PartState.SUBMITTED


@pytest.mark.parametrize("typed", ["1,234", "tien euro", "12,345.6.7", "-5", "1e3"])
def test_figures_that_are_unclear_are_refused_and_stay_on_the_page(
    client: Client, story: dict[str, int], link: str, clock: SettableClock, typed: str
) -> None:
    open_page(client, link, clock)
    first, second = figure_ids(story["figures"])
    values = {"version": part_row(story["figures"]).version, f"figure_{first}": typed, f"figure_{second}": "77"}
    response = client.post(f"{link}/onderdeel/{story['figures']}", data=values)
    assert response.status_code == 422
    assert f'value="{typed}"' in response.get_data(as_text=True)
    assert 'value="77"' in response.get_data(as_text=True)


def figure_ids(part_id: int) -> list[int]:
    found = select(PartFigure.id).where(PartFigure.part_id == part_id).order_by(PartFigure.position)
    return list(db.session.execute(found).scalars())


def test_a_total_that_does_not_add_up_is_told(
    client: Client, story: dict[str, int], link: str, clock: SettableClock
) -> None:
    open_page(client, link, clock)
    first, second = figure_ids(story["figures"])
    data = {f"figure_{first}": "100", f"figure_{second}": "50", "total": "151"}
    assert write(client, link, story["figures"], deliver=True, **data) == 422
    assert part_row(story["figures"]).state is PartState.DRAFT
    assert write(client, link, story["figures"], deliver=True, **(data | {"total": "150,00"})) == 303


def test_files_are_looked_at_kept_and_taken_off(
    client: Client, story: dict[str, int], link: str, clock: SettableClock
) -> None:
    open_page(client, link, clock)
    url = f"{link}/onderdeel/{story['files']}"

    def upload(content: bytes, name: str) -> str:
        data = {"file": (io.BytesIO(content), name)}
        response = client.post(f"{url}/bestand", data=data, content_type="multipart/form-data", follow_redirects=True)
        return response.get_data(as_text=True)

    assert write(client, link, story["files"], deliver=True, answer="") == 422, "there is no file yet"
    assert "verslag.pdf" in upload(b"%PDF-1.7 echt", "verslag.pdf")
    from app.grants.parts.queries import view

    (document_id,) = view(story["files"]).files
    shown = client.get(f"{url}/bestand/{document_id}")
    assert shown.get_data() == b"%PDF-1.7 echt"
    assert shown.headers["Cache-Control"] == "no-store"
    assert client.get(f"{link}/onderdeel/{story['text']}/bestand/{document_id}").status_code == 404
    assert client.post(f"{url}/bestand/{document_id}/weg").status_code == 303
    assert view(story["files"]).files == []
    upload(b"%PDF-1.7 weer", "verslag2.pdf")
    assert write(client, link, story["files"], deliver=True, answer="") == 303
    assert view(story["files"]).state == "submitted"


def test_what_came_back_says_why(
    client: Client, story: dict[str, int], link: str, clock: SettableClock, now: datetime
) -> None:
    open_page(client, link, clock)
    write(client, link, story["text"], deliver=True, answer="Kort")
    with writing():
        services.send_back(story["text"], "Noem ook de scholen.", actor=SYSTEM, now=now)
    page = client.get(f"{link}/onderdeel/{story['text']}").get_data(as_text=True)
    assert "Noem ook de scholen." in page
    assert "Kort" in page
    assert any("Noem ook de scholen." in mail.rendered.text for mail in mails())
    assert write(client, link, story["text"], answer="Langer") == 303
    assert part_row(story["text"]).state is PartState.RETURNED, "a draft leaves the reason in sight"
    assert write(client, link, story["text"], deliver=True, answer="Met scholen") == 303


def test_the_page_speaks_english_to_an_english_partner(client: Client, app: Flask, now: datetime) -> None:
    from app.grants.parts import asking
    from app.grants.parts.dates import Spans

    with writing():
        grant_id, obligation_id = make.report(now)
        partner_id = make.partner(grant_id, now, language="en")
        asking.ask(obligation_id, [make.NARRATIVE], [partner_id], Spans(), actor=SYSTEM, now=now)
    link = links_mailed("/taak/")[-1]
    assert "First show that it is you" in client.get(link).get_data(as_text=True)
    assert "Your part of the report" in mails()[-1].rendered.subject


def test_posts_need_a_token(client: Client, story: dict[str, int], link: str, clock: SettableClock) -> None:
    open_page(client, link, clock)
    for path in ("/code", "/apparaat", f"/onderdeel/{story['text']}/opmerking"):
        assert client.post(f"{link}{path}", csrf=False, check=False).status_code in (400, 403), path
    client.post(f"{link}/onderdeel/{story['text']}", data={"version": 1, "answer": "x"}, csrf=False, check=False)
    assert part_row(story["text"]).answer == ""


def test_content_is_the_same_whoever_saves(story: dict[str, int], now: datetime) -> None:
    with writing():
        services.save(story["text"], Content(answer="Zelf"), version=1, who="Wij", actor=SYSTEM, now=now)
    assert part_row(story["text"]).answer == "Zelf"
