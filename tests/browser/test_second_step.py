"""The second step of signing in, in real Chromium: an app for codes, and a passkey of a virtual authenticator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyotp
import pytest

from app.ui.permissions import Role
from tests.browser.conftest import serving
from tests.support.client import PASSWORD

pytestmark = pytest.mark.databases("sqlite")


def authenticator(page: Any) -> Any:
    """A device with a fingerprint reader, as DevTools makes one."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    device = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    return session, device


def test_a_story_of_an_app_and_a_passkey(page: Any, database_url: str, tmp_path: Path) -> None:
    with serving(tmp_path, database_url, host="localhost") as server:
        complaints: list[str] = []
        page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
        email = server.staff(Role.FINANCE)

        def password() -> None:
            page.goto(f"{server.url}/login?next=/account/sign-in")
            page.get_by_label("E-mailadres").fill(email)
            page.locator("input[name=password]").fill(PASSWORD)
            page.get_by_role("button", name="Inloggen", exact=True).click()

        def sign_out() -> None:
            page.context.clear_cookies()

        password()
        session, device = authenticator(page)
        page.get_by_label("Naam van de passkey").fill("Laptop")
        page.get_by_role("button", name="Passkey toevoegen").click()
        page.wait_for_selector("ol.codes")
        codes = page.locator("ol.codes code").all_inner_texts()
        assert len(codes) == 10
        page.get_by_role("link", name="Ik heb ze bewaard").click()
        assert page.get_by_text("Laptop").first.is_visible()

        # The same device again: the browser says that it has one already.
        page.get_by_label("Naam van de passkey").fill("Nog eens")
        page.get_by_role("button", name="Passkey toevoegen").click()
        page.get_by_text("Dit apparaat heeft al een passkey").wait_for()

        # Alone, without a password.
        sign_out()
        page.goto(f"{server.url}/login?next=/account/sign-in")
        page.get_by_role("button", name="Inloggen met een passkey").click()
        page.wait_for_url("**/account/sign-in")

        # An app beside it, without the passkey's help.
        page.get_by_role("link", name="App instellen").click()
        secret = page.locator("#secret").inner_text().replace(" ", "")
        page.locator("input[name=code]").fill(pyotp.TOTP(secret).at(server.clock.now()))
        page.get_by_role("button", name="Deze app instellen").click()
        page.wait_for_url("**/account/sign-in")

        # After the password: the passkey; and without that device the app.
        sign_out()
        password()
        page.get_by_role("button", name="Gebruik je passkey").click()
        page.wait_for_url("**/account/sign-in")
        sign_out()
        session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": device})
        password()
        page.wait_for_url("**/login/second")
        server.clock.forward(seconds=30)
        page.locator("input[name=code]").fill(pyotp.TOTP(secret).at(server.clock.now()))
        page.get_by_role("button", name="Inloggen", exact=True).click()
        page.wait_for_url("**/account/sign-in")

        # Neither at hand.
        sign_out()
        password()
        page.get_by_role("link", name="Een herstelcode gebruiken").click()
        page.locator("input[name=code]").fill(codes[0].upper())
        page.get_by_role("button", name="Inloggen", exact=True).click()
        page.wait_for_url("**/account/sign-in")
        assert page.get_by_text("nog 9 codes").is_visible()
        assert not complaints


def test_a_browser_without_passkeys_or_scripts_is_told(browser: Any, database_url: str, tmp_path: Path) -> None:
    with serving(tmp_path, database_url, host="localhost") as server:
        for context in (browser.new_context(java_script_enabled=False), browser.new_context()):
            context.add_init_script("delete window.PublicKeyCredential")
            page = context.new_page()
            page.goto(f"{server.url}/login")
            assert page.locator("[data-passkey-missing]").is_visible()
            assert not page.locator("[data-passkey-button]").is_visible()
            context.close()
