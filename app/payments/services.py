"""Changing checkouts and payments: what other rooms may call.

A donation form: `begin(draft_checkout(...), now=...)`, and `send_refund`, outside any transaction, as
they may call the provider. The rest runs inside the caller's `with writing():`.
"""

from __future__ import annotations

from app.payments.belonging import assign_supporters
from app.payments.by_hand import Transfer, receive_by_hand, receive_transfers, refund_by_hand, undo_by_hand
from app.payments.defence import failure_key
from app.payments.flow import Begun, begin, reach
from app.payments.methods import methods_offered
from app.payments.opening import Draft, draft_checkout, open_checkout
from app.payments.refunds import ask as ask_refund
from app.payments.refunds import send as send_refund
from app.payments.returns import register as register_return_page
from app.payments.settling import settle

__all__ = [
    "Begun",
    "Draft",
    "Transfer",
    "ask_refund",
    "assign_supporters",
    "begin",
    "draft_checkout",
    "failure_key",
    "methods_offered",
    "open_checkout",
    "reach",
    "receive_by_hand",
    "receive_transfers",
    "refund_by_hand",
    "register_return_page",
    "send_refund",
    "settle",
    "undo_by_hand",
]
