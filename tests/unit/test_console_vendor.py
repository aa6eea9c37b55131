"""The console ships the libraries of others unchanged and with their licences, and needs its extra."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Final

import pytest

_ROOT: Final = Path(__file__).parents[2]
_CONSOLE: Final = _ROOT / "orderctl" / "console"
_VENDOR: Final = _CONSOLE / "static" / "vendor"
_NODE_MODULES: Final = _ROOT / "node_modules"
_COPIES: Final = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "sse.min.js": "htmx-ext-sse/dist/sse.min.js",
    "uPlot.iife.min.js": "uplot/dist/uPlot.iife.min.js",
    "uPlot.min.css": "uplot/dist/uPlot.min.css",
}
_LICENCES: Final = "LICENSES.txt"
_LIBRARIES: Final = ("starlette", "uvicorn", "jinja2", "sse_starlette")
# Python as it is without the extra: the named library can't be imported.
_WITHOUT: Final = """
import sys
LIBRARY = sys.argv.pop(1)
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == LIBRARY:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
from orderctl.__main__ import main
main()
"""


def _package(path: str) -> Path:
    found = _NODE_MODULES / path
    assert found.is_file(), f"{found} is missing: run `make install`"
    return found


@pytest.mark.parametrize(("copy", "original"), _COPIES.items())
def test_a_copied_library_is_that_of_the_pinned_package(copy: str, original: str) -> None:
    assert (_VENDOR / copy).read_bytes() == _package(original).read_bytes()


def test_nothing_else_is_copied() -> None:
    assert {path.name for path in _VENDOR.iterdir()} == {*_COPIES, _LICENCES}


@pytest.mark.parametrize("name", sorted({path.partition("/")[0] for path in _COPIES.values()}))
def test_the_licence_of_a_copied_library_is_beside_it(name: str) -> None:
    licences = (_VENDOR / _LICENCES).read_text(encoding="utf-8")

    assert _package(f"{name}/LICENSE").read_text(encoding="utf-8").strip() in licences
    assert f"\n{name}: " in licences


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel of this project."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(  # noqa: S603  fixed
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        check=True,
        capture_output=True,
        cwd=_ROOT,
    )
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as opened:
        yield opened


def test_the_wheel_has_the_pages_and_what_they_load(wheel: zipfile.ZipFile) -> None:
    needed = [
        path.relative_to(_ROOT).as_posix()
        for folder in (_CONSOLE / "templates", _CONSOLE / "static")
        for path in folder.rglob("*")
        if path.is_file()
    ]

    assert len(needed) > len(_COPIES)
    assert set(needed) <= set(wheel.namelist())


def test_only_the_extra_of_the_wheel_brings_the_libraries_of_the_console(wheel: zipfile.ZipFile) -> None:
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = message_from_bytes(wheel.read(name))

    libraries = [text for text in metadata.get_all("Requires-Dist", []) if _is_of_the_console(text)]

    assert "console" in metadata.get_all("Provides-Extra", [])
    assert len(libraries) == len(_LIBRARIES)
    assert all(text.endswith("extra == 'console'") for text in libraries), libraries


def _is_of_the_console(requirement: str) -> bool:
    return requirement.partition("==")[0].replace("-", "_") in _LIBRARIES


@pytest.mark.parametrize("library", _LIBRARIES)
def test_without_the_extra_the_command_says_how_to_install_it(library: str) -> None:
    shown = subprocess.run(  # noqa: S603  fixed
        [sys.executable, "-c", _WITHOUT, library, "console", "--no-open"],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "200"},
    )

    assert (shown.returncode, shown.stdout) == (1, "")
    assert "The console needs libraries that are not installed" in shown.stderr
    assert "pip install 'order-processing[console]'" in shown.stderr
    assert "Traceback" not in shown.stderr
