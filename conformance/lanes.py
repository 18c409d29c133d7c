"""Which model stands behind a client's calls: one for each dialect of providers, so that every lane is passed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conformance.observer import PICTURE
from conformance.row import Row

LANE_CLIENTS = ("openai_python", "anthropic_python")
"""Whose checks are run behind every dialect: the SDKs that all others stand on."""


@dataclass(frozen=True)
class Lane:
    """A provider's dialect and a model behind it. `route` names the model at that one provider.

    One that is `bare` fetches no pictures, so that they are fetched here, and does not say what it thought.
    """

    name: str
    model: str
    route: str
    bare: bool = False

    def settings(self) -> dict[str, str]:
        """What a script is told, in place of what is usual."""
        usual = {"MODEL": self.model, "CLAUDE_MODEL": self.model, "ONE_ROUTE": self.route}
        return usual | ({"IMAGE_URL": f"{{observer}}{PICTURE}", "THOUGHTS_UNTOLD": "1"} if self.bare else {})


LANES = (
    Lane("OpenAI, chat", "gpt-4o-mini", "openai/gpt-4o-mini"),
    Lane("OpenAI, Responses for tools", "gpt-6.1-sol", "openai/gpt-6.1-sol"),
    Lane("Anthropic, Messages", "claude-haiku-4-5", "anthropic/claude-haiku-4-5"),
    Lane("Google, Gemini", "gemini-3.8-flash", "google/gemini-3.8-flash"),
    Lane("Amazon, Converse", "nova-2-lite", "bedrock-converse/nova-2-lite", bare=True),
)

LaneRows = Mapping[str, Sequence[Row]]
"""Rows by the name of their lane."""
