"""Hold the catalogue in memory and keep it fresh: what the hot path asks on each request.

Standard library only.
"""

import logging
from datetime import datetime, timedelta

from aggregator.errors import StoreUnavailable
from aggregator.orchestrator.catalogue import Catalogue
from aggregator.orchestrator.store import CatalogueStore, Pointer
from aggregator.runtime.aws import Aws, AwsError

REFRESH_SECONDS = 30
STALE_SECONDS = 15 * 60

logger = logging.getLogger(__name__)


class CatalogueReader:
    """The catalogue of one environment.

    Loaded at first use with two reads; then one small read every `refresh_seconds`, and a reload only when the version
    has changed. A change is live everywhere within that time.

    While the table does not answer, what was loaded serves on for up to 15 minutes after it was last known to be live:
    a price that changed in that time is charged as it was. After them nothing is served, and each request asks anew.
    """

    def __init__(self, aws: Aws, table: str, refresh_seconds: int = REFRESH_SECONDS) -> None:
        self._store = CatalogueStore(aws, table)
        self._refresh = timedelta(seconds=refresh_seconds)
        self._stale = timedelta(seconds=STALE_SECONDS)
        self._loaded: tuple[Pointer, Catalogue] | None = None
        self._asked_at: datetime | None = None
        self._confirmed_at: datetime | None = None

    def current(self, now: datetime) -> Catalogue:
        """The catalogue, at most `refresh_seconds` old, or `STALE_SECONDS` while the table does not answer.

        Raises:
            StoreUnavailable: none was ever loaded, or the last one is too old, and the table does not answer.
        """
        known = self._known(now)
        if known is not None and self._asked_at is not None and now - self._asked_at < self._refresh:
            return known
        self._asked_at = now
        try:
            self._loaded = self._read()
        except (AwsError, StoreUnavailable) as unread:
            if known is None:
                seconds = 1 if self._loaded is None else 5
                raise StoreUnavailable(
                    "The model catalogue cannot be read.", retry_after_seconds=seconds
                ) from unread
            logger.warning("catalogue not refreshed, going on with version %s: %s", self.version, unread)
            return known
        self._confirmed_at = now
        return self._loaded[1]

    @property
    def version(self) -> int | None:
        """Version in memory; None if none is."""
        return None if self._loaded is None else self._loaded[0].version

    def _known(self, now: datetime) -> Catalogue | None:
        """What was loaded, as long as it may serve."""
        if self._loaded is None or self._confirmed_at is None or now - self._confirmed_at > self._stale:
            return None
        return self._loaded[1]

    def _read(self) -> tuple[Pointer, Catalogue]:
        pointer = self._store.pointer()
        if pointer is None:
            raise StoreUnavailable("The model catalogue is not loaded yet.", retry_after_seconds=5)
        if self._loaded is not None and self._loaded[0].version == pointer.version:
            return self._loaded
        return pointer, Catalogue(self._store.snapshot(pointer), pointer.version)
