"""The command that serves the console."""

import socket
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from orderctl.commands import console
from orderctl.main import app


def test_whoever_has_the_printed_address_can_connect_before_the_console_serves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connected: list[bool] = []

    def connect(_: Any, listener: socket.socket) -> None:
        with socket.create_connection(listener.getsockname()):
            connected.append(True)
        listener.close()

    made = SimpleNamespace(access=SimpleNamespace(address="http://127.0.0.1/"))
    serving = SimpleNamespace(new_console=lambda *_, **__: made, serve=connect)
    monkeypatch.setattr(console, "console_module", lambda _: serving)
    monkeypatch.setattr(console, "find_stack", lambda *_: None)

    outcome = CliRunner().invoke(app, ["console", "--no-open"])

    assert outcome.exit_code == 0, outcome.output
    assert connected == [True]
