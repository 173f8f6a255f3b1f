"""A receiver of webhooks on this machine, which notes what it gets and answers as it is told."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

# A key and a certificate for receiver.example.org, made for these tests; nobody trusts it elsewhere.
CERTIFICATE = Path(__file__).parent / "receivers" / "receiver.pem"


@dataclass(frozen=True)
class Got:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver(ThreadingHTTPServer):
    """Takes everything, unless ``answer`` says otherwise: it gets the request and the handler, and gives a status."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[Got] = []
        self.answer: Callable[[Got, BaseHTTPRequestHandler], int] = lambda _got, _handler: 200
        self.text = b"ok"
        self.headers: dict[str, str] = {}

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hangs up in the middle is part of the test."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        got = Got(self.command, self.path, dict(self.headers.items()), self.rfile.read(length))
        self.server.got.append(got)
        status = self.server.answer(got, self)
        if not status:
            return
        self.send_response(status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.server.text)))
        self.end_headers()
        self.wfile.write(self.server.text)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Nothing on the screen."""


@contextmanager
def receiving(*, tls: bool = False) -> Iterator[Receiver]:
    """A receiver for the time of a test."""
    server = Receiver()
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Listener:
    """Counts connections to a port of this machine, on IPv4 and IPv6, and says nothing."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.create_server((address, 0), family=family)
        self._socket.settimeout(0.02)
        self.port = int(self._socket.getsockname()[1])
        self.connections = 0
        self._open = True
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def _count(self) -> None:
        while self._open:
            try:
                connection, _peer = self._socket.accept()
            except TimeoutError:
                continue
            self.connections += 1
            with connection:
                connection.settimeout(5)
                # Hanging up on what was not read would take the answer away again.
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass

    def close(self) -> None:
        self._open = False
        self._thread.join()
        self._socket.close()
