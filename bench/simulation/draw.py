"""Turn drawings, told as JSON on standard input, into PNG. Run by the interpreter that has matplotlib."""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

_WIDTH, _HEIGHT, _DOTS = 4.2, 3.4, 110


def draw(drawing: dict[str, Any], folder: Path) -> Path:
    """Write one PNG."""
    pyplot = import_module("matplotlib.pyplot")  # by name: the type checker has no matplotlib

    panels = drawing["panels"]
    figure, axes = pyplot.subplots(1, len(panels), figsize=(_WIDTH * len(panels), _HEIGHT), squeeze=False)
    for axis, panel in zip(axes[0], panels, strict=True):
        for name, line in panel["lines"].items():
            axis.plot([x for x, _ in line], [y for _, y in line], marker=".", label=name)
        if panel["logarithmic"]:
            axis.set_yscale("log")
        else:
            axis.set_ylim(bottom=0)
        if drawing["logarithmic"]:
            axis.set_xscale("log")
        axis.set_xlabel(drawing["x"])
        axis.set_title(panel["y"], fontsize=10)
        axis.grid(visible=True, alpha=0.3)
    axes[0][0].legend(fontsize=8)
    figure.suptitle(drawing["title"], fontsize=11)
    figure.tight_layout()
    path = folder / f"{drawing['name']}.png"
    figure.savefig(path, dpi=_DOTS, metadata={"Software": None})
    pyplot.close(figure)
    return path


def main() -> None:
    """Draw all that is told."""
    told = json.load(sys.stdin)
    for drawing in told["drawings"]:
        print(draw(drawing, Path(told["folder"])).name)


if __name__ == "__main__":
    main()
