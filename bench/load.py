"""The load: signed deliveries over kept connections, as fast as they are answered, from a process of its own.

It speaks just enough HTTP over plain sockets to cost a fraction of what any of the servers does: what it prints as its
own share of a core says how far it was from being the bottleneck.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import os
import selectors
import socket
import sys
import time
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import Final

SECRET: Final = "a secret of the benchmark"
PATH: Final = "/api/github/webhooks"
APP_ID: Final = 4711
PATIENCE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Measured:
    """Answers per second; how long one took, in milliseconds; the generator's own share of its core.

    `cpu` is what one answer cost the server, in milliseconds of its own CPU; who measures the server fills it in.
    """

    rate: float
    p50: float
    p99: float
    busy: float
    answers: int
    cpu: float = 0.0


class Connection:
    """One kept connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self._received = b""

    def send(self, request: bytes) -> None:
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def is_answered(self) -> bool:
        """Read what is there; True at the end of an answer. Raises ValueError for any but a good one."""
        read = self.socket.recv(65536)
        self._received += read
        if not read:
            raise ValueError(f"the server hung up after {self._received[:200]!r}")
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return False
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 202")):
            raise ValueError(f"the server answered {self._received[:200]!r}")
        _, has_length, length = head.lower().partition(b"content-length:")
        is_whole = len(rest) >= int(length.partition(b"\r\n")[0]) if has_length else rest.endswith(b"0\r\n\r\n")
        if is_whole:
            self._received = b""
        return is_whole


def request_parts(event: str, body: bytes) -> tuple[bytes, bytes]:
    """A request before and behind its GUID. The signature covers the body only, so that one will do for all."""
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: GitHub-Hookshot/044aadd\r\nAccept: */*\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nX-GitHub-Event: {event}\r\n"
        f"X-GitHub-Hook-ID: 1\r\nX-GitHub-Hook-Installation-Target-ID: {APP_ID}\r\n"
        f"X-GitHub-Hook-Installation-Target-Type: integration\r\nX-Hub-Signature-256: sha256={digest}\r\n"
        f"X-GitHub-Delivery: "
    )
    return head.encode(), b"\r\n\r\n" + body


def measure(port: int, connections: int, seconds: float, event: str, body: bytes) -> Measured:
    """Keep every connection busy for that long."""
    before, behind = request_parts(event, body)
    run, numbers = os.urandom(8).hex(), itertools.count()

    def request() -> bytes:
        return before + f"{run}-{next(numbers):012d}".encode() + behind

    spans: list[float] = []
    cpu, began = time.process_time(), time.perf_counter()
    deadline = began + seconds
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            connection = Connection(port)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(request())
        waiting = connections
        while waiting:
            ready = selector.select(PATIENCE)
            if not ready:
                raise TimeoutError(f"no answer within {PATIENCE} s")
            for key, _ in ready:
                connection = key.data
                if not connection.is_answered():
                    continue
                now = time.perf_counter()
                spans.append(now - connection.began)
                if now < deadline:
                    connection.send(request())
                else:
                    selector.unregister(connection.socket)
                    connection.socket.close()
                    waiting -= 1
    took = time.perf_counter() - began
    cuts = quantiles(spans, n=100)
    return Measured(len(spans) / took, 1000 * cuts[49], 1000 * cuts[98], (time.process_time() - cpu) / took, len(spans))


def main() -> None:
    """`python -m bench.load PORT CONNECTIONS SECONDS EVENT`, the payload on standard input; JSON on standard output."""
    port, connections, seconds, event = sys.argv[1:5]
    found = measure(int(port), int(connections), float(seconds), event, sys.stdin.buffer.read())
    print(json.dumps(asdict(found)))


if __name__ == "__main__":
    main()
