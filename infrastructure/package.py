"""What the package of a function has: its handler, the modules that this one imports, and no other file."""

import ast
from collections.abc import Iterator
from pathlib import Path


def sources(repository: Path, module: str) -> list[str]:
    """Return the files of a module and of what it imports from its own package, also inside of functions."""
    found: dict[str, None] = {}
    waiting = [module]
    while waiting:
        file = _file(repository, waiting.pop())
        if file is not None and file not in found:
            found[file] = None
            waiting += _imported(repository / file)
    return sorted(found)


def _file(repository: Path, module: str) -> str | None:
    path = module.replace(".", "/")
    candidates = (f"{path}.py", f"{path}/__init__.py")
    return next((file for file in candidates if (repository / file).is_file()), None)


def _imported(file: Path) -> Iterator[str]:
    """Yield what may be a module: of `from handlers.contract import names` the package and its member."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
        else:
            continue
        for name in names:
            yield from _with_parents(name)


def _with_parents(module: str) -> Iterator[str]:
    parts = module.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))
