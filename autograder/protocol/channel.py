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
#: What is sent at once, in bytes, and waited for at once, in seconds, on Windows: a wait there does
#: not hear of Ctrl-C.
_LITTLE = 1 << 14
_SLICE = 0.2


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
            return _is_ready(self.socket, 0.0) and not self.socket.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):  # the latter if this side is closed
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
        while left:
            if not _is_ready(self.socket, max(deadline - time.monotonic(), 0), to_send=True):
                raise TimeoutError(errno.ETIMEDOUT, "it does not read what it is sent")
            with contextlib.suppress(BlockingIOError):
                left = left[_send_some(self.socket, left) :]

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
        if not hasattr(socket, "recv_fds"):  # on Windows, where no open file ever comes along
            return self._read(size)
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
        left = deadline - time.monotonic()
        if left <= 0 or not _is_ready(self.socket, left):
            raise ChannelTimeout("nothing came in time")


def _is_ready(sock: socket.socket, seconds: float, to_send: bool = False) -> bool:
    """Whether a socket can be read (or written to) without waiting, within so many seconds."""
    if not hasattr(select, "poll"):  # on Windows, where select has no limit on descriptors
        readers, writers = ([], [sock]) if to_send else ([sock], [])
        deadline = time.monotonic() + seconds
        while not any(select.select(readers, writers, [], min(seconds, _SLICE))):
            seconds = deadline - time.monotonic()
            if seconds <= 0:
                return False
        return True
    poll = select.poll()
    poll.register(sock, select.POLLOUT if to_send else select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _send_some(sock: socket.socket, data: memoryview) -> int:
    """Send what the socket takes at once; the number of bytes."""
    if hasattr(socket, "MSG_DONTWAIT"):
        return sock.send(data, socket.MSG_DONTWAIT)
    # On Windows. To have the socket not wait, for a moment, would have a thread that reads from it
    # not wait either; a little is taken at once by a socket that is ready.
    return sock.send(data[:_LITTLE])
