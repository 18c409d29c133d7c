"""Empty the bucket of stored answers, without which CloudFormation cannot delete it: part of `make destroy`.

    python -m local.empty_answers --stack ai-aggregator-dev

Without --stack it is the embedded run's bucket.
"""

import argparse
import sys

from local.target import Target

BUCKET = "AnswersBucket"


def main(arguments: list[str]) -> int:
    """Delete every object; say how many there were."""
    parser = argparse.ArgumentParser(prog="python -m local.empty_answers", description=__doc__)
    parser.add_argument("--stack", help="name of a deployed stack; the embedded run by default")
    print(f"{empty(Target(parser.parse_args(arguments).stack))} stored answers deleted")
    return 0


def empty(target: Target) -> int:
    """Delete every object of the bucket; return how many there were."""
    s3, bucket = target.client("s3"), target.resource(BUCKET)
    deleted = 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        keys = [{"Key": each["Key"]} for each in page.get("Contents", [])]
        if keys:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
        deleted += len(keys)
    return deleted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
