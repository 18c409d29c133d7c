"""What `sam local` would run, by SAM's own code. Run by the interpreter of .venv/sam, with JSON on stdin and stdout.

In: `configEnv` (a section of samconfig.toml), `command`, `environment` (as in env.json), `root`. Out: the command's
options, and for each function its architecture, image and environment as the container would get them.
"""

import json
import logging
import sys
from pathlib import Path
from typing import Any

from samcli.commands.local.lib.local_lambda import LocalLambdaRunner  # type: ignore[import-not-found]
from samcli.lib.config.samconfig import SamConfig  # type: ignore[import-not-found]
from samcli.lib.providers.sam_function_provider import SamFunctionProvider  # type: ignore[import-not-found]
from samcli.lib.providers.sam_layer_provider import SamLayerProvider  # type: ignore[import-not-found]
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider  # type: ignore[import-not-found]
from samcli.local.docker.lambda_image import Runtime  # type: ignore[import-not-found]


class _NoContainers:
    """The runner asks its runtime for nothing before it starts a function."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"asked for {name}")


def main(asked: dict[str, Any]) -> dict[str, Any]:
    """Resolve as `sam local invoke` does."""
    root = Path(asked["root"])
    options = SamConfig(str(root)).get_all(asked["command"], "parameters", asked["configEnv"])
    overrides = dict(each.split("=", 1) for each in options["parameter_overrides"].split())
    stacks, _ = SamLocalStackProvider.get_stacks(
        str(root / "template.yaml"),
        parameter_overrides=overrides,
        global_parameter_overrides={"AWS::Region": options["region"]},
    )
    functions = SamFunctionProvider(stacks)
    runner = LocalLambdaRunner(
        local_runtime=_NoContainers(),
        function_provider=functions,
        cwd=str(root),
        real_path=str(root),
        env_vars_values=asked["environment"],
        aws_region=options["region"],
    )
    said = {}
    for function in functions.get_all():
        config = runner.get_invoke_config(function)
        said[function.name] = {
            "architecture": config.architecture,
            "image": Runtime.get_image_name_tag(config.runtime, config.architecture),
            "environment": config.env_vars.resolve(),
        }
    layers = {each.name: each.build_architecture for each in SamLayerProvider(stacks).get_all()}
    return {"options": options, "functions": said, "layers": layers}


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    json.dump(main(json.load(sys.stdin)), sys.stdout)
