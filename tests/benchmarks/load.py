"""A small HTTP client for loads on 127.0.0.1: threads with keep-alive connections, in processes of their own."""

from __future__ import annotations

import multiprocessing
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

TIMEOUT_SECONDS = 30


@dataclass(slots=True)
class Outcome:
    """What came back: status counts, seconds per request, and how long it all took."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, part: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def request(method: str, path: str, *, body: bytes = b"", cookie: str = "", host: str = "127.0.0.1") -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Accept: text/html"]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    if body or method == "POST":
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Connection:
    """One keep-alive connection, opened again when the server closes it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._rest = b""

    def exchange(self, message: bytes) -> tuple[int, bytes]:
        """Send one request; status and head of the answer."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), TIMEOUT_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._rest = b""
        self._socket.sendall(message)
        data = self._rest
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, body = data.partition(b"\r\n\r\n")
        lowered = head.lower()
        if b"content-length:" in lowered:
            length = int(lowered.split(b"content-length:")[1].split(b"\r\n")[0])
            while len(body) < length:
                body += self._receive()
            self._rest = body[length:]
        else:
            while not body.endswith(b"0\r\n\r\n"):
                body += self._receive()
            self._rest = b""
        if b"connection: close" in lowered:
            self._socket.close()
            self._socket = None
        return int(head[9:12]), head

    def _receive(self) -> bytes:
        assert self._socket is not None
        data = self._socket.recv(262_144)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data


def run(port: int, messages: Sequence[bytes], *, clients: int, seconds: float | None = None) -> Outcome:
    """Send the messages from `clients` connections: each once, or over and over for `seconds`."""
    processes = min(2, clients)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    shares = [messages[i::processes] for i in range(processes)]
    counts = [clients // processes + (i < clients % processes) for i in range(processes)]
    started = time.perf_counter()
    workers = [
        context.Process(target=_process, args=(port, share, count, seconds, queue))
        for share, count in zip(shares, counts, strict=True)
    ]
    for worker in workers:
        worker.start()
    parts = [queue.get(timeout=(seconds or 0) + 300) for _ in workers]
    total = Outcome(seconds=time.perf_counter() - started)
    for worker in workers:
        worker.join()
    for statuses, latencies in parts:
        total.latencies += latencies
        for status, count in statuses.items():
            total.statuses[status] = total.statuses.get(status, 0) + count
    return total


def _process(port: int, messages: Sequence[bytes], clients: int, seconds: float | None, queue: object) -> None:
    statuses: dict[int, int] = {}
    latencies: list[float] = []
    lock = threading.Lock()
    until = time.perf_counter() + seconds if seconds else None

    def client(mine: Sequence[bytes]) -> None:
        connection = Connection(port)
        seen: list[tuple[int, float]] = []
        while mine:
            for message in mine:
                begun = time.perf_counter()
                if until is not None and begun > until:
                    break
                seen.append((connection.exchange(message)[0], time.perf_counter() - begun))
            if until is None or time.perf_counter() > until:
                break
        with lock:
            for status, latency in seen:
                statuses[status] = statuses.get(status, 0) + 1
                latencies.append(latency)

    threads = [threading.Thread(target=client, args=(messages[i::clients],)) for i in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.put((statuses, latencies))  # type: ignore[attr-defined]
