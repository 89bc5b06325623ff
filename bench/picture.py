"""The curves of `bench.growth` as one SVG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
# The same curves give the same bytes.
mpl.rcParams["svg.hashsalt"] = "stepwise"
mpl.rcParams["font.size"] = 9

from matplotlib import pyplot as plt  # noqa: E402 - the backend comes first

from bench.growth import Curve, panels  # noqa: E402


def draw(curves: Sequence[Curve], path: Path) -> None:
    """One part for each cost, both axes logarithmic: a straight line's slope is its exponent."""
    parts = panels(curves)
    figure, axes = plt.subplots(2, 2, figsize=(9, 6.5), layout="constrained")
    for axis, (panel, lines) in zip(axes.flat, parts.items(), strict=True):
        for line in lines:
            xs, ys = [x for x, _ in line.points], [1000 * y for _, y in line.points]
            label = f"{line.name}, by {line.of}" if line.name != line.of else f"by {line.of}"
            axis.loglog(xs, ys, marker="o", markersize=4, label=f"{label}: exponent {line.exponent:.2f}")
        axis.margins(y=0.3)
        axis.set_title(panel)
        axis.set_xlabel(" / ".join(dict.fromkeys(line.of for line in lines)))
        axis.set_ylabel("milliseconds")
        axis.grid(True, which="major", color="#dddddd")
        axis.legend(frameon=False, fontsize=8, loc="upper left")
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    # matplotlib leaves blanks at line ends.
    text = path.read_text(encoding="utf-8")
    path.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", encoding="utf-8")
