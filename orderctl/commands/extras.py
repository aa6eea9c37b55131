"""The parts of orderctl that need the extra `console`."""

from importlib import import_module
from types import ModuleType

from orderctl.errors import OperatorError


def console_module(name: str) -> ModuleType:
    """Import a module of the console; raise OperatorError where its libraries are not installed."""
    try:
        return import_module(f"orderctl.console.{name}")
    except ImportError as error:
        raise OperatorError(
            "The console needs libraries that are not installed",
            why=str(error),
            what_to_do="Install them: `pip install 'order-processing[console]'`, or `make install`.",
        ) from None
