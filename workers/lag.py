"""How far each list is behind the log."""

from dataclasses import dataclass

import psycopg

LAG = """
SELECT g.list_name,
       coalesce(t.notification_id, 0),
       h.head,
       coalesce(extract(epoch FROM clock_timestamp() - waiting.since), 0)
  FROM lists.generations g
  LEFT JOIN lists.tracking t ON t.application_name = g.list_name || '_' || g.number
 CROSS JOIN (SELECT coalesce(max(notification_id), 0) AS head FROM ledger.log) h
  LEFT JOIN LATERAL (
       SELECT recorded_at AS since FROM ledger.log
        WHERE notification_id > coalesce(t.notification_id, 0)
        ORDER BY notification_id LIMIT 1) waiting ON true
 WHERE g.live
 ORDER BY g.list_name
"""


@dataclass(frozen=True, slots=True)
class Lag:
    """One list: the log position it stands at, the log's last, and how many seconds the oldest
    fact that it does not show yet has been waiting (0 if there is none)."""

    name: str
    position: int
    head: int
    seconds: float


def lags(url: str) -> list[Lag]:
    """The lag of every live list, over a connection of the projector's role.

    Raises psycopg.OperationalError while PostgreSQL is away.
    """
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        row = connection.execute("SELECT to_regclass('lists.generations')").fetchone()
        if row is None or row[0] is None:
            return []
        return [
            Lag(str(name), int(position), int(head), float(seconds))
            for name, position, head, seconds in connection.execute(LAG).fetchall()
        ]
