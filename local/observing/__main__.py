"""`python -m local.observing`: write what is made from data: nested templates in stacks/, and Grafana's dashboards."""

import sys
from pathlib import Path
from typing import Any

import yaml

from local.observing import dashboards, genai, grafana, objectives
from local.paths import ROOT

JsonObject = dict[str, Any]

STACKS: dict[str, JsonObject] = {
    "objectives.yaml": objectives.template(),
    "dashboards.yaml": dashboards.template(),
}
GRAFANA = {"dashboard.json": grafana.text, "genai.json": genai.text}
_HEAD = "# Made by `python -m local.observing` from local/observing/{source}: change it there.\n"


def text_of(name: str) -> str:
    """A nested template as it is checked in."""
    head = _HEAD.format(source=f"{Path(name).stem}.py")
    return head + yaml.dump(STACKS[name], Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as such, and nothing by reference."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 (PyYAML's own name)
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def main() -> int:
    """Write all; return the exit status."""
    for name in STACKS:
        (ROOT / "stacks" / name).write_text(text_of(name), encoding="utf-8")
        print(f"stacks/{name}")
    for name, made in GRAFANA.items():
        (ROOT / "docs" / "grafana" / name).write_text(made(), encoding="utf-8")
        print(f"docs/grafana/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
