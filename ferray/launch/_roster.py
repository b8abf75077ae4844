"""`Roster`: the nodes of a cluster, and which of them may train."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from ferray.config.job import JobBundle
from ferray.events import EpochReport, Host, Outcome
from ferray.launch._node_check import Verdict
from ferray.launch._node_faults import NodeFaults
from ferray.launch._nodes import Node


class Checks(Protocol):
    """Asks nodes what they are."""

    def ask(self, node: Node) -> None: ...

    def answers(self, within_s: float = 0.0) -> dict[str, Verdict]: ...


class Roster:
    """What is known of each node that was seen. Without `checks`, as on one machine, all may train.

    A node that `matters` is asked when it is first seen, and counts once it has answered. One that fails the check, on
    which no worker can start, or that fails trial after trial is left out and named to the user by `tell`. No trial
    starts on one that Ray drains.
    """

    def __init__(
        self,
        tell: Callable[[str], None],
        checks: Checks | None = None,
        matters: Callable[[Node], bool] = lambda _: True,
    ) -> None:
        self._tell = tell
        self._matters = matters
        self._checks = checks
        self._seen: dict[str, Node] = {}
        self._alive: tuple[Node, ...] = ()
        self._unheard: set[str] = set()
        self._draining: frozenset[str] = frozenset()
        self._faults = NodeFaults()
        self.left_out: dict[str, str] = {}  # why, by node

    def look(self, nodes: Iterable[Node], draining: Iterable[str] = ()) -> None:
        """Hear which nodes live now, and ask those that are new."""
        self._alive = tuple(nodes)
        new = [node for node in self._alive if node.id not in self._seen]
        self._seen |= {node.id: node for node in new}
        if self._checks is not None:
            for node in filter(self._matters, new):
                self._unheard.add(node.id)
                self._checks.ask(node)
        for node_id in (leaving := frozenset(draining)) - self._draining:
            if node_id in self._seen:
                self._tell(f"{self._seen[node_id].called} is to go: its trials save and move")
        self._draining = leaving

    def hear(self, within_s: float = 0.0) -> None:
        """Take in what nodes have answered, waiting so long for all of them."""
        answers = self._checks.answers(within_s) if self._checks else {}
        for node_id, verdict in answers.items():
            self._unheard.discard(node_id)
            for note in verdict.notes:
                self._tell(f"{self._seen[node_id].called}: {note}")
            if verdict.problem:
                self.leave_out(node_id, verdict.problem)

    def leave_out(self, node_id: str, why: str) -> None:
        """Have no trial run there any more; only once is it told, and nobody is left out who was never seen."""
        if node_id in self._seen and node_id not in self.left_out:
            self.left_out[node_id] = why
            self._tell(f"{self._seen[node_id].called} is left out: {why}")

    def hear_result(self, node_id: str, bundle: JobBundle, number: int, result: EpochReport | Outcome) -> None:
        """Take in what a worker there said of a trial."""
        self._faults.hear(node_id, bundle, number, result)
        self._leave_out_faulty()

    def hear_loss(self, node_id: str, bundle: JobBundle, number: int, why: str) -> None:
        """Take in that a worker there was lost under a trial, and that nobody knows why."""
        self._faults.fail(node_id, bundle, number, why)
        self._leave_out_faulty()

    def _leave_out_faulty(self) -> None:
        for node_id, why in self._faults.faulty().items():
            if any(node.id != node_id for node in self.able):
                self.leave_out(node_id, why)

    def is_alive(self, node_id: str) -> bool:
        """Whether the node was there at the last look."""
        return any(node.id == node_id for node in self._alive)

    @property
    def is_waited_for(self) -> bool:
        """Whether a node that lives has not answered yet."""
        return any(node.id in self._unheard for node in self._alive)

    @property
    def able(self) -> list[Node]:
        """The nodes on which new trials may start."""
        kept_out = self._unheard | self._draining | self.left_out.keys()
        return [node for node in self._alive if node.id not in kept_out]

    @property
    def avoided(self) -> frozenset[str]:
        """The nodes that Ray must be told to keep trials from: it knows of those that it drains."""
        return frozenset(self.left_out)

    def why_leave(self, node_id: str) -> str:
        """Why a trial there must move at the end of its epoch; "" where it need not."""
        return f"{self._seen[node_id].called} is to go" if node_id in self._draining & self._seen.keys() else ""

    def host(self, node_id: str) -> Host:
        """The node as a trial's record has it."""
        return self._seen[node_id].host if node_id in self._seen else Host("", node_id)

    def why_none(self) -> str:
        """The nodes that are left out, in words; "" where none is."""
        return "; ".join(f"{self._seen[node_id].called}: {why}" for node_id, why in self.left_out.items())
