"""A stand-in for AI providers: an OpenAI-compatible server that answers deterministically and fails when told.

`python -m local.standin --port 9000` runs it; `with StandIn() as standin` runs it in a test.
README.md beside this file lists what it answers and what it can be told.
"""

from local.standin.server import StandIn

__all__ = ["StandIn"]
