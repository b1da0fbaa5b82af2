"""All stores for watching nodes over one database. Worker threads only."""

from __future__ import annotations

from aether_desktop.domain.temple import NodeType
from aether_desktop.domain.temple_nodes import TempleNode
from aether_desktop.ports.changes import ChangeSet
from aether_desktop.storage.database import Database
from aether_desktop.storage.stores.node_covenants import SqlCovenantStore
from aether_desktop.storage.stores.node_log import SqlNodeLog
from aether_desktop.storage.stores.node_probes import SqlProbeStore
from aether_desktop.storage.stores.node_silences import SqlNoticeStore, SqlSilenceStore
from aether_desktop.storage.stores.node_watch import SqlWatchStore
from aether_desktop.storage.stores.temple_nodes import SqlTempleNodeStore


class SqlMonitoringStores:
    """Implements ``ports.monitoring.MonitoringStores``; raises the StorageError family."""

    def __init__(self, database: Database, nodes: SqlTempleNodeStore) -> None:
        self._probes = SqlProbeStore(database)
        self._silences = SqlSilenceStore(database)
        self._notices = SqlNoticeStore(database)
        self._covenants = SqlCovenantStore(database, nodes)
        self._log = SqlNodeLog(database)
        self._watch = SqlWatchStore(database, self._probes, self._silences)

    @property
    def watch(self) -> SqlWatchStore:
        return self._watch

    @property
    def log(self) -> SqlNodeLog:
        return self._log

    @property
    def probes(self) -> SqlProbeStore:
        return self._probes

    @property
    def silences(self) -> SqlSilenceStore:
        return self._silences

    @property
    def notices(self) -> SqlNoticeStore:
        return self._notices

    @property
    def covenants(self) -> SqlCovenantStore:
        return self._covenants

    def elevate(self, node: TempleNode, to: NodeType) -> ChangeSet:
        """See the port."""
        return self._covenants.elevate(node, to)
