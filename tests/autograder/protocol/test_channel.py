"""autograder.protocol.channel: frames arrive as they were sent, in time, and not too large."""

from __future__ import annotations

import os
import select
import socket
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import msgpack
import psutil
import pytest

from autograder.protocol import channel
from autograder.protocol.channel import Channel, ChannelClosed, ChannelTimeout, ProtocolError


def test_frames_arrive_in_order_with_any_text(channels):
    ours, theirs = channels
    ours.send({"n": 1, "text": "\ud800 é"})
    ours.send({"n": 2})
    assert theirs.receive(1) == {"n": 1, "text": "\ud800 é"}
    assert theirs.receive() == {"n": 2}


def test_open_files_come_with_their_frame(channels):
    ours, theirs = channels
    read, write = os.pipe()
    ours.send({"take": "this"}, (write,))
    os.close(write)
    message, (arrived,) = theirs.receive_with_files(1)
    os.write(arrived, b"hello")
    os.close(arrived)
    assert message == {"take": "this"}
    assert os.read(read, 10) == b"hello"
    os.close(read)


def test_files_that_nobody_asked_for_are_not_taken(channels):
    ours, theirs = channels
    before = psutil.Process().num_fds()
    with Path(os.devnull).open() as null:
        ours.send({"take": "this"}, (null.fileno(),))
    assert theirs.receive(1) == {"take": "this"}
    assert psutil.Process().num_fds() == before


def test_a_frame_over_the_limit_is_neither_sent_nor_read(channels, monkeypatch):
    ours, theirs = channels
    monkeypatch.setattr(channel, "MAX_FRAME", 3 << 20)
    with pytest.raises(ProtocolError, match="4 MiB is too large to send"):
        ours.send({"x": b"x" * (4 << 20)})
    ours.socket.sendall(struct.pack(">I", 4 << 20))
    with pytest.raises(ProtocolError, match="a frame of 4 MiB"):
        theirs.receive(1)


DEEP: list = []
for _ in range(2000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "body",
    [{"x": object()}, {"x": 1 << 70}, {"x": DEEP}],
    ids=["object", "integer", "deep"],
)
def test_what_msgpack_cannot_carry_is_an_error(channels, body):
    with pytest.raises(ProtocolError, match="cannot be sent"):
        channels[0].send(body)


@pytest.mark.parametrize(
    "body",
    [b"", b"\xc1", b"\x81\xa1", b"\x80\x80", msgpack.packb([1]), msgpack.packb("x"),
     b"\x81\x01\x02", b"\xdf\xff\xff\xff\xff", b"\x91" * 5000, b"\x81\xa1k\xd7\xff" + b"\xff" * 8],
    ids=repr,
)  # fmt: skip
def test_a_malformed_frame_is_an_error(channels, body):
    ours, theirs = channels
    ours.socket.sendall(struct.pack(">I", len(body)) + body)
    with pytest.raises(ProtocolError):
        theirs.receive(1)


def test_a_channel_may_have_a_limit_of_its_own(channels):
    ours, _ = channels
    small = Channel(channels[1].socket, 1 << 20)
    ours.send({"x": bytes(1 << 10)})
    assert small.receive(1) == {"x": bytes(1 << 10)}
    ours.socket.sendall(struct.pack(">I", (1 << 20) + 1))
    with pytest.raises(ProtocolError, match=r"a frame of 1 MiB \(at most 1\)"):
        small.receive(1)


def test_a_length_is_no_reason_to_take_memory(channels):
    """What is said to come is not made room for before it comes."""
    ours, theirs = channels
    ours.socket.sendall(struct.pack(">I", channel.MAX_FRAME) + b"short")
    ours.close()
    tracemalloc.start()
    try:
        with pytest.raises(ChannelClosed):
            theirs.receive(1)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


# -- the end of a conversation -----------------------------------------------------------------


@pytest.mark.parametrize("begun", [b"", b"\0\0", struct.pack(">I", 9) + b"half"])
def test_a_frame_that_is_cut_off_says_that_the_other_side_is_gone(channels, begun):
    ours, theirs = channels
    ours.socket.sendall(begun)
    ours.close()
    with pytest.raises(ChannelClosed):
        theirs.receive(1)
    with pytest.raises(ChannelClosed):
        theirs.send({})


@pytest.mark.parametrize("seconds", [None, 1])
def test_a_channel_that_was_closed_here_says_so(channels, seconds):
    ours, _ = channels
    ours.close()
    for use in (lambda: ours.receive(seconds), lambda: ours.receive_with_files(seconds)):
        with pytest.raises(ChannelClosed):
            use()
    with pytest.raises(ChannelClosed):
        ours.send({})


def test_who_has_hung_up_is_known_once_everything_is_read(channels):
    ours, theirs = channels
    assert not theirs.hung_up()
    ours.send({"last": "words"})
    ours.close()
    assert not theirs.hung_up()
    assert theirs.receive(1) == {"last": "words"}
    assert theirs.hung_up()
    theirs.close()
    assert theirs.hung_up()


def test_a_reset_connection_is_closed_for_files_too():
    listener = socket.create_server(("127.0.0.1", 0))
    ours = socket.create_connection(listener.getsockname())
    theirs, _ = listener.accept()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    theirs.close()  # with a reset
    with pytest.raises(ChannelClosed):
        Channel(ours).receive_with_files(1)
    ours.close()
    listener.close()


# -- time -------------------------------------------------------------------------------------


class Clock:
    """Stands for ``time`` and ``select`` within a channel; it goes on only while one waits.

    Args:
        step: seconds that pass before the other side does something.
        meanwhile: what it does then.
    """

    POLLIN, POLLOUT = select.POLLIN, select.POLLOUT

    def __init__(self, step: float, meanwhile: Callable[[], object]) -> None:
        self.passed = 0.0
        self._step, self._meanwhile = step, meanwhile

    def monotonic(self) -> float:
        return self.passed

    def poll(self) -> SimpleNamespace:
        registered = select.poll()

        def wait(milliseconds: float) -> list[tuple[int, int]]:
            until = self.passed + milliseconds / 1000
            while not (ready := registered.poll(0)) and self.passed < until:
                self.passed = min(self.passed + self._step, until)
                self._meanwhile()
            return ready

        return SimpleNamespace(register=registered.register, poll=wait)


@pytest.fixture
def clock(monkeypatch):
    """Set the clock of all channels, and what happens while they wait."""

    def start(step: float = 1.0, meanwhile: Callable[[], object] = lambda: None) -> Clock:
        made = Clock(step, meanwhile)
        monkeypatch.setattr(channel, "time", made)
        monkeypatch.setattr(channel, "select", made)
        return made

    return start


BEGUN = [b"", b"\0\0", struct.pack(">I", 9) + b"half"]


@pytest.mark.parametrize("begun", BEGUN)
def test_a_frame_that_is_not_complete_in_time_is_a_timeout(channels, clock, begun):
    ours, theirs = channels
    ours.socket.sendall(begun)
    waited = clock()
    with pytest.raises(ChannelTimeout):
        theirs.receive(0.05)
    assert waited.passed == pytest.approx(0.05)


def test_a_frame_has_one_deadline_however_many_parts_it_comes_in(channels, clock):
    ours, theirs = channels
    frame = iter(struct.pack(">I", 99) + bytes(99))
    waited = clock(0.02, lambda: ours.socket.send(bytes([next(frame)])))
    with pytest.raises(ChannelTimeout):
        theirs.receive(0.05)
    assert waited.passed == pytest.approx(0.05)


def test_a_frame_that_comes_late_but_in_time_is_received(channels, clock):
    ours, theirs = channels
    body = msgpack.packb({"n": 1})
    parts = iter([b"\0\0\0", bytes([len(body)]), body[:2], body[2:]])
    clock(0.01, lambda: ours.socket.send(next(parts)))
    assert theirs.receive(0.05) == {"n": 1}


def test_a_send_to_somebody_who_never_reads_ends(channels, clock):
    waited = clock()
    with pytest.raises(ChannelClosed, match="does not read"):
        channels[0].send({"x": bytes(8 << 20)})
    assert 1 < waited.passed < 60


@pytest.mark.parametrize(("step", "size"), [(0.05, 100), (0.5, 16 << 10)])
def test_who_reads_a_byte_now_and_then_is_not_waited_for(channels, clock, step, size):
    ours, theirs = channels
    taken: list[int] = []
    waited = clock(step, lambda: taken.append(len(theirs.socket.recv(size))))
    with pytest.raises(ChannelClosed, match="does not read"):
        ours.send({"x": bytes(8 << 20)})
    assert 1 < waited.passed < 60
    assert 0 < sum(taken) < 1 << 20


def test_who_reads_slowly_but_all_of_it_is_waited_for(channels, clock):
    ours, theirs = channels
    taken: list[int] = []
    clock(0.5, lambda: taken.append(len(theirs.socket.recv(1 << 20))))
    ours.send({"x": bytes(2 << 20)})
    assert sum(taken) > 1 << 20


@pytest.fixture
def as_on_windows(monkeypatch):
    """Neither poll, nor sending without waiting, nor open files."""
    monkeypatch.delattr(select, "poll")
    for name in ("MSG_DONTWAIT", "send_fds", "recv_fds"):
        monkeypatch.delattr(socket, name)


def test_frames_arrive_on_windows_too_and_in_time(channels, as_on_windows):
    ours, theirs = channels
    ours.send({"n": 1})
    assert theirs.receive_with_files(1) == ({"n": 1}, [])
    with pytest.raises(ChannelTimeout):
        theirs.receive(0.01)
    assert not theirs.hung_up()
    ours.close()
    assert theirs.hung_up()
    with pytest.raises(ChannelClosed):
        theirs.receive(1)


def test_what_nobody_reads_is_not_sent_for_ever_on_windows_either(
    channels, as_on_windows, monkeypatch
):
    ours, _ = channels
    monkeypatch.setattr(channel, "_SEND_SECONDS", 0.1)
    with pytest.raises(ChannelClosed):
        ours.send({"x": b"x" * (4 << 20)})
