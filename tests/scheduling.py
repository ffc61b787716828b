"""Which worker of pytest-xdist has which test next: as xdist says, without its counting."""

from typing import Any

from xdist.scheduler import LoadGroupScheduling


class Scheduling(LoadGroupScheduling):  # type: ignore[misc] # xdist is not typed
    """Forgets what is done: with thousands of groups, to count it all after every test costs more than most tests."""

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """One test of a worker has ended."""
        super().mark_test_complete(node, item_index, duration)
        groups = self.assigned_work[node]
        group = self._split_scope(self.registered_collections[node][item_index])
        if all(groups[group].values()):
            del groups[group]
