"""orderctl up: what it tells a script."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from devtools.commands import local
from devtools.local_cloud.cloud import Up
from devtools.local_cloud.template_changes import Changes
from orderctl.main import app
from tests.orderctl_json import read_documented
from tests.unit.test_stack import STACK

SERVER = '{"pid": 12, "port": 4566, "since": 1764000000.0, "code": "digest"}'
CHANGES = Changes(added=("Functions/New",), changed=("Functions/Orders",), removed=())


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERCTL_HOME", str(tmp_path))
    (tmp_path / "server.json").write_text(SERVER)


def _up(monkeypatch: pytest.MonkeyPatch, found: Up, *options: str) -> Any:
    monkeypatch.setattr(local, "bring_up", lambda *_, **__: found)
    return CliRunner().invoke(app, ["up", *options])


def test_a_script_reads_where_the_local_cloud_is_and_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = _up(monkeypatch, Up(stack=STACK, was_running=True, changes=CHANGES), "--json")

    found = read_documented(outcome.stdout, "up")
    assert (found["apiUrl"], found["apiKey"]) == (STACK.api_url, STACK.api_key)
    assert found["localCloud"]["url"] == "http://127.0.0.1:4566"
    assert found["changes"] == {"added": ["Functions/New"], "changed": ["Functions/Orders"], "removed": []}
    assert "added: Functions/New" in outcome.stderr


def test_a_local_cloud_that_found_its_data_again_says_since_when(monkeypatch: pytest.MonkeyPatch) -> None:
    saved_at = datetime(2026, 11, 22, 15, 14, 31, tzinfo=UTC)

    started = read_documented(_up(monkeypatch, Up(stack=STACK), "--json").stdout, "up")
    again = read_documented(_up(monkeypatch, Up(stack=STACK, data_of=saved_at), "--json").stdout, "up")

    assert (started["wasRunning"], started["dataSavedAt"], started["changes"]) == (False, None, None)
    assert again["dataSavedAt"] == "2026-11-22T15:14:31.000Z"


def test_json_and_watch_exclude_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = _up(monkeypatch, Up(stack=replace(STACK)), "--json", "--watch")

    assert (outcome.exit_code, outcome.stdout) == (2, "")
