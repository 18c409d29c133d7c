"""A bucket in memory."""

from aggregator.runtime.aws import AwsError


class MemoryObjects:
    """Objects by key; `fault` is raised by the next call."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.fault: AwsError | None = None

    def put(self, key: str, body: bytes) -> None:
        """Keep an object."""
        self._fail()
        self.objects[key] = body

    def get(self, key: str) -> bytes:
        """Read an object."""
        self._fail()
        if key not in self.objects:
            raise AwsError("NoSuchKey", status=404)
        return self.objects[key]

    def _fail(self) -> None:
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
