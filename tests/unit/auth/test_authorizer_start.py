import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_authorizer_starts_without_the_heavy_modules() -> None:
    heavy = {"boto3", "botocore", "pydantic", "aws_lambda_powertools", "asyncio", "random", "ssl"}
    app = ROOT / "functions/auth/authorizer/app.py"
    script = f"import runpy, sys; runpy.run_path({str(app)!r}); print(*sys.modules)"

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603

    loaded = set(ran.stdout.split())
    assert "aggregator.auth.hot_wiring" in loaded
    assert heavy & loaded == set()
