"""What the pages' function takes from the environment."""

import os


def stage_in_path() -> bool:
    """Whether clients call with the stage in the path: always, but for the embedded run and its front door."""
    return os.environ.get("ENVIRONMENT") != "local"
