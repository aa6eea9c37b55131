"""The real `cdk deploy` of this app onto a local cloud."""

import json
import re
import shlex
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from devtools.checkout import REPOSITORY
from devtools.local_cloud import kept_synthesis
from devtools.local_cloud.folder import Folder
from devtools.local_cloud.processes import POLL_SECONDS, Process, ProcessGroups, last_lines
from devtools.local_cloud.settings import deployment_environment
from devtools.local_cloud.sources import app_changed_at
from handlers.contract.names import Stage, stack_name
from orderctl.errors import OperatorError

CDK: Final = REPOSITORY / "node_modules" / ".bin" / "cdk"
STACK_NAME: Final = stack_name(Stage.LOCAL)
_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployment, when it was started, and the digest of what was synthesized for it."""

    process: Process
    checkout: Path
    sources: str
    started: float  # seconds since the epoch


def start_deployment(
    processes: ProcessGroups,
    folder: Folder,
    endpoint_url: str,
    *,
    cdk: Path = CDK,
    checkout: Path = REPOSITORY,
) -> Deployment:
    """Start the CDK. It needs the cloud only after the synthesis, which takes seconds.

    The app is synthesized while the command line loads, which takes a second. What that is given as the app
    only waits, also for `let_deploy`. The same app is not synthesized twice.
    """
    if not cdk.exists():
        raise OperatorError("The CDK command line is not installed", what_to_do="Run `make install`.")
    started, sources = time.time(), kept_synthesis.sources_of(checkout)
    waiting = _start_synthesis(processes, folder, endpoint_url, checkout, sources)
    process = processes.start(
        [
            cdk,
            "deploy",
            STACK_NAME,
            *("--app", waiting),
            *("--context", "stage=local"),
            *("--output", folder.assembly),
            *("--method", "direct"),
            *("--require-approval", "never"),
            *("--progress", "events"),
            "--no-version-reporting",
            "--no-notices",
            "--no-color",
            "--ci",
        ],
        environment=deployment_environment(folder, endpoint_url),
        log=folder.deploy_log,
        cwd=checkout,
    )
    return Deployment(process=process, checkout=checkout, sources=sources, started=started)


def _start_synthesis(
    processes: ProcessGroups, folder: Folder, endpoint_url: str, checkout: Path, sources: str
) -> str:
    """Start the app as the command line would; return a command that waits for it and ends as it did."""
    log, ended = folder.temporary / "synthesis.log", folder.temporary / "synthesis.ended"
    for file in (ended, _bootstrapped(folder)):
        file.unlink(missing_ok=True)
    written, final = shlex.quote(f"{ended}.unfinished"), shlex.quote(str(ended))
    ready = f"test -e {final} && test -e {shlex.quote(str(_bootstrapped(folder)))}"
    wait = f"until {ready}; do sleep 0.05; done"
    waiting = shlex.join(["/bin/sh", "-c", f"{wait}; cat {shlex.quote(str(log))} >&2; exit $(cat {final})"])
    if kept_synthesis.restore(sources, folder.assembly):
        for file, text in ((log, ""), (ended, "0")):
            file.touch(mode=0o600)
            file.write_text(text)
        return waiting
    # Without what was synthesized before.
    shutil.rmtree(folder.assembly, ignore_errors=True)
    context = json.loads((checkout / "cdk.json").read_text())["context"]
    app = shlex.join([sys.executable, "app.py"])
    processes.start(
        ["/bin/sh", "-c", f"{app}; echo $? > {written}; mv {written} {final}"],
        environment={
            **deployment_environment(folder, endpoint_url),
            "CDK_OUTDIR": str(folder.assembly),
            "CDK_CONTEXT_JSON": json.dumps(
                {**context, "stage": Stage.LOCAL, "aws:cdk:enable-path-metadata": True}
            ),
        },
        log=log,
        cwd=checkout,
    )
    return waiting


def let_deploy(folder: Folder) -> None:
    """Let the started deployment use the cloud: what it needs there is made."""
    _bootstrapped(folder).touch(mode=0o600)


def _bootstrapped(folder: Folder) -> Path:
    return folder.temporary / "bootstrapped"


def wait_for_deployment(deployment: Deployment, folder: Folder, show: Callable[[str], None]) -> None:
    """Show each line of the CDK until it ends; raise OperatorError with the last lines when it failed."""
    cdk = deployment.process
    while cdk.poll() is None:
        show(next(iter(last_lines(folder.deploy_log, 1)), ""))
        time.sleep(POLL_SECONDS * 5)
    folder.make_assembly_private()
    if cdk.returncode != 0:
        raise OperatorError(
            "The app could not be deployed onto the local cloud",
            why="\n".join(["", *_reasons(folder.deploy_log)]),
            what_to_do=f"Read {folder.deploy_log} (the CDK) and {folder.server_log} (the cloud).",
        )
    _keep_synthesis(deployment, folder)


def _keep_synthesis(deployment: Deployment, folder: Folder) -> None:
    """Keep what was synthesized of this repository, unless it was edited meanwhile, or there and back."""
    if deployment.checkout != REPOSITORY or app_changed_at() >= deployment.started:
        return
    if deployment.sources == kept_synthesis.sources_of(REPOSITORY):
        # The deployment has succeeded, whether there is space left for this or not.
        with suppress(OSError):
            kept_synthesis.keep(deployment.sources, folder.assembly)


def synthesized_template(folder: Folder) -> dict[str, Any]:
    """Return the template that the CDK made last."""
    template: dict[str, Any] = json.loads((folder.assembly / f"{STACK_NAME}.template.json").read_text())
    return template


def _reasons(log: Path) -> list[str]:
    lines = [_ANSI.sub("", line) for line in last_lines(log, 200)]
    failures = [line for line in lines if "_FAILED" in line or "Error" in line or "failed" in line]
    return (failures or lines)[-5:]
