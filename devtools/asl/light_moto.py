"""Lets moto's interpreter load without moto's EC2, which takes long and is not used. Import it before moto.

The interpreter needs one enumeration of `moto.batch.utils`. The package loads `moto.batch.models` first, and
with it EC2. Here the package is an empty one that loads its models when somebody asks for something in them.
"""

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any, Final

import moto

_PACKAGE: Final = "moto.batch"


def _of_models(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(import_module(f"{_PACKAGE}.models"), name)


def _make_light() -> None:
    spec = PathFinder.find_spec(_PACKAGE, moto.__path__)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(f"this version of moto has no {_PACKAGE}", name=_PACKAGE)
    package = ModuleType(_PACKAGE)
    package.__spec__ = spec
    package.__path__ = spec.submodule_search_locations
    package.__getattr__ = _of_models  # type: ignore[method-assign]  # PEP 562
    sys.modules[_PACKAGE] = moto.batch = package


if _PACKAGE not in sys.modules:
    _make_light()
