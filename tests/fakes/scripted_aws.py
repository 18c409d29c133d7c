"""AWS by script: answers in turn, refusals raised, and everything that was asked kept."""

from aggregator.runtime.aws import AwsError, JsonObject


class ScriptedAws:
    """Gives the answers in turn, the last one for ever; what is an error is raised."""

    def __init__(self, *script: JsonObject | AwsError) -> None:
        self.calls: list[tuple[str, JsonObject]] = []
        self.script = list(script) or [{}]

    def call(self, action: str, request: JsonObject) -> JsonObject:
        self.calls.append((action, request))
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, AwsError):
            raise answer
        return answer
