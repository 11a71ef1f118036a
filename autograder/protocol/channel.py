"""Frames over a stream socket, each with a deadline and a limit on its size.

A frame is four bytes of length and one msgpack map. Nothing is pickled in either direction.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import struct
import time
from typing import Any

import msgpack

#: The largest frame, in bytes: a call with all its arrays.
MAX_FRAME = 256 << 20
_LENGTH = struct.Struct(">I")
#: What is not sent in so many seconds is not read at the other end.
_SEND_SECONDS = 20.0


class ProtocolError(Exception):
    """What came over the wire cannot be used: a bad frame, node, size or depth."""


class ChannelTimeout(ProtocolError):
    """Nothing came in time."""


class ChannelClosed(ProtocolError):
    """The other side is gone."""


class Channel:
    """Frames over a stream socket, with a deadline for each and a limit on its size.

    Args:
        max_frame: the largest frame that is received, in bytes; the default is ``MAX_FRAME``.
    """

    def __init__(self, sock: socket.socket, max_frame: int = 0) -> None:
        self.socket = sock
        self._max_frame = max_frame
        sock.setblocking(True)

    def close(self) -> None:
        self.socket.close()

    def hung_up(self) -> bool:
        """Whether the other side is gone, and nothing that it sent is left to be read."""
        try:
            return not self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def send(self, message: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        """Send a frame, and open files with it.

        Raises:
            ChannelClosed: the other side is gone.
            ProtocolError: the message is too large, or holds what msgpack cannot carry.
        """
        try:
            body = msgpack.packb(message, use_bin_type=True, unicode_errors="surrogatepass")
        except (ValueError, TypeError, OverflowError) as error:
            raise ProtocolError(f"cannot be sent ({error})") from error
        if len(body) > MAX_FRAME:
            raise ProtocolError(
                f"{len(body) >> 20} MiB is too large to send (at most {MAX_FRAME >> 20})"
            )
        head = _LENGTH.pack(len(body))
        try:
            if descriptors:
                socket.send_fds(self.socket, [head], list(descriptors))
                self._send_all(body)
            else:
                self._send_all(head + body)
        except OSError as error:
            raise ChannelClosed(f"the other side is gone ({error.strerror})") from error

    def _send_all(self, data: bytes) -> None:
        """Send it all in the time there is, however slowly the other side reads."""
        deadline = time.monotonic() + _SEND_SECONDS
        left = memoryview(data)
        if self.socket.fileno() < 0:
            raise OSError(errno.EBADF, "this side is closed")
        poll = select.poll()
        poll.register(self.socket, select.POLLOUT)
        while left:
            if not poll.poll(max(deadline - time.monotonic(), 0) * 1000):
                raise TimeoutError(errno.ETIMEDOUT, "it does not read what it is sent")
            with contextlib.suppress(BlockingIOError):
                left = left[self.socket.send(left, socket.MSG_DONTWAIT) :]

    def receive(self, seconds: float | None = None) -> dict[str, Any]:
        """The next frame.

        Raises:
            ChannelTimeout: it was not complete within ``seconds``.
            ChannelClosed: the other side closed the connection.
            ProtocolError: it is too large or not a msgpack map.
        """
        message, descriptors = self.receive_with_files(seconds, files=0)
        assert not descriptors
        return message

    def receive_with_files(
        self, seconds: float | None = None, files: int = 1
    ) -> tuple[dict[str, Any], list[int]]:
        """The next frame and the open files that came with it (at most ``files``)."""
        deadline = None if seconds is None else time.monotonic() + seconds
        descriptors: list[int] = []
        head = b""
        while len(head) < _LENGTH.size:
            self._wait(deadline)
            if files:
                part = self._read_with_files(_LENGTH.size - len(head), files, descriptors)
            else:
                part = self._read(_LENGTH.size - len(head))
            if not part:
                raise ChannelClosed("the other side is gone")
            head += part
        (length,) = _LENGTH.unpack(head)
        most = self._max_frame or MAX_FRAME
        if length > most:
            raise ProtocolError(f"a frame of {length >> 20} MiB (at most {most >> 20})")
        body = bytearray()
        while len(body) < length:
            self._wait(deadline)
            part = self._read(min(length - len(body), 1 << 20))
            if not part:
                raise ChannelClosed("the other side is gone")
            body += part
        try:
            message = msgpack.unpackb(
                body,
                raw=False,
                strict_map_key=True,
                unicode_errors="surrogatepass",
            )
        except (ValueError, TypeError, RecursionError, msgpack.exceptions.UnpackException) as error:
            raise ProtocolError(f"a frame that is not msgpack ({type(error).__name__})") from error
        if not isinstance(message, dict):
            raise ProtocolError("a frame that is not a map")
        return message, descriptors

    def _read(self, size: int) -> bytes:
        try:
            return self.socket.recv(size)
        except OSError as error:
            raise ChannelClosed(f"the other side is gone ({error.strerror})") from error

    def _read_with_files(self, size: int, files: int, descriptors: list[int]) -> bytes:
        try:
            part, new, _, _ = socket.recv_fds(self.socket, size, files)
        except OSError as error:
            raise ChannelClosed(f"the other side is gone ({error.strerror})") from error
        descriptors += new
        return part

    def _wait(self, deadline: float | None) -> None:
        if self.socket.fileno() < 0:
            raise ChannelClosed("this side is closed")
        if deadline is None:
            return
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise ChannelTimeout("nothing came in time")
