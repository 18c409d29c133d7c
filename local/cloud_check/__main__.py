"""`make cloud-check ARGS="--stack ai-aggregator-dev"`: what no emulator tells, asked of a deployment.

Seven calls, a 402, a stream that arrives as it is made, two events, the pages, dead letters, executions, metrics, an
alarm that goes off. It makes a user of its own, spends a few cents of a provider's, and takes its key and money back.
Without --stack it asks the embedded run, as far as that goes; with --url alone, what a client can see
(AGGREGATOR_ADMIN_KEY has the admin's key). --down deletes the stack afterwards and says what is left of it.
"""

import argparse
import os
import sys
from collections.abc import Callable

from local.cloud_check import api_checks, aws_checks
from local.cloud_check.calls import Api, CallError
from local.cloud_check.down import down
from local.cloud_check.world import NotAsItShouldBeError, NotHereError, World
from local.target import Target, read_run

Check = Callable[[World], str]

CHECKS: tuple[Check, ...] = (
    api_checks.health,
    api_checks.new_key,
    api_checks.models,
    api_checks.without_money,
    api_checks.credit,
    api_checks.balance,
    api_checks.chat,
    api_checks.stream,
    api_checks.settled,
    api_checks.recorded,
    api_checks.pages,
    aws_checks.dead_letters,
    aws_checks.bus,
    aws_checks.executions,
    aws_checks.metrics,
    aws_checks.alarms,
    api_checks.key_ended,
)


def main(arguments: list[str]) -> int:
    """Return the exit status: 0 if nothing failed."""
    parser = argparse.ArgumentParser(prog="make cloud-check", description=__doc__)
    parser.add_argument("--stack", help="name of a deployed stack; the embedded run by default")
    parser.add_argument("--url", help="address of the API, where only that is known")
    parser.add_argument("--model", default="gpt-4o-mini", help="which model is asked")
    parser.add_argument("--down", action="store_true", help="delete the stack at the end")
    chosen = parser.parse_args(arguments)
    if chosen.down and not chosen.stack:
        parser.error("--down wants --stack")
    world = _world(chosen.stack, chosen.url, chosen.model)
    failed = run(world, print)
    if chosen.down and world.target is not None:
        try:
            left = down(world.target, chosen.stack)
        except NotAsItShouldBeError as refused:
            print(f"FAILED   down to nothing: {refused}")
            return 1
        print(f"ok       down to nothing: {len(left)} resources of the project are left")
        print("".join(f"           {arn}\n" for arn in left), end="")
    return 1 if failed else 0


def run(world: World, say: Callable[[str], None]) -> int:
    """Make all checks in their order, a line each; return how many failed."""
    failed = skipped = 0
    for check in CHECKS:
        promise = (check.__doc__ or "").splitlines()[0].rstrip(".")
        try:
            found = check(world)
        except NotHereError as here:
            skipped += 1
            say(f"skipped  {promise}: {here}")
        except (NotAsItShouldBeError, CallError, KeyError) as wrong:
            failed += 1
            say(f"FAILED   {promise}: {wrong}")
        else:
            say(f"ok       {promise}: {found}")
    say(f"{len(CHECKS) - failed - skipped} of {len(CHECKS)} ok, {skipped} skipped, {failed} failed")
    return failed


def _world(stack: str | None, url: str | None, model: str) -> World:
    if stack is not None:
        target = Target(stack)
        outputs = target.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
        found = {each["OutputKey"]: each["OutputValue"] for each in outputs}
        secret = target.client("secretsmanager").get_secret_value(SecretId=found["AdminKeySecretArn"])
        return World(Api(url or found["ApiUrl"], secret["SecretString"]), target, model, deployed=True)
    if url is not None:
        return World(Api(url, os.environ.get("AGGREGATOR_ADMIN_KEY")), None, model, deployed=False)
    run_here = read_run()
    return World(Api(run_here["baseUrl"], run_here["adminKey"]), Target(), model, deployed=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
