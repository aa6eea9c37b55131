"""What the parts of a run do: the commands that a person would type."""

import shlex
import shutil
import sys
from time import monotonic
from typing import Final
from xml.etree import ElementTree as ET

from botocore.exceptions import BotoCoreError, ClientError

from devtools.local_cloud.cdk_deploy import CDK
from devtools.verify_aws.commands import last_output, run
from devtools.verify_aws.cost import MOST_TEST_ORDERS, ORDERS_PROPERTY
from devtools.verify_aws.leftovers import Resources, resources_of, wait_until_gone
from devtools.verify_aws.part import Found
from devtools.verify_aws.plan import Plan
from devtools.verify_aws.recordings import record_and_compare
from devtools.verify_aws.run import Works
from orderctl.stack import find_stack
from orderctl.terminal import say

# GitHub's job and its credentials last an hour. Some of it must be left for the destruction.
_LAST_TEST_SECONDS: Final = 25 * 60
_LAST_RECORDING_SECONDS: Final = 40 * 60


class StageWorks:
    """The parts of one run; its time begins now."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._began = monotonic()
        self._assembly = plan.folder / "cdk.out"
        self._recordings = plan.folder / "recordings"
        plan.folder.mkdir(parents=True, exist_ok=True)
        for folder in (self._assembly, self._recordings):
            shutil.rmtree(folder, ignore_errors=True)

    def works(self) -> Works:
        """Return all of them."""
        return Works(
            doctor=self._doctor,
            deploy=self._deploy,
            tests=self._tests,
            recordings=self._record,
            destroy=self._destroy,
        )

    def _doctor(self) -> Found:
        log = self._plan.folder / "doctor.log"
        code = run([sys.executable, "-m", "orderctl", "doctor", "--stage", self._plan.place.stage], log)
        if code == 0:
            return Found(ok=True, text="no problem")
        return Found(ok=False, text="it found a problem", details=(last_output(log),))

    def _deploy(self) -> Found:
        log = self._plan.folder / "deploy.log"
        code = run(
            [
                *self._cdk("deploy", synthesize=True),
                *("--output", self._assembly),
                *("--require-approval", "never"),
                *("--progress", "events"),
            ],
            log,
        )
        if code == 0:
            return Found(ok=True, text="deployed")
        return Found(ok=False, text=f"cdk deploy ended with {code}", details=(last_output(log),))

    def _tests(self) -> Found:
        log, results = self._plan.folder / "tests.log", self._plan.folder / "tests.xml"
        results.unlink(missing_ok=True)
        chosen = ["-k", self._plan.tests] if self._plan.tests else []
        code = run(
            [
                *(sys.executable, "-m", "pytest", "-v", "tests/deployed", "--stage", self._plan.place.stage),
                *(f"--junitxml={results}", *chosen),
            ],
            log,
            # The order file of the tests has a known number of orders.
            environment={"ORDERS_CSV": "", "PYTHONUNBUFFERED": "1"},
            seconds=self._began + _LAST_TEST_SECONDS - monotonic(),
        )
        if not results.exists():
            return Found(ok=False, text=f"pytest ended with {code}", details=(last_output(log),))
        return _test_results(results.read_text(), code)

    def _record(self) -> Found:
        stack = find_stack(self._plan.place.stack_name)
        deadline = self._began + _LAST_RECORDING_SECONDS
        return record_and_compare(stack, self._plan.scenarios, self._recordings, deadline=deadline)

    def _destroy(self) -> Found:
        if self._plan.keep:
            return Found(ok=True, text="not destroyed (KEEP=1)")
        resources = self._resources()
        log = self._plan.folder / "destroy.log"
        is_synthesized = (self._assembly / "manifest.json").exists()
        code = run([*self._cdk("destroy", synthesize=not is_synthesized), "--force"], log)
        if code != 0:
            text = f"cdk destroy ended with {code}; the stage is still there"
            return Found(ok=False, text=text, details=(last_output(log),))
        if resources is None:
            return Found(ok=False, text="destroyed; whether anything is left can't be told")
        left = wait_until_gone(self._plan.place, resources)
        if left:
            listed = "\n".join(f"- {each}" for each in left)
            return Found(ok=False, text=f"{len(left)} resources are left", details=(listed,))
        return Found(ok=True, text="destroyed; nothing of the stack is left")

    def _resources(self) -> Resources | None:
        """Return what the stack has; None after an error, which must not keep the stage from its end."""
        try:
            return resources_of(self._plan.place)
        except (BotoCoreError, ClientError) as error:
            say(f"The resources of the stack can't be listed: {error}")
            return None

    def _cdk(self, command: str, *, synthesize: bool) -> list[str]:
        place = self._plan.place
        app = shlex.join([sys.executable, "app.py"]) if synthesize else str(self._assembly)
        return [
            *(str(CDK), command, place.stack_name),
            *("--app", app),
            *("--context", f"stage={place.stage}"),
            *("--no-notices", "--no-version-reporting", "--no-color", "--ci"),
        ]


def _test_results(xml: str, code: int) -> Found:
    # pytest wrote it for this run
    suite = ET.fromstring(xml).find("testsuite")  # noqa: S314
    if suite is None:
        return Found(ok=False, text=f"pytest ended with {code} and wrote no results")
    failed = [
        f"- {case.get('classname', '').removeprefix('tests.deployed.')}: {case.get('name')}"
        for case in suite.iter("testcase")
        if case.find("failure") is not None or case.find("error") is not None
    ]
    count = int(suite.get("tests", "0"))
    orders = {each.get("name"): each.get("value") for each in suite.iter("property")}.get(ORDERS_PROPERTY)
    passed = count - len(failed)
    text = f"{passed} passed, {len(failed)} failed; {orders} of at most {MOST_TEST_ORDERS} orders placed"
    details = ("\n".join(failed),) if failed else ()
    return Found(ok=code == 0, text=text, details=details)
