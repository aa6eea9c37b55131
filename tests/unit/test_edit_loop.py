"""What the edit loop compares, watches, saves and prints."""

import os
import sys
import threading
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from devtools.caller import orderctl_command
from devtools.local_cloud.address import Address
from devtools.local_cloud.folder import Folder
from devtools.local_cloud.snapshots import Snapshots, finish_snapshot, may_change, replace_snapshot
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
    snapshots = Snapshots(tmp_path, lambda: replace_snapshot(tmp_path, _write_pid), may_save=lambda: True)

    _request(snapshots, "POST")
    snapshots.start()
    eventually((tmp_path / "pid.json").exists, "a snapshot")
    snapshots.stop()

    assert int((tmp_path / "pid.json").read_text()) != os.getpid()


def test_a_snapshot_replaces_the_one_before(tmp_path: Path) -> None:
    (tmp_path / "sqs.json").write_text("before")

    replace_snapshot(tmp_path, _write_after)

    assert _texts(tmp_path) == {"dynamodb.json": "after", "sqs.json": "after", "ssm.json": "after"}


def test_a_snapshot_that_is_not_whole_leaves_the_one_before(tmp_path: Path) -> None:
    (tmp_path / "sqs.json").write_text("before")

    with pytest.raises(_DeathError):
        replace_snapshot(tmp_path, _write_a_part_and_die)
    finish_snapshot(tmp_path)
    assert _texts(tmp_path) == {"sqs.json": "before"}

    replace_snapshot(tmp_path, _write_after)
    assert "part.json" not in _texts(tmp_path)


@pytest.mark.parametrize("moves", range(4))
def test_a_whole_snapshot_is_moved_to_its_end_after_a_death(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    (tmp_path / "sqs.json").write_text("before")
    left, replace = iter(range(moves)), Path.replace

    def move_or_die(self: Path, target: Path) -> Path:
        if next(left, None) is None:
            raise _DeathError
        return replace(self, target)

    with monkeypatch.context() as dying:
        dying.setattr(Path, "replace", move_or_die)
        # three files are moved, so the last one of the numbers dies nowhere
        with pytest.raises(_DeathError) if moves < 3 else nullcontext():
            replace_snapshot(tmp_path, _write_after)
    finish_snapshot(tmp_path)

    assert _texts(tmp_path) == {"dynamodb.json": "after", "sqs.json": "after", "ssm.json": "after"}


def test_what_a_stopped_cloud_saves_is_not_replaced_by_the_snapshot_before(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    (whole / "sqs.json").write_text("snapshot")

    Snapshots(tmp_path, lambda: None, may_save=lambda: True).stop()
    (tmp_path / "sqs.json").write_text("saved at the end")
    finish_snapshot(tmp_path)

    assert _texts(tmp_path) == {"sqs.json": "saved at the end"}


def test_nothing_is_saved_while_it_may_not_be(tmp_path: Path) -> None:
    asked: list[bool] = []
    snapshots = Snapshots(
        tmp_path,
        lambda: replace_snapshot(tmp_path, _write_pid),
        may_save=lambda: bool(asked.append(True)),  # type: ignore[func-returns-value]  # it may not
    )

    _request(snapshots, "POST")
    snapshots.start()
    eventually(lambda: len(asked) > 1, "a second question whether it may be saved")
    snapshots.stop()

    assert _texts(tmp_path) == {}


def test_a_snapshot_follows_one_that_was_not_moved_to_its_end(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    (whole / "sns.json").write_text("before")

    replace_snapshot(tmp_path, _write_after)

    assert _texts(tmp_path) == {
        "dynamodb.json": "after",
        "sns.json": "before",
        "sqs.json": "after",
        "ssm.json": "after",
    }


class _DeathError(Exception):
    pass


def _write_pid(folder: Path) -> None:
    (folder / "pid.json").write_text(str(os.getpid()))


def _write_after(folder: Path) -> None:
    for name in ("dynamodb.json", "sqs.json", "ssm.json"):
        (folder / name).write_text("after")


def _write_a_part_and_die(folder: Path) -> None:
    (folder / "part.json").write_text("after")
    raise _DeathError


def _texts(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.glob("*.json")}


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
