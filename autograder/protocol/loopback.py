"""Connections between processes of this machine where no socket can be handed over: on Windows.

Who listens makes an address with a secret in it, tells it to one other process, and takes the
connection that brings the secret. Others who may find the port get no further.
"""

from __future__ import annotations

import hmac
import secrets
import socket
import time

from autograder.protocol.channel import ChannelClosed, ChannelTimeout

_HOST = "127.0.0.1"
_SECRET_BYTES = 32
#: How long a stranger may keep us waiting for a secret, and how long a connection may take.
_PATIENCE = 10.0


class Listener:
    """Waits for one process. Use it as a context manager; ``address`` is for that process alone."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(_SECRET_BYTES)
        self._socket = socket.create_server((_HOST, 0))
        self.address = f"{self._socket.getsockname()[1]}:{self._secret.hex()}"

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def accept(self, seconds: float) -> socket.socket:
        """The connection of the process that knows the address.

        Raises:
            ChannelTimeout: it has not come in time.
        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                found, _ = self._socket.accept()
            except TimeoutError:
                break
            if hmac.compare_digest(_first_bytes(found), self._secret):
                return _ready(found)
            found.close()
        raise ChannelTimeout("nobody has connected in time")


def connect(address: str) -> socket.socket:
    """Connect to the process that listens at an address.

    Raises:
        ChannelClosed: nobody listens there.
    """
    port, _, secret = address.partition(":")
    try:
        made = socket.create_connection((_HOST, int(port)), timeout=_PATIENCE)
        made.sendall(bytes.fromhex(secret))
    except (OSError, ValueError) as error:
        raise ChannelClosed(f"nobody listens ({error})") from error
    return _ready(made)


def _first_bytes(sock: socket.socket) -> bytes:
    """What a connection begins with; less if it does not come."""
    sock.settimeout(_PATIENCE)
    found = b""
    try:
        while len(found) < _SECRET_BYTES:
            part = sock.recv(_SECRET_BYTES - len(found))
            if not part:
                break
            found += part
    except OSError:
        pass
    return found


def _ready(sock: socket.socket) -> socket.socket:
    """A socket for a channel: its small frames are sent at once."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setblocking(True)
    return sock
