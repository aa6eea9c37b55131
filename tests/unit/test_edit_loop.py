"""What the edit loop compares, watches, saves and prints."""

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from devtools.caller import orderctl_command
from devtools.local_cloud.address import Address
from devtools.local_cloud.folder import Folder
from devtools.local_cloud.snapshots import Snapshots, may_change, move_snapshot
from devtools.local_cloud.sources import APP, app_digest, local_cloud_digest
from devtools.local_cloud.template_changes import changes_between
from devtools.local_cloud.watching import saves
from tests.waiting import eventually


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with small files."""
    for name in (*APP, "devtools/asl", "devtools/local_cloud"):
        path = tmp_path / name
        if not path.suffix:
            path.mkdir(parents=True)
            path /= "code.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text("before\n")
    return tmp_path


def test_changes_name_the_resources_by_their_path_in_the_app() -> None:
    before = {"A1": _resource("Functions/Orders/Resource"), "B1": _resource("Api/Key/Resource")}
    after = {"A1": _resource("Functions/Orders/Resource", Timeout=5), "C1": {"Type": "T"}}

    changes = changes_between({"Resources": before}, {"Resources": after})

    assert list(changes.lines()) == ["added: C1", "changed: Functions/Orders", "removed: Api/Key"]


def test_a_note_of_the_cdk_is_no_change() -> None:
    before, after = _resource("Api/Key/Resource"), _resource("Api/Renamed/Resource")

    assert not changes_between({"Resources": {"A": before}}, {"Resources": {"A": after}})


def _resource(path: str, **properties: Any) -> dict[str, Any]:
    return {"Type": "T", "Properties": properties, "Metadata": {"aws:cdk:path": f"Stack/{path}"}}


@pytest.mark.parametrize(
    "name", ["app.py", "handlers/code.py", "handlers/new.json", "infrastructure/code.py"]
)
def test_an_edited_file_of_the_app_changes_its_digest(checkout: Path, name: str) -> None:
    before = app_digest(checkout), local_cloud_digest(checkout)

    (checkout / name).write_text("after\n")

    assert app_digest(checkout) != before[0]
    assert local_cloud_digest(checkout) == before[1]


def test_an_edited_file_of_the_local_cloud_changes_only_its_digest(checkout: Path) -> None:
    before = app_digest(checkout), local_cloud_digest(checkout)

    (checkout / "devtools/local_cloud/code.py").write_text("after\n")

    assert app_digest(checkout) == before[0]
    assert local_cloud_digest(checkout) != before[1]


def test_compiled_files_are_no_edit(checkout: Path) -> None:
    before = app_digest(checkout)

    (checkout / "handlers" / "__pycache__").mkdir()
    (checkout / "handlers" / "__pycache__" / "code.pyc").touch()

    assert app_digest(checkout) == before


@pytest.mark.parametrize("name", ["handlers/.env", "handlers/code.py~", "infrastructure/.code.py.swp"])
def test_a_file_that_is_not_deployed_is_no_edit(checkout: Path, name: str) -> None:
    before = app_digest(checkout)

    (checkout / name).write_text("STRIPE_KEY=sk_live\n")

    assert app_digest(checkout) == before


def test_a_renamed_file_is_an_edit(checkout: Path) -> None:
    before = app_digest(checkout)

    (checkout / "handlers/code.py").rename(checkout / "handlers/other.py")

    assert app_digest(checkout) != before


def test_a_save_is_noticed_with_its_name(checkout: Path) -> None:
    found: list[list[str]] = []
    watching = threading.Thread(target=lambda: found.append(next(saves(checkout))), daemon=True)
    watching.start()

    def saved() -> bool:
        # again and again: the first saves may come before the watch begins
        (checkout / "handlers/code.py").write_text(f"{time.monotonic()}\n")
        return bool(found)

    eventually(saved, "a noticed save")

    assert found == [["handlers/code.py"]]


def test_a_folder_keeps_its_address(tmp_path: Path) -> None:
    folder = Folder.from_root(tmp_path)
    first = Address.of(folder)

    first.with_port(5000).keep(folder)
    folder.clean()

    assert Address.of(folder) == first.with_port(5000)


def test_a_broken_address_file_gives_a_new_address(tmp_path: Path) -> None:
    folder = Folder.from_root(tmp_path)
    first = Address.of(folder)
    folder.address_file.write_text("{")

    assert Address.of(folder).api_key != first.api_key
    assert Address.of(folder) == Address.of(folder)


@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        ("DynamoDB_20120810.PutItem", True),
        ("DynamoDB_20120810.Query", False),
        ("DynamoDB_20120810.TransactWriteItems", True),
        ("AmazonSQS.SendMessage", True),
        ("AmazonSSM.GetParameter", False),
    ],
)
def test_an_operation_may_change_something(operation: str, *, changes: bool) -> None:
    scope = {"type": "http", "method": "POST", "headers": [(b"x-amz-target", operation.encode())]}

    assert may_change(scope) is changes


@pytest.mark.parametrize(("method", "changes"), [("POST", True), ("DELETE", True), ("GET", False)])
def test_a_request_without_an_operation_may_change_something_by_its_method(
    method: str, *, changes: bool
) -> None:
    assert may_change({"type": "http", "method": method, "headers": []}) is changes


def test_a_snapshot_is_made_by_another_process(tmp_path: Path) -> None:
    saved_by = tmp_path / "pid"
    snapshots = Snapshots(lambda: _write(saved_by, os.getpid()), may_save=lambda: True)

    _request(snapshots, "POST")
    snapshots.start()
    eventually(saved_by.exists, "a snapshot")
    snapshots.stop()

    assert int(saved_by.read_text()) != os.getpid()


def test_a_snapshot_replaces_the_one_before_and_the_digest_comes_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, written = tmp_path / "state", tmp_path / "state" / "next"
    written.mkdir(parents=True)
    (state / "sqs.json").write_text("before")
    for name in ("ssm.json", "sqs.json", "zzz.json"):
        (written / name).write_text("after")
    moved: list[str] = []
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda self, to: moved.append(self.name) or replace(self, to))

    move_snapshot(written, state)

    assert (state / "sqs.json").read_text() == "after"
    assert moved[-1] == "ssm.json"
    assert list(written.iterdir()) == []


def test_nothing_is_saved_while_it_may_not_be(tmp_path: Path) -> None:
    asked = threading.Event()
    saved = tmp_path / "saved"
    snapshots = Snapshots(saved.touch, may_save=lambda: asked.set() or False)

    _request(snapshots, "POST")
    snapshots.start()
    eventually(asked.is_set, "the question whether it may be saved")
    snapshots.stop()

    assert not saved.exists()


def _write(file: Path, pid: int) -> None:
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(str(pid))
    unfinished.replace(file)


def _request(snapshots: Snapshots, method: str) -> None:
    async def app(*_: Any) -> None:
        pass

    coroutine = snapshots.observed(app)({"type": "http", "method": method, "headers": []}, None, None)
    with pytest.raises(StopIteration):
        coroutine.send(None)  # type: ignore[attr-defined]  # an Awaitable that is a coroutine


def test_a_command_is_printed_as_the_caller_types_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = Path(sys.executable).parent
    monkeypatch.chdir(folder.parent.parent)
    monkeypatch.setenv("CALLER_PATH", str(folder))
    on_the_path = orderctl_command()
    monkeypatch.setenv("CALLER_PATH", "/nowhere")
    by_its_path = orderctl_command()
    monkeypatch.chdir(tmp_path)

    assert (on_the_path, by_its_path) == ("orderctl", f"{folder.parent.name}/bin/orderctl")
    assert orderctl_command() == str(folder / "orderctl")
