"""Lets a local cloud run this checkout: starts it, changes it, restarts it and stops it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from devtools.checkout import REPOSITORY
from devtools.local_cloud.bootstrap import bootstrap
from devtools.local_cloud.cdk_deploy import (
    CDK,
    STACK_NAME,
    let_deploy,
    start_deployment,
    synthesized_template,
    wait_for_deployment,
)
from devtools.local_cloud.deployed_app import (
    deployed_digest,
    deployed_stack,
    deployed_template,
    note_deployed,
)
from devtools.local_cloud.folder import Folder, InUseError, write_atomically
from devtools.local_cloud.processes import ProcessGroups, kill_group, send
from devtools.local_cloud.sample_catalogue import SAMPLE_CATALOGUE
from devtools.local_cloud.server import DISCARD
from devtools.local_cloud.server_process import (
    GRACE_SECONDS,
    known_server,
    server_record,
    start_server,
    wait_until_ready,
    wait_while_in_use,
)
from devtools.local_cloud.signals import StopSignals
from devtools.local_cloud.sources import app_digest, local_cloud_digest
from devtools.local_cloud.template_changes import Changes, changes_between
from orderctl.errors import OperatorError
from orderctl.products import ProductsTable
from orderctl.stack import Stack, local_stack
from orderctl.terminal import say, step


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """A local cloud that runs this checkout.

    `was_running` tells whether it ran before. `data_of` is when the data that it started with was saved, None
    when it started empty. `changes` is what was deployed onto the running one, None when nothing had changed.
    """

    stack: Stack
    was_running: bool = False
    data_of: datetime | None = None
    changes: Changes | None = None


def bring_up(
    folder: Folder,
    *,
    port: int | None = None,
    stocked: bool = True,
    fresh: bool = False,
    enforce_iam: bool = False,
) -> Up:
    """Start a local cloud with this checkout, or deploy what has changed onto the running one.

    It finds the data that it had when it was killed or stopped, unless `fresh`.
    With `enforce_iam` it starts empty, and refuses what a role does not allow.
    Raises InUseError if another command starts, changes or stops the local cloud.
    """
    if fresh or (enforce_iam and not folder.iam_marker.exists()):
        stop_local_cloud(folder)
    elif folder.in_use():
        return deploy_changes(folder)
    data_of = folder.saved_at()
    if data_of:
        if _start_again(folder, port):
            return replace(deploy_changes(folder), was_running=False, data_of=data_of)
        say("What was saved is without the deployed app, so it can't be used.")
    return Up(stack=start_local_cloud(folder, port=port, stocked=stocked, enforce_iam=enforce_iam))


def start_local_cloud(
    folder: Folder,
    *,
    port: int | None = None,
    stocked: bool = True,
    cdk: Path = CDK,
    enforce_iam: bool = False,
) -> Stack:
    """Start MiniStack empty, deploy the app and stock the sample catalogue; stop everything on an error.

    Raises InUseError if a local cloud runs, starts or stops in the folder.
    """
    with (
        StopSignals() as signals,
        folder.locked() as lock,
        _cleaned_on_failure(folder, signals),
        ProcessGroups(signals, grace_seconds=GRACE_SECONDS) as processes,
    ):
        folder.clean()
        if enforce_iam:
            folder.iam_marker.touch(mode=0o600)
        sources = app_digest()
        with step("MiniStack"):
            server = start_server(processes, folder, port, lock)
            endpoint_url = server_record(server, folder).endpoint_url
            # the CDK synthesizes while MiniStack loads
            deployment = start_deployment(processes, folder, endpoint_url, cdk=cdk)
            wait_until_ready(server, folder, endpoint_url)
            bootstrap(endpoint_url)
            let_deploy(folder)
        with step(f"cdk deploy {STACK_NAME}") as shown:
            wait_for_deployment(deployment, folder, shown.set_detail)
        note_deployed(endpoint_url, sources)
        stack = deployed_stack(endpoint_url)
        if stocked:
            _stock(stack)
        write_atomically(folder.stack_file, stack.to_json())
        processes.keep_running(server)
    return stack


def deploy_changes(folder: Folder, *, cdk: Path = CDK, checkout: Path = REPOSITORY) -> Up:
    """Deploy what differs between a checkout and the running local cloud; its data and address stay.

    Raises InUseError if another command starts, changes or stops the local cloud.
    """
    if not folder.in_use():
        raise _nothing_runs()
    with folder.locked_for_changes():
        if not folder.stack_file.exists():
            raise InUseError
        if known_server(folder).code != local_cloud_digest():
            with step("MiniStack again, with its data: the code in devtools has changed"):
                restart_local_cloud(folder)
        stack = local_stack(folder.stack_file)
        endpoint_url, sources = str(stack.endpoint_url), app_digest(checkout)
        if deployed_digest(endpoint_url) == sources:
            return Up(stack=stack, was_running=True)
        changes = _deploy(folder, endpoint_url, cdk, checkout)
        note_deployed(endpoint_url, sources)
        stack = deployed_stack(endpoint_url)
        write_atomically(folder.stack_file, stack.to_json())
        return Up(stack=stack, was_running=True, changes=changes)


def stop_local_cloud(
    folder: Folder, *, keep_data: bool = False, grace_seconds: float = GRACE_SECONDS
) -> bool:
    """Stop the local cloud and remove what it stored, unless `keep_data`; return whether it was running."""
    running = folder.in_use()
    if running:
        server = known_server(folder)
        send(server.pid, signal.SIGTERM if keep_data else DISCARD)
        wait_while_in_use(folder, grace_seconds)
        kill_group(server.pid)
    if not keep_data:
        folder.clean()
        folder.remove_logs()
    return running


def restart_local_cloud(folder: Folder) -> None:
    """Stop MiniStack and start it again, with its saved state and on the same port."""
    if not folder.in_use():
        raise _nothing_runs()
    before = known_server(folder)
    send(before.pid, signal.SIGTERM)
    wait_while_in_use(folder, GRACE_SECONDS)
    kill_group(before.pid)
    with (
        StopSignals() as signals,
        folder.locked() as lock,
        ProcessGroups(signals, grace_seconds=GRACE_SECONDS) as processes,
    ):
        server = start_server(processes, folder, before.port, lock)
        if (now := server_record(server, folder)).port != before.port:
            raise OperatorError(
                f"The local cloud can't start again on port {before.port}",
                why="another program took it",
                what_to_do="Start it on another port with `orderctl up`; it finds its data.",
            )
        wait_until_ready(server, folder, now.endpoint_url)
        processes.keep_running(server)


def _start_again(folder: Folder, port: int | None) -> bool:
    """Start MiniStack with what it saved; return whether the app is there."""
    with (
        StopSignals() as signals,
        folder.locked() as lock,
        ProcessGroups(signals, grace_seconds=GRACE_SECONDS) as processes,
    ):
        with step("MiniStack, with its data"):
            server = start_server(processes, folder, port, lock)
            endpoint_url = server_record(server, folder).endpoint_url
            wait_until_ready(server, folder, endpoint_url)
        if deployed_digest(endpoint_url) is None:
            return False
        write_atomically(folder.stack_file, deployed_stack(endpoint_url).to_json())
        processes.keep_running(server)
        return True


def _deploy(folder: Folder, endpoint_url: str, cdk: Path, checkout: Path) -> Changes:
    before = deployed_template(endpoint_url)
    with (
        StopSignals() as signals,
        ProcessGroups(signals, grace_seconds=GRACE_SECONDS) as processes,
        step(f"cdk deploy {STACK_NAME}") as shown,
    ):
        deployment = start_deployment(processes, folder, endpoint_url, cdk=cdk, checkout=checkout)
        let_deploy(folder)
        wait_for_deployment(deployment, folder, shown.set_detail)
    return changes_between(before, synthesized_template(folder))


def _nothing_runs() -> OperatorError:
    return OperatorError("No local cloud is running", what_to_do="Start one with `orderctl up`.")


@contextmanager
def _cleaned_on_failure(folder: Folder, signals: StopSignals) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with signals.held():
            folder.clean()
        raise


def _stock(stack: Stack) -> None:
    with step(f"sample catalogue of {len(SAMPLE_CATALOGUE)} products"):
        for _ in ProductsTable(stack).stock(SAMPLE_CATALOGUE):
            pass
