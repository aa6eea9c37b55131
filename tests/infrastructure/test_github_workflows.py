"""What `make lint` finds in .github, and the rules of the workflows that no linter knows."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from devtools.checkout import REPOSITORY
from devtools.lint_workflows import findings

_FOLDER: Final = REPOSITORY / ".github"
_CHECKOUT: Final = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"
_ROLE: Final = "aws-actions/configure-aws-credentials"


# File, its text, what replaces it there.
_BREAKS: Final = [
    ("workflows/ci.yml", _CHECKOUT, "actions/checkout@v7"),
    ("workflows/ci.yml", "\npermissions: {}\n", ""),
    ("workflows/ci.yml", "persist-credentials: false", "fetch-depth: 1"),
    ("workflows/ci.yml", "run: make lint", "run: echo ${{ github.event.pull_request.title }}"),
    (
        "workflows/ci.yml",
        "cancel-in-progress: ${{ github.event_name ==",
        "cancel-in-progress: ${{ github.name +",
    ),
    ("workflows/ci.yml", "runs-on: ${{ matrix.os }}", "runs-on: ${{ matrix.system }}"),
    ("workflows/ci.yml", "branches: [main]", "branch: [main]"),
    ("workflows/ci.yml", "runs-on: ubuntu-24.04", "runs-on: ubuntu-24.40"),
    ("workflows/deploy.yml", "  pull_request:\n", "  pull_request_target:\n"),
    ("workflows/deploy.yml", "needs: review", "needs: staging"),
    ("dependabot.yml", "ignore:", "ignored:"),
    ("dependabot.yml", "default-days: 7", "default-days: 1"),
]


def _copy(folder: Path) -> Path:
    return Path(shutil.copytree(_FOLDER, folder / ".github"))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is found in a copy that is broken in many ways."""
    folder = _copy(tmp_path_factory.mktemp("broken"))
    for file, before, after in _BREAKS:
        text = (folder / file).read_text(encoding="utf-8")
        assert before in text
        (folder / file).write_text(text.replace(before, after, 1), encoding="utf-8")
    return findings(folder)


def test_lint_finds_nothing_in_an_unchanged_copy(tmp_path: Path) -> None:
    assert findings(_copy(tmp_path)) == {}


@pytest.mark.parametrize(
    ("tool", "message"),
    [
        pytest.param("zizmor", "unpinned-uses", id="an action that is not pinned"),
        pytest.param("zizmor", "excessive-permissions", id="no permissions"),
        pytest.param("zizmor", "artipacked", id="a token that stays in the checkout"),
        pytest.param("zizmor", "template-injection", id="a title of a pull request in a script"),
        pytest.param("zizmor", "dangerous-triggers", id="pull_request_target"),
        pytest.param("zizmor", "dependabot-cooldown", id="an update on the day of its release"),
        pytest.param("actionlint", "unexpected character '+'", id="a syntax error in an expression"),
        pytest.param("actionlint", '"system" is not defined', id="a name that the matrix does not have"),
        pytest.param("actionlint", 'unexpected key "branch"', id="a misspelt key"),
        pytest.param("actionlint", '"staging" which does not exist', id="a job that does not exist"),
        pytest.param("actionlint", '"ubuntu-24.40" is unknown', id="a runner that does not exist"),
        pytest.param("check-jsonschema", "'ignored' was unexpected", id="a misspelt key of Dependabot"),
    ],
)
def test_lint_finds(found: dict[str, str], tool: str, message: str) -> None:
    assert message in found[tool]


def test_lint_finds_a_file_that_is_no_yaml(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    (folder / "workflows" / "ci.yml").write_text("jobs: [", encoding="utf-8")

    assert {"actionlint", "zizmor"} <= findings(folder).keys()


def _jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(_FOLDER.glob("workflows/*")):
        for name, job in yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].items():
            yield f"{file.stem}/{name}", job


def _takes_a_role(job: dict[str, Any]) -> bool:
    return any(step.get("uses", "").startswith(f"{_ROLE}@") for step in job["steps"])


by_job = pytest.mark.parametrize("job", [pytest.param(job, id=name) for name, job in _jobs()])


@by_job
def test_every_job_has_a_time_limit(job: dict[str, Any]) -> None:
    assert job["timeout-minutes"] <= 60


@by_job
def test_only_a_job_that_takes_a_role_may_get_a_token_for_it(job: dict[str, Any]) -> None:
    assert ("id-token" in job["permissions"]) == _takes_a_role(job)


@by_job
def test_a_job_that_takes_a_role_cannot_write_to_github(job: dict[str, Any]) -> None:
    written = {name for name, access in job["permissions"].items() if access == "write"}

    assert not _takes_a_role(job) or written == {"id-token"}


def test_one_deployment_runs_at_a_time_and_is_never_cancelled() -> None:
    rules = {job["environment"]: job["concurrency"] for _, job in _jobs() if "environment" in job}

    assert rules == {
        stage: {"group": f"deploy-{stage}", "cancel-in-progress": False} for stage in ("review", "prod")
    }


def test_every_lock_file_is_audited_each_week_and_in_every_pull_request() -> None:
    # YAML 1.1 reads the key `on` as true.
    audit = yaml.safe_load((_FOLDER / "workflows" / "audit.yml").read_text(encoding="utf-8"))
    commands = " ".join(step.get("run", "") for step in audit["jobs"]["audit"]["steps"])

    assert {"schedule", "pull_request"} <= audit[True].keys()
    assert "for lock in requirements/*.txt; do pip-audit --require-hashes" in commands
    assert "npm audit" in commands
