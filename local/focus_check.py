"""Whether a bill is of FOCUS 1.2, by the FinOps Foundation's validator: `make focus FILE=bill.csv`.

Runs in the validator's own environment (`python3 -m local.setup focus`), which has nothing of ours. What the validator
checks by rules that apply to us only if we say so is named in `APPLICABLE`.
"""

import importlib
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

VERSION = "1.2"
APPLICABLE = (
    "ACCOUNT_NAMING_SUPPORTED",
    "MULTIPLE_PRICING_CATEGORIES_SUPPORTED",
    "MULTIPLE_SUB_ACCOUNT_TYPES_SUPPORTED",
    "NEGOTIATED_PRICING_SUPPORTED",
    "PUBLIC_PRICE_LIST_SUPPORTED",
    "SUB_ACCOUNT_SUPPORTED",
    "TAGGING_SUPPORTED",
    "UNIT_PRICING_SUPPORTED",
    "USAGE_MEASUREMENT_SUPPORTED",
)

_NEWER = "focus_validator.config_objects.focus_to_duckdb_converter"
_ONLY_3_12 = """f"'{k.replace('\\"', '\\"\\"')}'\""""
_ALSO_3_11 = """"'" + k.replace('"', '""') + "'\""""


def main(arguments: Sequence[str]) -> int:
    """Say of each bill which rules it breaks, and how many it keeps; 0 if none breaks any."""
    bills = [Path(each).resolve() for each in arguments]
    if not bills or not all(bill.is_file() for bill in bills):
        print("Name a bill: make focus FILE=bill.csv", file=sys.stderr)
        return 2
    return max(_told(_validated(bill)) for bill in bills)


def _told(validated: Any) -> int:
    results: dict[str, Any] = validated.by_rule_id
    chosen = _alternatives_of_kept(validated)
    broken = {
        rule: said
        for rule, said in results.items()
        if not said["ok"] and not _skipped(said) and rule not in chosen
    }
    for rule, said in sorted(broken.items()):
        print(f"{rule}: {said['details'].get('message', 'failed')}")
    skipped = sum(_skipped(said) for said in results.values())
    kept = sum(said["ok"] for said in results.values()) - skipped
    print(
        f"FOCUS {VERSION}: {len(results)} rules, {kept} kept, {len(broken)} broken, "
        f"{skipped} that no program can tell or that do not apply"
    )
    return 1 if broken else 0


def _alternatives_of_kept(validated: Any) -> set[str]:
    """Rules of which one is enough, where one is kept: "is null" and "is not null" are told apart no further."""
    found: set[str] = set()
    for name, rule in validated.rules.items():
        asked = rule.validation_criteria.requirement or {}
        if asked.get("CheckFunction") == "OR" and validated.by_rule_id.get(name, {}).get("ok"):
            found |= {each["ModelRuleId"] for each in asked["Items"] if "ModelRuleId" in each}
    return found


def _validated(bill: Path) -> Any:
    if sys.version_info < (3, 12) and not any(isinstance(each, _For311) for each in sys.meta_path):
        sys.meta_path.insert(0, _For311())
    package = importlib.util.find_spec("focus_validator")
    if package is None or package.origin is None:
        raise SystemExit("The validator is not installed: python3 -m local.setup focus")
    os.chdir(Path(package.origin).parent.parent)  # it opens its list of currencies from here
    validator = importlib.import_module("focus_validator.validator").Validator(
        data_filename=str(bill),
        output_destination=None,
        output_type="console",
        focus_dataset="CostAndUsage",
        rules_version=VERSION,
        rules_block_remote_download=True,
        applicability_criteria=",".join(APPLICABLE),
    )
    validator.load()
    return validator.spec_rules.validate(
        validator.focus_data, data_filename=str(bill), data_row_count=validator.data_row_count
    )


def _skipped(said: dict[str, Any]) -> bool:
    return bool((said.get("details") or {}).get("skipped"))


class _For311(importlib.machinery.PathFinder):
    """Loads the one module of the validator that has a line which only Python 3.12 and newer can read."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != _NEWER:
            return None
        found = super().find_spec(fullname, path, target)
        if found is None or found.origin is None:
            return None
        return importlib.util.spec_from_file_location(
            fullname, found.origin, loader=_Older(fullname, found.origin)
        )


class _Older(importlib.machinery.SourceFileLoader):
    def get_data(self, path: str) -> bytes:
        data = super().get_data(path)
        return data.replace(_ONLY_3_12.encode(), _ALSO_3_11.encode()) if path.endswith(".py") else data


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
