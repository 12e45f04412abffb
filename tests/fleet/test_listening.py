"""Ports of the fleet's servers."""

from __future__ import annotations

import socket

import pytest

from fleet.errors import FleetError
from fleet.listening import listen

HOST = "127.0.0.1"


def test_an_answer_waits_for_no_acknowledgement() -> None:
    with listen(HOST, 0) as listener, socket.create_connection(listener.getsockname()):
        taken, _ = listener.accept()
        with taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_that_is_in_use_is_named() -> None:
    with listen(HOST, 0) as first, pytest.raises(FleetError, match="is another program using it"):
        listen(HOST, first.getsockname()[1])
