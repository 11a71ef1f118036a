"""Connections over the loopback: for one process that knows the secret, and for no other."""

from __future__ import annotations

import socket
import threading

import pytest

from autograder.protocol import loopback
from autograder.protocol.channel import Channel, ChannelClosed, ChannelTimeout

AGES = 600.0


def test_who_knows_the_address_gets_a_channel_both_ways() -> None:
    with loopback.Listener() as listener:
        made: list[socket.socket] = []
        other = threading.Thread(target=lambda: made.append(loopback.connect(listener.address)))
        other.start()
        ours = Channel(listener.accept(AGES))
        other.join()
    theirs = Channel(made[0])
    ours.send({"n": 1})
    assert theirs.receive(AGES) == {"n": 1}
    theirs.send({"data": b"x" * (1 << 12)})
    assert len(ours.receive(AGES)["data"]) == 1 << 12
    ours.close()
    theirs.close()


def test_a_stranger_is_turned_away_and_the_right_one_taken() -> None:
    with loopback.Listener() as listener:
        port = int(listener.address.partition(":")[0])
        stranger = socket.create_connection(("127.0.0.1", port))
        stranger.sendall(b"?" * 32)
        silent = socket.create_connection(("127.0.0.1", port))
        silent.close()
        right = loopback.connect(listener.address)
        found = listener.accept(AGES)
        right.sendall(b"me")
        assert found.recv(2) == b"me"
        assert stranger.recv(1) == b""
        for one in (stranger, right, found):
            one.close()


def test_nobody_comes() -> None:
    with loopback.Listener() as listener, pytest.raises(ChannelTimeout):
        listener.accept(0.01)


@pytest.mark.parametrize("address", ["", "no port:00", "closed"])
def test_nobody_listens(address: str) -> None:
    if address == "closed":
        with loopback.Listener() as listener:
            address = listener.address
    with pytest.raises(ChannelClosed, match="nobody listens"):
        loopback.connect(address)


def test_only_this_machine_can_connect() -> None:
    with loopback.Listener() as listener:
        assert listener._socket.getsockname()[0] == "127.0.0.1"
