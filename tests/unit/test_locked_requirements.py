"""`make lock` was run after the last change of pyproject.toml."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

_ROOT: Final = Path(__file__).parents[2]
_PIN: Final = re.compile(r"([\w.-]+)(?:\[[^]]*])?==([\w.]+)")


def _pins(pyproject: dict[str, Any]) -> dict[str, str]:
    groups = [pyproject["project"]["dependencies"], *pyproject["dependency-groups"].values()]
    return dict(_PIN.match(each).groups() for group in groups for each in group if isinstance(each, str))


def test_every_pin_of_pyproject_is_in_the_lock() -> None:
    pyproject = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    locked = (_ROOT / "requirements" / "locked.txt").read_text(encoding="utf-8")

    in_lock = dict(re.findall(r"^([\w.-]+)==([\w.]+)", locked, re.MULTILINE))

    assert _pins(pyproject).items() <= in_lock.items(), "run `make lock`"
