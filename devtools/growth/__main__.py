"""Measures growth on a local cloud of its own, and rewrites docs/performance.md and its picture."""

import sys
from typing import Final

from devtools.checkout import REPOSITORY
from devtools.cost.own_cloud import own_local_cloud
from devtools.growth.chart import draw
from devtools.growth.document import DOCUMENT, rewrite
from devtools.growth.measuring import list_figures, order_figures
from devtools.growth.stored import StoredOrders
from orderctl.terminal import output, step

STORED: Final = (100, 1_000, 10_000)
LINES: Final = (1, 10, 98)
_LINES_OF_STORED: Final = 3
PICTURE: Final = REPOSITORY / "docs" / "pictures" / "growth.svg"


def main() -> int:
    """Measure everything, and write it into the document and the picture."""
    by_stored, lists = [], []
    with own_local_cloud() as deployed:
        # The first order of a cloud waits for its functions to start.
        order_figures(deployed, stored=0, lines=1)
        stored = StoredOrders(deployed.stack)
        for count in STORED:
            with step(f"{count} stored orders"):
                stored.grow_to(count)
                by_stored.append(order_figures(deployed, stored=count, lines=_LINES_OF_STORED))
                lists += list_figures(deployed, stored=count)
        with step(f"orders of {', '.join(map(str, LINES))} lines"):
            by_lines = [order_figures(deployed, stored=STORED[-1], lines=lines) for lines in LINES]
    rewrite([*by_stored, *by_lines], lists)
    PICTURE.write_text(draw(by_stored, by_lines), encoding="utf-8")
    for file in (DOCUMENT, PICTURE):
        output.print(f"written: {file.relative_to(REPOSITORY)}", markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
