import subprocess
import sys

HEAVY = "boto3 botocore pydantic aws_lambda_powertools urllib.request difflib"


def test_reading_the_catalogue_imports_nothing_that_a_start_on_the_hot_path_would_pay_for() -> None:
    script = (
        "import sys\n"
        "import aggregator.orchestrator.read_catalogue, aggregator.orchestrator.parameters\n"
        f"print([name for name in {HEAVY.split()} if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)  # noqa: S603

    assert done.stdout.strip() == "[]"
