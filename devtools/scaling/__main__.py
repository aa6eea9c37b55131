"""Runs the simulation, and writes the tables and pictures of docs/scaling.md."""

import sys
from pathlib import Path
from typing import Final

from devtools.checkout import REPOSITORY
from devtools.drawing.pictures import draw_again
from devtools.scaling.charts import draw_limits, draw_sales
from devtools.scaling.document import DOCUMENT, rewrite
from devtools.scaling.figures import LINES, runs, simulate
from devtools.scaling.limits import binding
from devtools.scaling.order_path import order_path
from orderctl.terminal import output, progress_bar

LIMITS_PICTURE: Final = REPOSITORY / "docs" / "pictures" / "scaling-limits.svg"
SALES_PICTURE: Final = REPOSITORY / "docs" / "pictures" / "scaling-hot-product.svg"


def main() -> int:
    """Simulate, write and draw."""
    with progress_bar("runs", runs()) as done:
        figures = simulate(done)
    rewrite(figures)
    path = order_path(lines=LINES)
    draw_again(LIMITS_PICTURE, lambda: draw_limits(path, binding(path), figures.ramp))
    draw_again(SALES_PICTURE, lambda: draw_sales(figures.curves))
    for file in (DOCUMENT, LIMITS_PICTURE, SALES_PICTURE):
        _say_written(file)
    return 0


def _say_written(file: Path) -> None:
    output.print(f"written: {file.relative_to(REPOSITORY)}", markup=False)


if __name__ == "__main__":
    sys.exit(main())
