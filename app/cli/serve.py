"""`flask serve`: migrate, fill the demo on its first start, run web server and worker, stop gracefully."""

from __future__ import annotations

import errno
import logging
import signal
import socket
import threading
import time
from typing import Any

import click
from flask import Flask, current_app
from sqlalchemy.orm import configure_mappers

from app.cli import processes
from app.cli.slow import SlowClients, most_connections
from app.extensions import db, first_start, readiness, settings
from app.extensions.database import check_reachable
from app.jobs.worker import WorkerLoop, run_until_asked
from app.ui import navigation
from config import Settings, SettingsError

log = logging.getLogger(__name__)
GRACE = 20.0  # seconds a request that is being answered may still take when we are asked to stop


def init_app(app: Flask) -> None:
    @app.cli.command("serve")
    def serve() -> None:
        """Migrate, load the demo on its first start, and run the web server and the worker."""
        application: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        config = settings()
        listener = listen(config)
        with listener:
            check_reachable(db.engine)
            count = processes.wanted(config.processes)
            db.session.remove()
            db.engine.dispose()  # a connection belongs to one process
            password = prepare(config) if count == 1 else processes.apart(prepare, config)
            application.extensions["static"].open()
            db.session.remove()
            click.echo(_welcome(config, password))
            if count == 1:
                _alone(application, listener, config)
            else:
                _beside_each_other(application, listener, config, count)
            db.engine.dispose()


def _alone(application: Flask, listener: socket.socket, config: Settings) -> None:
    worker = WorkerLoop(application) if config.worker else None
    if worker:
        worker.start()
    run(application, listener, config.threads)
    if worker:
        worker.stop()


def _beside_each_other(application: Flask, listener: socket.socket, config: Settings, count: int) -> None:
    def serve() -> None:
        run(application, listener, config.threads)

    def work() -> None:
        listener.close()
        run_until_asked(application)

    configure_mappers()  # once for all, in memory that they share
    db.engine.dispose()  # a connection belongs to one process
    works = [serve] * count + [work] * config.worker
    processes.Crew(works, grace=GRACE + 5, on_stop=listener.close).run()


def listen(config: Settings) -> socket.socket:
    """The address taken, so that a second start there stops at once. Raises SettingsError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        place = f"{config.host}:{config.port}"
        if error.errno == errno.EADDRINUSE:
            raise SettingsError(f"PORT: {place} is in use; stop what runs there, or choose another PORT.") from None
        raise SettingsError(f"HOST, PORT: cannot listen on {place} ({error.strerror}).") from None
    except OverflowError:
        raise SettingsError(f"PORT: {config.port} is not between 0 and 65535.") from None
    return listener


def prepare(config: Settings) -> str:
    """Make the database ready, once of two starts at a time. The demo password, where there is one."""
    from app.extensions import migrating

    with migrating.alone():
        migrating.upgrade()
        readiness.refuse()
        return first_start.fill()


def _welcome(config: Settings, password: str) -> str:
    base = config.public_url
    with current_app.test_request_context(base_url=base):
        public = navigation.public_home_url() or "/"
    lines = ["", f"  Public page   {base}{public}", f"  Staff         {base}/login"]
    demo = first_start.registered()
    if demo is not None and password:
        lines += [f"                {address}  password: {password}" for address in demo.sign_ins]
    if config.is_production and config.is_sqlite:
        lines.append(
            "  Note          the embedded SQLite database serves one machine; see docs/install.md for PostgreSQL"
        )
    return "\n".join([*lines, "  Stop          Ctrl-C", ""])


def run(application: Flask, listener: socket.socket, threads: int) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is being answered."""
    from waitress import wasyncore  # type: ignore[import-untyped]
    from waitress.server import create_server  # type: ignore[import-untyped]

    places = most_connections()
    server: Any = create_server(
        application.wsgi_app, sockets=[listener], threads=threads, ident="", clear_untrusted_proxy_headers=False,
        max_request_body_size=40 * 1024 * 1024, connection_limit=places, channel_timeout=60,
    )  # fmt: skip
    asked: list[int] = []
    slow = SlowClients(places)

    def stop(number: int, frame: object) -> None:
        asked.append(number)
        server.pull_trigger()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    warming = threading.Thread(target=warm_up, args=(application,), name="warm-up", daemon=True)
    warming.start()
    try:
        while not asked:
            # By poll: select, the default, ends the server at its first file numbered 1024.
            wasyncore.loop(timeout=1, use_poll=True, map=server._map, count=1)
            slow.cut(server.active_channels.values())
        server.del_channel()  # takes no new connections
        listener.close()
        end = time.monotonic() + GRACE
        while time.monotonic() < end and any(map(_busy, list(server.active_channels.values()))):
            wasyncore.loop(timeout=0.1, use_poll=True, map=server._map, count=1)
    finally:
        warming.join(GRACE)
        server.task_dispatcher.shutdown(cancel_pending=True, timeout=1)
        wasyncore.close_all(server._map, ignore_all=True)
        for number, handler in before.items():
            signal.signal(number, handler)


def warm_up(application: Flask) -> None:
    """Ask for the page that donors meet, so that the first of them does not wait for all that is loaded and compiled
    once: a second or two."""
    with application.app_context():
        base = settings().public_url
        with application.test_request_context(base_url=base):
            public = navigation.public_home_url() or "/login"
    try:
        application.test_client().get(public, base_url=base)
    except Exception:
        log.exception("the first page could not be made; the server goes on")


def _busy(channel: Any) -> bool:
    return bool(channel.requests or channel.request is not None or channel.total_outbufs_len)
