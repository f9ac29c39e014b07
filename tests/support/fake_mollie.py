"""A fake Mollie over real HTTP, after its API v2 (shared facts: statuses, HAL, idempotency, errors).

    with FakeMollie() as mollie:
        settings: MOLLIE_API_URL=mollie.url, MOLLIE_API_KEY=mollie.key
        mollie.pay("tr_…"); mollie.refund("tr_…", 500); mollie.faults.append("drop_after")

By itself, with a checkout page whose outcomes can be clicked and webhooks that are really sent:

    python -m tests.support.fake_mollie --port 8999
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import random
import socket
import string
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FAULTS = (
    "drop_before",
    "drop_after",
    "hang",
    "hang_after",
    "slow",
    "trickle",
    "garbage",
    "html",
    "redirect",
    "429",
    "503",
    "503_after",
)
METHODS = (
    ("ideal", "iDEAL | Wero"),
    ("creditcard", "Creditcard"),
    ("paypal", "PayPal"),
    ("banktransfer", "Overboeking"),
)
ENDED = {"paid": "paidAt", "failed": "failedAt", "canceled": "canceledAt", "expired": "expiredAt"}
STARTING = ("ideal", "creditcard", "paypal")  # a first payment with it makes a mandate
Body = dict[str, Any]


def _cents(row: Body) -> int:
    return round(float(row["amount"]["value"]) * 100)


def _id(prefix: str) -> str:
    return prefix + "".join(random.choices(string.ascii_letters + string.digits, k=10))


class FakeMollie:
    """State and faults of one fake. Faults are used up one per API call; `sticky` stays for all.

    `seen` holds (method, path, idempotency key) of every API call; `created` counts payments made.
    """

    def __init__(
        self, port: int = 0, key: str = "test_fakefakefakefakefakefakefake", profile: str = "pfl_QkEhN94Ba"
    ) -> None:
        self.key, self.profile, self.mode = key, profile, key.partition("_")[0]
        self.payments: dict[str, Body] = {}
        self.refunds: dict[str, list[Body]] = {}
        self.chargebacks: dict[str, list[Body]] = {}
        self.customers: dict[str, Body] = {}
        self.mandates: dict[str, list[Body]] = {}  # by customer
        self.mandate_status = "valid"  # that first payments make
        self.organisation = "access_fakefakefakefakefakefake"  # of the organisation: settlements only
        self.settlements: dict[str, Body] = {}
        self.settled: dict[str, dict[str, list[Body]]] = {}  # by settlement: its payments, refunds, chargebacks
        self.page = 250  # rows of a settlement's lists that come at once
        self.methods = list(METHODS)
        self.most = 50_000  # euros of one payment
        self.faults: list[str] = []
        self.sticky: str | None = None
        self.delay = 0.0
        self.hang_seconds = 30.0
        self.send_webhooks = False
        self.seen: list[tuple[str, str, str]] = []
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._keys: dict[str, tuple[str, int, Body | None, datetime]] = {}
        self.lock = threading.RLock()
        self._stop = threading.Event()
        handler = type("Handler", (_Handler,), {"fake": self})
        self.server = _Server(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> FakeMollie:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.server.shutdown()
        self.server.server_close()

    # What happens at the bank

    def end(self, payment_id: str, status: str, **details: Any) -> None:
        """The payment gets this status; details as Mollie gives them for it."""
        with self.lock:
            payment = self.payments[payment_id]
            payment["status"] = status
            if status in ENDED:
                payment[ENDED[status]] = self._now()
                payment["_links"].pop("checkout", None)
                for name in ("isCancelable", "expiresAt"):
                    payment.pop(name, None)
            payment["method"] = payment["method"] or "ideal"
            if status == "paid":
                zero = {"value": "0.00", "currency": payment["amount"]["currency"]}
                payment.update(amountRefunded=zero, amountRemaining=payment["amount"], countryCode="NL")
                payment["settlementAmount"] = payment["amount"]
                if payment["sequenceType"] == "first":
                    self._make_mandate(payment)
                details = details or {
                    "consumerName": "T. TEST",
                    "consumerAccount": "NL20INGB0001234567",
                    "consumerBic": "INGBNL2A",
                }
            if details:
                payment["details"] = details
        self._ping(payment_id)

    def pay(self, payment_id: str) -> None:
        self.end(payment_id, "paid")

    def refund(self, payment_id: str, cents: int, status: str = "refunded") -> str:
        refund = self._movement("refund", "re_", payment_id, cents)
        refund.update(status=status, description="Terug op verzoek", metadata=None)
        return self._went_back(payment_id, self.refunds, refund, "refunds", "amountRefunded")

    def end_refund(self, payment_id: str, refund_id: str, status: str) -> None:
        """A refund moves on; failed and canceled ones count no longer."""
        with self.lock:
            next(r for r in self.refunds[payment_id] if r["id"] == refund_id)["status"] = status
            self._sum(payment_id, self.refunds, "amountRefunded")
        self._ping(payment_id)

    def charge_back(self, payment_id: str, cents: int) -> str:
        chargeback = self._movement("chargeback", "chb_", payment_id, cents)
        chargeback.update(reason={"code": "MD06", "description": "Refund request by end customer"}, reversedAt=None)
        return self._went_back(payment_id, self.chargebacks, chargeback, "chargebacks", "amountChargedBack")

    def reverse_chargeback(self, payment_id: str, chargeback_id: str) -> None:
        with self.lock:
            next(c for c in self.chargebacks[payment_id] if c["id"] == chargeback_id)["reversedAt"] = self._now()
            self._sum(payment_id, self.chargebacks, "amountChargedBack")
        self._ping(payment_id)

    def settle(
        self, reference: str, payments: Sequence[Body] = (), refunds: Sequence[Body] = (),
        chargebacks: Sequence[Body] = (), costs: str = "0.0000", vat: str = "0.0000", net: int | None = None,
        status: str = "paidout",
    ) -> str:  # fmt: skip
        """A settlement of these; `costs` with VAT, in four decimals as Mollie counts. Refunds come without a sign,
        chargebacks with one, as in the examples of its API."""
        cents = sum(_cents(p) for p in payments) - sum(_cents(r) for r in [*refunds, *chargebacks])
        net = cents - round(float(costs) * 100) if net is None else net
        row = {
            "resource": "settlement", "id": _id("stl_"), "reference": reference, "createdAt": self._now(),
            "settledAt": self._now() if status == "paidout" else None, "status": status,
            "amount": {"currency": "EUR", "value": f"{net / 100:.2f}"},
        }  # fmt: skip
        cost = {"description": "iDEAL", "method": "ideal", "count": len(payments)}
        for name, value in (("amountGross", costs), ("amountVat", vat)):
            cost[name] = {"currency": "EUR", "value": value}
        row["periods"] = {self._now()[:4]: {self._now()[5:7]: {"revenue": [], "costs": [cost]}}}
        row["_links"] = {"self": self._link(f"settlements/{row['id']}")}
        for name in ("payments", "refunds", "chargebacks"):
            row["_links"][name] = self._link(f"settlements/{row['id']}/{name}")
        back = [dict(c, settlementAmount={"currency": "EUR", "value": f"-{c['amount']['value']}"}) for c in chargebacks]
        self.settlements[row["id"]] = row
        self.settled[row["id"]] = {"payments": [*payments], "refunds": [*refunds], "chargebacks": back}
        return str(row["id"])

    def _settlements(self, parts: list[str], query: dict[str, str]) -> tuple[int, Body]:
        if parts == ["settlements"]:
            return 200, self._list("settlements", list(self.settlements.values())[::-1])
        if parts[1] not in self.settlements:
            return error(404, "Not Found", "No settlement exists with this token.")
        if len(parts) == 2:
            return 200, self.settlements[parts[1]]
        rows = self.settled[parts[1]].get(parts[2], [])
        start = next((i for i, row in enumerate(rows) if row["id"] == query.get("from")), 0)
        more = rows[start + self.page : start + self.page + 1]
        link = self._link(f"{'/'.join(parts)}?from={more[0]['id']}&limit={self.page}") if more else None
        return 200, self._list(parts[2], rows[start : start + self.page], link)

    def _movement(self, resource: str, prefix: str, payment_id: str, cents: int) -> Body:
        amount = {
            "value": f"{cents // 100}.{cents % 100:02d}",
            "currency": self.payments[payment_id]["amount"]["currency"],
        }
        row = {
            "resource": resource,
            "id": _id(prefix),
            "amount": amount,
            "createdAt": self._now(),
            "paymentId": payment_id,
        }
        row["_links"] = {"self": self._link(f"payments/{payment_id}/{resource}s/{row['id']}")}
        return row

    def _went_back(self, payment_id: str, where: dict[str, list[Body]], row: Body, name: str, total: str) -> str:
        with self.lock:
            where.setdefault(payment_id, []).append(row)
            self.payments[payment_id]["_links"][name] = self._link(f"payments/{payment_id}/{name}")
            self._sum(payment_id, where, total)
        self._ping(payment_id)
        return str(row["id"])

    def _sum(self, payment_id: str, where: dict[str, list[Body]], total: str) -> None:
        counted = [
            r for r in where[payment_id] if r.get("status") not in ("failed", "canceled") and not r.get("reversedAt")
        ]
        cents = sum(round(float(r["amount"]["value"]) * 100) for r in counted)
        self.payments[payment_id][total] = {
            "value": f"{cents // 100}.{cents % 100:02d}",
            "currency": self.payments[payment_id]["amount"]["currency"],
        }

    def _ping(self, payment_id: str) -> None:
        url = self.payments[payment_id].get("webhookUrl")
        if self.send_webhooks and url:
            data = urllib.parse.urlencode({"id": payment_id}).encode()
            threading.Thread(target=_post, args=(url, data), daemon=True).start()

    def _now(self) -> str:
        return self.clock().isoformat(timespec="seconds")

    def _link(self, path: str, kind: str = "application/hal+json") -> Body:
        return {"href": f"{self.url}/v2/{path}", "type": kind}

    # What the API answers

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Body]:
        parts = path.strip("/").split("/")
        if parts == ["methods"] and method == "GET":
            first = query.get("sequenceType") == "first"
            offered = [m for m in self.methods if not first or m[0] in STARTING]
            return 200, self._list("methods", [self._method(*m) for m in offered])
        if parts[0] == "settlements":
            return self._settlements(parts, query)
        if parts[0] == "customers":
            return self._customers(method, parts, body)
        if parts[0] == "payments":
            if len(parts) == 1 and method == "POST":
                return self._create(body)
            if len(parts) == 1:
                return self._page(query)
            if parts[1] not in self.payments:
                return error(404, "Not Found", f"No payment exists with token {parts[1]}.")
            if len(parts) == 2:
                return 200, self.payments[parts[1]]
            rows = {"refunds": self.refunds, "chargebacks": self.chargebacks}.get(parts[2])
            if rows is not None and method == "POST" and parts[2] == "refunds":
                cents = round(float(body["amount"]["value"]) * 100)
                left = self.payments[parts[1]]
                back = round(float((left.get("amountRefunded") or {"value": "0"})["value"]) * 100)
                if back + cents > round(float(left["amount"]["value"]) * 100):
                    return error(422, "Unprocessable Entity", "The amount is higher than the maximum", "amount")
                self.refund(parts[1], cents, "pending")
                self.refunds[parts[1]][-1]["metadata"] = body.get("metadata")
                return 201, self.refunds[parts[1]][-1]
            if rows is not None:
                return 200, self._list(parts[2], rows.get(parts[1], []))
        return error(404, "Not Found", "The resource does not exist.")

    def _method(self, name: str, label: str) -> Body:
        bounds = {
            "minimumAmount": {"value": "0.01", "currency": "EUR"},
            "maximumAmount": {"value": "50000.00", "currency": "EUR"},
        }
        return {
            "resource": "method",
            "id": name,
            "description": label,
            **bounds,
            "_links": {"self": self._link(f"methods/{name}")},
        }

    def _list(self, name: str, rows: list[Body], next_link: Body | None = None) -> Body:
        return {
            "_embedded": {name: rows},
            "count": len(rows),
            "_links": {"self": self._link(name), "previous": None, "next": next_link},
        }

    def _page(self, query: dict[str, str]) -> tuple[int, Body]:
        newest = list(self.payments.values())[::-1]
        limit = min(int(query.get("limit", 50)), 250)
        start = next((i for i, p in enumerate(newest) if p["id"] == query.get("from")), 0)
        more = newest[start + limit : start + limit + 1]
        next_link = self._link(f"payments?from={more[0]['id']}&limit={limit}") if more else None
        return 200, self._list("payments", newest[start : start + limit], next_link)

    def _customers(self, method: str, parts: list[str], body: Any) -> tuple[int, Body]:
        if parts == ["customers"] and method == "POST":
            customer = {
                "resource": "customer", "id": _id("cst_"), "mode": self.mode, "name": body.get("name"),
                "email": body.get("email"), "metadata": body.get("metadata"), "createdAt": self._now(),
            }  # fmt: skip
            customer["_links"] = {"self": self._link(f"customers/{customer['id']}")}
            self.customers[customer["id"]] = customer
            return 201, customer
        if len(parts) > 1 and parts[1] not in self.customers:
            return error(404, "Not Found", f"No customer exists with token {parts[1]}.")
        if len(parts) == 2:
            return 200, self.customers[parts[1]]
        if parts[2:] == ["mandates"]:
            return 200, self._list("mandates", self.mandates.get(parts[1], []))
        return error(404, "Not Found", "The resource does not exist.")

    def _make_mandate(self, payment: Body) -> None:
        """A first payment was paid: Mollie makes a mandate and names it on the payment, once it is valid."""
        customer = payment["customerId"]
        mandate = {
            "resource": "mandate", "id": _id("mdt_"), "status": self.mandate_status, "method": "directdebit",
            "details": {"consumerName": "T. TEST", "consumerAccount": "NL20INGB0001234567", "consumerBic": "INGBNL2A"},
            "signatureDate": self._now()[:10], "createdAt": self._now(),
        }  # fmt: skip
        self.mandates.setdefault(customer, []).insert(0, mandate)
        if self.mandate_status == "valid":
            payment["mandateId"] = mandate["id"]

    def fail(self, payment_id: str, code: str, words: str = "") -> None:
        """A direct debit fails, as a bank says it (DOMAIN.md 1.5)."""
        self.end(payment_id, "failed", bankReasonCode=code, bankReason=words)

    def _refused_sequence(self, body: Body) -> tuple[int, Body] | None:
        """What Mollie says to a first or recurring payment without a customer or a valid mandate."""
        sequence, customer = body.get("sequenceType", "oneoff"), body.get("customerId")
        if sequence == "oneoff":
            return None
        if customer not in self.customers:
            return error(422, "Unprocessable Entity", "The customer id is invalid", "customerId")
        if sequence == "first":
            return None
        if body.get("redirectUrl"):
            return error(422, "Unprocessable Entity", "A recurring payment has no redirect URL", "redirectUrl")
        known = {m["id"]: m["status"] for m in self.mandates.get(customer, [])}
        if known.get(body.get("mandateId", "")) not in ("valid", "pending"):
            return error(422, "Unprocessable Entity", "The customer has no suitable mandates", "mandateId")
        return None

    def _create(self, body: Any) -> tuple[int, Body]:
        recurring = isinstance(body, dict) and body.get("sequenceType") == "recurring"
        for name in ("amount", "description", *(() if recurring else ("redirectUrl",))):
            if not isinstance(body, dict) or not body.get(name):
                return error(422, "Unprocessable Entity", f"The {name} field is missing", name)
        try:
            value = float(body["amount"]["value"])
            if body["amount"]["currency"] != "EUR" or f"{value:.2f}" != body["amount"]["value"] or value <= 0:
                raise ValueError
        except (KeyError, TypeError, ValueError):
            return error(422, "Unprocessable Entity", "The amount is invalid", "amount")
        if value > self.most:
            return error(422, "Unprocessable Entity", "The amount is higher than the maximum", "amount")
        if body.get("method") and body["method"] not in dict(self.methods):
            return error(
                422, "Unprocessable Entity", "The payment method is not enabled in your website profile", "method"
            )
        if refused := self._refused_sequence(body):
            return refused
        payment_id = _id("tr_")
        payment = {
            "resource": "payment", "id": payment_id, "mode": self.mode, "createdAt": self._now(),
            "amount": body["amount"], "description": body["description"],
            "method": body.get("method"), "metadata": body.get("metadata"),
            "status": "open", "locale": body.get("locale"), "profileId": self.profile, "sequenceType": "oneoff",
            "redirectUrl": body.get("redirectUrl"), "webhookUrl": body.get("webhookUrl"), "isCancelable": False,
            "expiresAt": (self.clock() + timedelta(minutes=15)).isoformat(timespec="seconds"),
            "_links": {"self": self._link(f"payments/{payment_id}"),
                       "checkout": {"href": f"{self.url}/checkout/{payment_id}", "type": "text/html"}},
        }  # fmt: skip
        sequence = body.get("sequenceType", "oneoff")
        payment |= {"sequenceType": sequence, "redirectUrl": body.get("redirectUrl")}
        if sequence != "oneoff":
            payment["customerId"] = body["customerId"]
        if recurring:
            payment |= {"method": "directdebit", "mandateId": body["mandateId"], "status": "pending"}
            payment["_links"].pop("checkout")
        self.payments[payment_id] = payment
        return 201, payment

    def once(self, key: str, path: str, raw: bytes, make: Callable[[], tuple[int, Body]]) -> tuple[int, Body, bool]:
        """Idempotency: an hour long the same key gives the same answer; 409 while busy, 400 for other contents."""
        digest = hashlib.sha256(path.encode() + raw).hexdigest()
        with self.lock:
            known = self._keys.get(key)
            if known and self.clock() - known[3] < timedelta(hours=1):
                if known[0] != digest:
                    return (*error(400, "Bad Request", "This Idempotency-Key has already been used."), False)
                if known[2] is None:
                    busy = "Another request with this Idempotency-Key is already being processed."
                    return (*error(409, "Conflict", busy), False)
                return known[1], known[2], True
            self._keys[key] = (digest, 0, None, self.clock())
        if self.delay:
            time.sleep(self.delay)
        with self.lock:
            status, answer = make()
            self._keys[key] = (digest, status, json.loads(json.dumps(answer)), self._keys[key][3])
        return status, answer, False

    def take_fault(self) -> str | None:
        with self.lock:
            return self.faults.pop(0) if self.faults else self.sticky

    def wait(self, seconds: float) -> None:
        self._stop.wait(seconds)


def error(status: int, title: str, detail: str, field: str | None = None) -> tuple[int, Body]:
    body: Body = {"status": status, "title": title, "detail": detail}
    if field:
        body["field"] = field
    body["_links"] = {"documentation": {"href": "https://docs.mollie.com/errors", "type": "text/html"}}
    return status, body


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is what many tests want."""


class _Handler(BaseHTTPRequestHandler):
    fake: FakeMollie
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits 40 ms for the acknowledgement of its own head

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def _handle(self, method: str) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urllib.parse.urlsplit(self.path)
        if url.path.startswith("/checkout/"):
            self._checkout_page(method, url.path.rpartition("/")[2], raw)
            return
        key = self.headers.get("Idempotency-Key", "") if method == "POST" else ""
        self.fake.seen.append((method, url.path, key))
        fault = self.fake.take_fault()
        if fault in ("drop_before", "hang", "slow") and self._fault_before(fault):
            return
        if fault in ("429", "503"):
            self._send(
                *error(int(fault), "Too Many Requests" if fault == "429" else "Service Unavailable", "Try again later.")
            )
            return
        token = self.fake.organisation if url.path.startswith("/v2/settlements") else self.fake.key
        if self.headers.get("Authorization") != f"Bearer {token}":
            self._send(*error(401, "Unauthorized Request", "Missing authentication, or failed to authenticate"))
            return
        path = url.path.removeprefix("/v2")
        query = dict(urllib.parse.parse_qsl(url.query))
        body = json.loads(raw) if raw else None
        replayed = False
        if key:
            status, answer, replayed = self.fake.once(
                key, path, raw, lambda: self.fake.answer(method, path, query, body)
            )
        else:
            with self.fake.lock:
                status, answer = self.fake.answer(method, path, query, body)
        self._reply(status, answer, fault, replayed)

    def _fault_before(self, fault: str) -> bool:
        self.fake.wait({"drop_before": 0, "hang": self.fake.hang_seconds, "slow": 1.0}[fault])
        if fault == "slow":
            return False
        self._hang_up()
        return True

    def _reply(self, status: int, answer: Body, fault: str | None, replayed: bool) -> None:
        if fault in ("drop_after", "hang_after"):
            self.fake.wait(self.fake.hang_seconds if fault == "hang_after" else 0)
            self._hang_up()
        elif fault == "trickle":
            data = json.dumps(answer).encode()
            self.wfile.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/hal+json\r\nContent-Length: %d\r\n\r\n" % len(data)
            )
            for i in range(len(data)):
                self.wfile.write(data[i : i + 1])
                self.fake.wait(0.5)
        elif fault in ("garbage", "html"):
            self._send_raw(200, b'{"id": "tr_' if fault == "garbage" else b"<html>Maintenance</html>")
        elif fault == "redirect":
            self._send_raw(302, b"", ("Location", "http://127.0.0.1:9/elsewhere"))
        elif fault == "503_after":
            self._send(*error(503, "Service Unavailable", "Try again later."))
        else:
            self._send(status, answer, ("Idempotent-Replayed", "true") if replayed else None)

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, status: int, answer: Body, header: tuple[str, str] | None = None) -> None:
        self._send_raw(status, json.dumps(answer).encode(), header)

    def _send_raw(
        self, status: int, data: bytes, header: tuple[str, str] | None = None, kind: str = "application/hal+json"
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if header:
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(data)

    def _checkout_page(self, method: str, payment_id: str, raw: bytes) -> None:
        payment = self.fake.payments.get(payment_id)
        if payment is None:
            self._send_raw(404, b"unknown", kind="text/plain")
        elif method == "POST":
            status = dict(urllib.parse.parse_qsl(raw.decode())).get("status", "")
            if status in ENDED and payment["status"] == "open":
                self.fake.end(payment_id, status)
            self._send_raw(303, b"", ("Location", payment["redirectUrl"]))
        else:
            buttons = "".join(f'<button name="status" value="{s}">{s}</button> ' for s in ENDED)
            page = f"<!doctype html><title>Fake Mollie</title><h1>{payment['amount']['value']}</h1>"
            page += f"<form method=post>{buttons}</form>"
            self._send_raw(200, page.encode(), kind="text/html; charset=utf-8")


def _post(url: str, data: bytes) -> None:
    for pause in (0, 1, 3, 7):
        time.sleep(pause)
        try:
            with urllib.request.urlopen(url, data, timeout=15) as answer:  # noqa: S310
                if answer.status < 300:
                    return
        except OSError:
            continue


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8999)
    parser.add_argument("--key", default="test_fakefakefakefakefakefakefake")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before a payment that is made is answered")
    parser.add_argument("--no-webhooks", action="store_true")
    given = parser.parse_args()
    with FakeMollie(given.port, given.key) as running:
        running.send_webhooks = not given.no_webhooks
        running.delay = given.delay
        print(f"MOLLIE_API_URL={running.url} MOLLIE_API_KEY={running.key}", flush=True)
        threading.Event().wait()
