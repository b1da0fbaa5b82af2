"""A child process that measures a node until it is killed, and says after each batch how many samples it has stored."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aether_desktop.domain.node_grades import Grade
from aether_desktop.domain.node_samples import Sample
from aether_desktop.domain.node_states import NodeState
from aether_desktop.domain.probes import ProbeOutcome
from aether_desktop.domain.temple_nodes import NodeStatus
from aether_desktop.ports.monitoring import NodeReading, WatchBatch
from aether_desktop.storage.sql_storage import SqlStorage, open_database, open_vault
from tests.support.storages import FOUNDER, KEY

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
AT_ONCE = 50


def main() -> None:
    """``ENGINE LOCATION NODE``."""
    engine, location, node = sys.argv[1:]
    storage: SqlStorage = (
        open_vault(Path(location), KEY) if engine == "sqlite" else open_database(location, username=FOUNDER)
    )
    watch, node_id, done = storage.watching.watch, int(node), 0
    (lease,) = watch.lease([node_id], holder="killed", seconds=0.001)  # the next one takes over at once
    while True:
        times = [BEGIN + timedelta(seconds=30 * (done + number)) for number in range(AT_ONCE)]
        samples = [
            Sample(
                node_id=node_id,
                probe_id=1,
                at=at,
                outcome=ProbeOutcome.ANSWERED,
                grade=Grade.GOOD,
                status=NodeStatus.UP,
                latency=0.1,
            )
            for at in times
        ]
        status = NodeStatus.UP if done // AT_ONCE % 2 else NodeStatus.DEGRADED
        state = NodeState(status=status, observed=status, since=times[0], checked_at=times[-1])
        reading = NodeReading(node_id=node_id, state=state)
        watch.write(WatchBatch(samples=samples, readings=[reading], fences={node_id: lease.fence}))
        done += AT_ONCE
        sys.stdout.write(f"{done}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
