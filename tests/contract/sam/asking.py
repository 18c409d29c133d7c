"""Ask SAM's own code what `sam local` would run; it lives in an environment of its own."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from local.paths import ROOT, VENV


@dataclass(frozen=True)
class SamLocal:
    """The command's `options`; `functions` (architecture, image, environment); what `layers` are built for."""

    options: dict[str, str]
    functions: dict[str, dict[str, Any]]
    layers: dict[str, str]

    @classmethod
    def of(
        cls,
        config_env: str,
        environment: dict[str, dict[str, str]],
        command: tuple[str, ...] = ("local", "invoke"),
    ) -> Self:
        """Resolve as `sam local ... --config-env <config_env>` does with `environment` as env file."""
        asked = {"root": str(ROOT), "configEnv": config_env, "command": command, "environment": environment}
        done = subprocess.run(  # noqa: S603 (our own script)
            [str(VENV / "sam" / "bin" / "python"), str(Path(__file__).with_name("resolve.py"))],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return cls(**json.loads(done.stdout))
