"""The library's persistence module for this log: set PERSISTENCE_MODULE to `domain.ledger.factory`,
POSTGRES_SCHEMA to `ledger`, and the other POSTGRES_ settings to those of the service's role.

It must hold exactly one factory class: hence the module, not the class, is imported below.
"""

from typing import NoReturn

from eventsourcing import persistence, postgres, utils

from domain.ledger.recorder import TABLE, LedgerRecorder
from domain.ledger.writer import Writer


class LedgerFactory(postgres.PostgresFactory):
    """Makes recorders that append through one writer: `writer`, if it is set before they are made,
    else one of their own."""

    application_recorder_class = LedgerRecorder
    writer: Writer | None = None

    def __init__(self, env: utils.Environment | utils.EnvType | None) -> None:
        super().__init__(env)
        self._recorders: list[LedgerRecorder] = []

    def application_recorder(self) -> LedgerRecorder:
        """The recorder of the log. Whatever the application is called, there is one log."""
        recorder = LedgerRecorder(self.datastore, events_table_name=TABLE, writer=self.writer)
        self._recorders.append(recorder)
        return recorder

    def aggregate_recorder(self, purpose: str = "events") -> NoReturn:
        """Raises NotSupportedError: there are no snapshots, and no events outside the log."""
        raise persistence.NotSupportedError(f"no {purpose} outside the log")

    def process_recorder(self) -> NoReturn:
        """Raises NotSupportedError: tracking belongs to read models, which another role writes."""
        raise persistence.NotSupportedError("what tracks a log does not write to it")

    def close(self) -> None:
        """Stop the recorders' own writers and close the pool."""
        for recorder in self._recorders:
            recorder.close()
        super().close()
