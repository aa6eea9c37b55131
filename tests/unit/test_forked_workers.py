"""A fork of the template behaves as a process of its own that runs the same program."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZipFile

import pytest
from ministack.core import lambda_runtime

from devtools.local_cloud import forked_workers, worker_template
from devtools.local_cloud.forked_workers import ForkedWorker, WorkerTemplate
from devtools.local_cloud.patches import lambda_forks

pytestmark = pytest.mark.skipif(not forked_workers.IS_POSSIBLE, reason="Linux only")
SECONDS = 60
SAYS_WHAT_IT_HAS = """
import json, os, random, signal, sys
from sibling import NAME
print("to stderr: ä", file=sys.stderr)
print(json.dumps({
    "line": sys.stdin.readline(), "environment": dict(os.environ), "cwd": os.getcwd(), "argv": sys.argv,
    "path": sys.path, "name": __name__, "sibling": NAME, "random": random.random(), "pid": os.getpid(),
    "descriptors": sorted(int(name) for name in os.listdir("/proc/self/fd"))[:-1],  # the last reads it
    "children": signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL,
    "ours": [name for name in sys.modules if name.partition(".")[0] in {"handlers", "devtools", "orderctl"}],
}))
"""
ENVIRONMENT = {"PATH": os.environ["PATH"], "ONLY": "this"}

Start = Callable[[str], ForkedWorker]


@pytest.fixture(scope="module")
def template() -> Iterator[WorkerTemplate]:
    template = WorkerTemplate()
    yield template
    template.close()


@pytest.fixture
def start(template: WorkerTemplate, tmp_path: Path) -> Start:
    """Starts a worker with this program."""
    program = tmp_path / "program.py"
    (tmp_path / "sibling.py").write_text("NAME = 'sibling'")
    (tmp_path / "folder").mkdir()

    def started(text: str) -> ForkedWorker:
        program.write_text(text)
        return template.worker(str(program), str(tmp_path / "folder"), ENVIRONMENT)

    return started


def test_a_worker_has_its_own_program_folder_environment_and_streams(start: Start, tmp_path: Path) -> None:
    worker = start(SAYS_WHAT_IT_HAS)
    worker.stdin.write("hello ä\n")
    found = json.loads(worker.stdout.readline())

    assert found["line"] == "hello ä\n"
    assert found["environment"] == ENVIRONMENT
    assert found["cwd"] == str(tmp_path / "folder")
    assert found["argv"] == [str(tmp_path / "program.py")]
    assert found["path"][0] == str(tmp_path)
    assert (found["name"], found["sibling"]) == ("__main__", "sibling")
    assert found["children"]
    assert found["descriptors"] == [0, 1, 2]
    assert found["ours"] == []
    assert found["pid"] == worker.pid
    assert worker.stderr.read() == "to stderr: ä\n"
    assert worker.wait(SECONDS) is not None


def test_two_workers_draw_other_numbers(start: Start) -> None:
    drawn = set()
    for _ in range(2):
        worker = start(SAYS_WHAT_IT_HAS)
        worker.stdin.close()
        drawn.add(json.loads(worker.stdout.read())["random"])

    assert len(drawn) == 2


def test_an_exception_of_the_program_is_written_and_ends_the_worker(start: Start) -> None:
    worker = start("print('before')\nraise ValueError('no such thing')")

    assert worker.stderr.read().endswith("ValueError: no such thing\n")
    assert worker.stdout.read() == "before\n"
    assert worker.wait(SECONDS) is not None


def test_a_program_may_end_itself(start: Start) -> None:
    worker = start("print('before')\nraise SystemExit(3)")

    assert (worker.stdout.read(), worker.stderr.read()) == ("before\n", "")
    assert worker.wait(SECONDS) is not None


def test_an_environment_that_is_too_large_is_refused(template: WorkerTemplate, start: Start) -> None:
    with pytest.raises(OSError, match="Message too long"):
        template.worker("program.py", "/", {"LARGE": "x" * worker_template.MOST_BYTES})

    assert start("print('next')").stdout.read() == "next\n"


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_a_worker_that_waits_runs_until_it_is_ended(start: Start, end: str) -> None:
    worker = start("print('started', flush=True)\ninput()")
    worker.stdout.readline()

    assert worker.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        worker.wait(0)
    getattr(worker, end)()
    assert worker.wait(SECONDS) is not None
    assert worker.poll() is not None
    getattr(worker, end)()  # of a process that is gone


def test_a_worker_ends_with_its_stdin_and_not_with_that_of_another_one(start: Start) -> None:
    waits = "import sys\nprint('started', flush=True)\nsys.stdin.read()"
    first, second = start(waits), start(waits)
    for worker in (first, second):
        worker.stdout.readline()
    first.stdin.close()

    assert first.wait(SECONDS) is not None
    assert second.poll() is None
    second.stdin.close()
    assert second.wait(SECONDS) is not None


@pytest.fixture
def patched(monkeypatch: pytest.MonkeyPatch, template: WorkerTemplate) -> WorkerTemplate:
    """MiniStack starts its processes with this template."""
    monkeypatch.setattr(lambda_forks, "WorkerTemplate", lambda: template)
    monkeypatch.setattr(lambda_runtime, "subprocess", SimpleNamespace())
    lambda_forks.apply()
    return template


@pytest.mark.usefixtures("patched")
def test_the_worker_of_a_python_function_is_a_fork(tmp_path: Path) -> None:
    config = {
        "FunctionName": "probe",
        "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:probe",
        "Runtime": "python3.12",
        "Handler": "probe.handler",
        "Environment": {"Variables": {"GREETING": "hello"}},
        "Timeout": SECONDS,
    }
    code = tmp_path / "code.zip"
    with ZipFile(code, "w") as package:
        package.writestr(
            "probe.py", "import os\ndef handler(event, _): return [os.environ['GREETING'], event]"
        )
    worker = lambda_runtime.Worker("probe", config, code.read_bytes())

    outcome = worker.invoke({"number": 1}, "request")

    assert (outcome["status"], outcome["result"]) == ("ok", ["hello", {"number": 1}])
    assert isinstance(worker._proc, ForkedWorker)
    lambda_runtime.kill_workers([worker])


def test_without_the_template_a_worker_is_a_process_that_loads_its_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = WorkerTemplate()
    ended.close()
    monkeypatch.setattr(lambda_forks, "WorkerTemplate", lambda: ended)
    monkeypatch.setattr(lambda_runtime, "subprocess", SimpleNamespace())
    program = tmp_path / "_worker.py"
    program.write_text("print('loaded')")
    lambda_forks.apply()

    worker = lambda_runtime.subprocess.Popen(
        [sys.executable, str(program)], cwd=str(tmp_path), env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    )

    assert isinstance(worker, subprocess.Popen)
    assert worker.communicate()[0] == "loaded\n"
