"""`make verify-aws`: the order of its parts, what it refuses, and what it reports."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from devtools.recording.recording import RECORDINGS, Recording
from devtools.verify_aws import commands
from devtools.verify_aws.commands import run
from devtools.verify_aws.leftovers import resources_of, wait_until_gone
from devtools.verify_aws.part import Found, Part
from devtools.verify_aws.plan import Plan, require_own_stage
from devtools.verify_aws.recordings import Comparison
from devtools.verify_aws.report import report
from devtools.verify_aws.run import Works, verify
from orderctl.doctor.place import Place
from orderctl.errors import OperatorError
from tests.deployed.order_budget import OrderBudget
from tests.moto_clients import REGION, client
from tests.waiting import TIMEOUT_SECONDS, eventually

NAMES = ("doctor", "deploy", "tests", "recordings", "destroy")
FINE = Found(ok=True, text="fine")
BROKEN = Found(ok=False, text="broken")


def parts_of(**works: Callable[[], Found]) -> list[Part]:
    """Run all parts; those that are not given are fine."""
    return verify(Works(**{name: works.get(name, lambda: FINE) for name in NAMES}))


def raising(error: BaseException) -> Callable[[], Found]:
    def work() -> Found:
        raise error

    return work


def in_account(number: str, stage: str = "review") -> Plan:
    found: dict[str, Any] = {"Account": number}
    place = Place(stage=stage, region="eu-west-1", client=client)
    place.__dict__["identity"] = found  # the cached property
    return Plan(place=place)


def test_all_parts_follow_each_other() -> None:
    assert [part.name for part in parts_of()] == list(NAMES)


def test_nothing_is_deployed_after_the_doctor_found_a_problem() -> None:
    assert [part.name for part in parts_of(doctor=lambda: BROKEN)] == ["doctor"]


@pytest.mark.parametrize(
    "failing", [lambda: BROKEN, raising(RuntimeError("no")), raising(KeyboardInterrupt())]
)
def test_a_stage_whose_deployment_failed_is_destroyed(failing: Callable[[], Found]) -> None:
    assert [part.name for part in parts_of(deploy=failing)] == ["doctor", "deploy", "destroy"]


@pytest.mark.parametrize("failing", [lambda: BROKEN, raising(RuntimeError("no"))])
def test_the_recordings_are_made_after_failed_tests(failing: Callable[[], Found]) -> None:
    assert [part.name for part in parts_of(tests=failing)] == list(NAMES)


def test_an_interrupted_run_destroys_its_stage_at_once() -> None:
    parts = parts_of(tests=raising(KeyboardInterrupt()))

    assert [part.name for part in parts] == ["doctor", "deploy", "tests", "destroy"]
    assert (parts[2].found.text, parts[2].found.ok) == ("interrupted", False)


@pytest.mark.parametrize("stage", ["prod", "PROD", "dev", "local", "", "a_b", "-x"])
def test_a_stage_that_is_not_ones_own_is_refused(stage: str) -> None:
    with pytest.raises(OperatorError):
        require_own_stage(stage)


def test_a_stage_of_ones_own_is_accepted() -> None:
    require_own_stage("alice")


@mock_aws
def test_the_cost_and_the_loss_of_an_existing_stage_are_told_beforehand() -> None:
    plan = in_account("123456789012")
    before = list(plan.lines())
    client("cloudformation").create_stack(
        StackName="OrderProcessing-review",
        TemplateBody='{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}',
    )
    text = "\n".join(in_account("123456789012").lines())

    assert "Everything in it is deleted" not in "\n".join(before)
    assert "Everything in it is deleted" in text
    assert "account ********9012" in text
    assert "at most 0.04 USD (estimate of November 2026), for 320 orders" in text


def test_the_report_names_what_failed_and_hides_the_account() -> None:
    parts = [
        Part(name="deploy", seconds=125, found=FINE),
        Part(name="tests", seconds=3, found=Found(ok=False, text="1 failed", details=("- test_rush: x",))),
    ]

    text = report(in_account("123456789012"), parts, datetime(2026, 11, 26, 5, tzinfo=UTC))

    assert text.startswith("# verify-aws of review: FAILED\n")
    assert "- began 2026-11-26 05:00 UTC" in text
    assert "| deploy | ✓ | 2 min 5 s | fine |" in text
    assert "| tests | ✗ | 3 s | 1 failed |" in text
    assert "## tests\n\n- test_rush: x" in text
    assert "123456789012" not in text


@pytest.mark.parametrize(
    ("keep", "found", "is_left"), [(False, FINE, False), (False, BROKEN, True), (True, FINE, True)]
)
def test_the_report_tells_how_to_destroy_what_is_left(*, keep: bool, found: Found, is_left: bool) -> None:
    plan = replace(in_account("123456789012"), keep=keep)

    text = report(plan, [Part(name="destroy", seconds=1, found=found)], datetime.now(UTC))

    assert ("cdk destroy -c stage=review" in text) == is_left


def test_a_recording_on_another_path_fails_and_is_shown() -> None:
    kept = Recording.read(RECORDINGS / "confirmed.json")
    other = Recording.read(RECORDINGS / "payment_declined.json")
    comparison = Comparison()

    comparison.add(kept, kept)
    comparison.add(replace(other, scenario="confirmed"), kept)

    found = comparison.found()
    assert not found.ok
    assert found.text.startswith("1 the same, 1 on another path, 0 with other contents")
    assert "enters Compensate" in found.details[0]
    assert found.details[1].startswith("```diff\n--- kept")
    assert len(found.details[1].splitlines()) <= 22


def test_other_contents_on_the_same_path_are_shown_and_do_not_fail() -> None:
    kept = Recording.read(RECORDINGS / "confirmed.json")
    changed = replace(kept, input={**kept.input, "resources": ["more"]})
    comparison = Comparison()

    comparison.add(changed, kept)

    assert comparison.found().ok
    assert "0 on another path, 1 with other contents" in comparison.found().text
    assert "the same path" in comparison.found().details[0]


def test_another_place_and_date_is_no_difference() -> None:
    kept = Recording.read(RECORDINGS / "confirmed.json")
    comparison = Comparison()

    comparison.add(replace(kept, origin=replace(kept.origin, where="aws", date="2030-01-01")), kept)

    assert comparison.same == ["confirmed"]


@mock_aws
def test_what_is_left_of_a_stack_is_found() -> None:
    place = Place(stage="review", region=REGION, client=client)
    client("cloudformation").create_stack(
        StackName="OrderProcessing-review",
        TemplateBody='{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}, "T": {"Type": "AWS::SNS::Topic"}}}',
    )
    resources = resources_of(place)
    (url,) = resources["AWS::SQS::Queue"]

    left = wait_until_gone(place, resources, seconds=0)
    client("cloudformation").delete_stack(StackName="OrderProcessing-review")

    assert [each.split()[0] for each in left] == ["AWS::SNS::Topic", "AWS::SQS::Queue"]
    assert left[1].endswith(url.rpartition("/")[2])
    assert wait_until_gone(place, resources, seconds=0) == []


@mock_aws
def test_a_stack_that_does_not_exist_has_no_resources() -> None:
    assert resources_of(Place(stage="review", region=REGION, client=client)) == {}


def test_a_command_is_shown_kept_and_its_code_returned(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    code = run([sys.executable, "-c", "print('deploying'); exit(3)"], tmp_path / "log")

    assert code == 3
    assert (tmp_path / "log").read_text() == "deploying\n"
    assert capfdbinary.readouterr().out == b"deploying\n"


CLEANS_UP = """
import sys, time
print("started", flush=True)
try:
    time.sleep(600)
except KeyboardInterrupt:
    print("cleaned up", flush=True)
    sys.exit(130)
"""


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Let SIGINT interrupt this process: a shell starts a program in the background without that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_reaches_the_running_command_once(tmp_path: Path) -> None:
    log = tmp_path / "log"

    def press() -> None:
        eventually(lambda: log.exists() and "started" in log.read_text(), "the start of the command")
        os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press)
    presser.start()
    with pytest.raises(KeyboardInterrupt):
        run([sys.executable, "-c", CLEANS_UP], log, seconds=TIMEOUT_SECONDS)
    presser.join()

    assert log.read_text() == "started\ncleaned up\n"


STUBBORN = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(600)"


@pytest.mark.parametrize("program", [CLEANS_UP, STUBBORN], ids=["cleans up", "ignores the interruption"])
def test_a_command_that_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(commands, "_GRACE_SECONDS", 0.5)

    assert run([sys.executable, "-c", program], tmp_path / "log", seconds=0.5) != 0


def test_one_order_too_much_fails_and_a_retry_is_not_another_order() -> None:
    budget = OrderBudget(2)
    budget.is_counting = True
    for _ in range(3):
        budget.count({"Idempotency-Key": "a"})
    budget.count({})

    with pytest.raises(AssertionError, match="more than 2 orders"):
        budget.count({})
