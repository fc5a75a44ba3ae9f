"""The blocks and batches of an L2: transactions run as ZKsync runs them, batches are sealed and executed on L1."""

import copy
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from zkcore.protocol.contracts import BOOTLOADER, L1_MESSENGER_ADDRESS
from zkcore.protocol.priority import CanonicalTransaction, PriorityRequest
from zkcore.protocol.proofs import L2ToL1Log
from zkcore.testing.devnet.batches import Batch, BatchLog, Form, l1_messages, log_root
from zkcore.testing.devnet.bootloader import Operation, Outcome, PriorityOperation
from zkcore.testing.devnet.l1 import L1
from zkcore.testing.devnet.node import Node, quantity, to_int
from zkcore.testing.devnet.process import Anvil
from zkcore.testing.devnet.upstream import RpcError
from zkcore.types import Address, Hash32

__all__ = ["Chain", "Record"]

_EMPTY_BLOOM = "0x" + "00" * 256


class Record(Struct, kw_only=True):
    """A transaction that ran: as JSON, with its receipt, its L2->L1 logs and anvil's hash of it."""

    hash: Hash32
    block: int
    index: int
    number_in_batch: int
    transaction: dict[str, Any]
    receipt: dict[str, Any]
    l1_logs: tuple[L2ToL1Log, ...]
    anvil_hash: str | None
    request: CanonicalTransaction | None  # of a priority operation


class _State(Struct, kw_only=True):
    """All that the front knows beside anvil; copied by snapshots."""

    records: dict[str, Record]
    blocks: dict[int, list[str]]  # the transactions of each block
    log_of: dict[tuple[str, int], dict[str, Any]]  # by anvil hash and log index
    batches: list[Batch]
    executed: int
    first_unsealed: int
    scanned: int
    priority_done: set[Hash32]
    failing: int
    form: Form


class Chain(Node):
    """The blocks and batches of an L2, whatever its stack and its JSON-RPC."""

    stack: str
    block_tx_number = False  # what the number in a log's leaf counts: within the block, else within the batch

    def __init__(
        self,
        anvil: Anvil,
        lock: threading.RLock,
        *,
        l1: L1,
        diamond: Address,
        requests: Callable[[int, int], Iterable[PriorityRequest]],
        execute: Callable[[Batch], str],
        commit: Callable[[Batch], str],
        base_fee: int,
        priority_fee: int,
        automatic_batches: bool,
        automatic_deposits: bool,
        l1_confirmations: int,
        form: Form,
        port: int,
    ) -> None:
        self.l1, self.diamond = l1, diamond
        self.automatic_batches, self.automatic_deposits = automatic_batches, automatic_deposits
        self.l1_confirmations = l1_confirmations
        self._requests, self._execute_on_l1, self._commit_on_l1 = requests, execute, commit
        first = to_int(anvil.rpc("eth_blockNumber")) + 1
        self.state = _State(
            records={},
            blocks={},
            log_of={},
            batches=[],
            executed=0,
            first_unsealed=first,
            scanned=l1.block_number(),
            priority_done=set(),
            failing=0,
            form=form,
        )
        self.filling: list[Operation] | None = None  # the block that is being filled
        super().__init__(anvil, lock, base_fee=base_fee, priority_fee=priority_fee, port=port)
        self.lacking = {"eth_simulateV1"}  # no L2 node has it
        l1.on_block.append(self._l1_block)

    # ------------------------------------------------------------ priority operations
    def _l1_block(self, first: int) -> None:
        self.state.scanned = min(
            self.state.scanned, first - 1
        )  # after a reorganization there is something to see again
        if self.automatic_deposits:
            self.run_deposits()

    def run_deposits(self) -> int:
        """Run the priority operations that are on L1 and have not run, each in a block; how many."""
        with self.lock:
            head = self.l1.block_number() - self.l1_confirmations
            first = self.state.scanned + 1
            if first > head:
                return 0
            self.state.scanned = head
            found = [
                request for request in self._requests(first, head) if request.l2_tx_hash not in self.state.priority_done
            ]
            for request in found:
                self.state.priority_done.add(request.l2_tx_hash)
                fail = self.state.failing > 0
                self.state.failing -= fail
                self.submit(PriorityOperation(request, fail=fail))
            return len(found)

    # ------------------------------------------------------------ blocks
    def submit(self, operation: Operation) -> None:
        """Run one transaction: in a block of its own, or in the block that is being filled."""
        if self.filling is None:
            self.run([operation])
        else:
            self.filling.append(operation)

    def together(self) -> "_OneBlock":
        """A `with` block whose transactions all come into one L2 block at its end."""
        return _OneBlock(self)

    def run(self, operations: Sequence[Operation]) -> None:
        """Mine one block with these transactions, in order. One that borrows a nonce has its sender to itself."""
        rpc = self.anvil.rpc
        base_fee = min([self.base_fee, *(operation.price for operation in operations)])
        rpc("anvil_setNextBlockBaseFeePerGas", quantity(base_fee))
        self.before_block()
        begun: list[Operation] = []
        refused: RpcError | None = None
        for operation in operations:
            try:
                operation.begin(rpc, base_fee)
                begun.append(operation)
            except RpcError as error:
                refused = self.translated(error)
        if refused is not None and not begun:
            raise refused
        rpc("anvil_setNextBlockBaseFeePerGas", quantity(base_fee))
        rpc("evm_mine")
        block = rpc("eth_getBlockByNumber", "latest", False)
        outcomes = [(operation, operation.end(rpc)) for operation in begun]
        for operation in begun:
            self.after_transaction(operation)
        self._record(block, outcomes)
        if self.automatic_batches:
            self.seal_batch()
            self.execute_batch()

    def before_block(self) -> None:
        """What this stack sets before the transactions of a block run."""

    def after_transaction(self, operation: Operation) -> None:
        """What this stack keeps of a transaction that ran."""

    def number_in_batch(self, block: int) -> int:
        """How many transactions the unsealed batch has before this block."""
        return sum(len(self.state.blocks.get(n, ())) for n in range(self.state.first_unsealed, block))

    def _record(self, block: Mapping[str, Any], outcomes: "Sequence[tuple[Operation, Outcome]]") -> None:
        state, number = self.state, to_int(block["number"])
        in_batch = self.number_in_batch(number)
        gas, log_index = 0, 0
        state.blocks[number] = []
        for index, (operation, outcome) in enumerate(outcomes):
            place = {
                "transactionHash": str(operation.hash),
                "transactionIndex": quantity(index),
                "blockHash": block["hash"],
                "blockNumber": block["number"],
            }
            logs: list[dict[str, Any]] = []
            for anvil_hash, log in outcome.logs:
                shown = log | place | {"logIndex": quantity(log_index), "blockTimestamp": block["timestamp"]}
                state.log_of[anvil_hash, to_int(log["logIndex"])] = shown
                logs.append(shown)
                log_index += 1
            gas += outcome.gas_used
            transaction = operation.json() | {
                key: place[key] for key in ("blockHash", "blockNumber", "transactionIndex")
            }
            request = operation.request if isinstance(operation, PriorityOperation) else None
            tx_number = index if self.block_tx_number else in_batch + index
            record = Record(
                hash=operation.hash,
                block=number,
                index=index,
                number_in_batch=in_batch + index,
                transaction=transaction | {"gasPrice": quantity(outcome.price), "chainId": quantity(self.chain_id)},
                receipt=place
                | {
                    "from": transaction["from"],
                    "to": transaction["to"],
                    "type": transaction["type"],
                    "status": quantity(outcome.status),
                    "gasUsed": quantity(outcome.gas_used),
                    "cumulativeGasUsed": quantity(gas),
                    "effectiveGasPrice": quantity(outcome.price),
                    "contractAddress": outcome.contract,
                    "logs": logs,
                    "logsBloom": _EMPTY_BLOOM,
                },
                l1_logs=_l1_logs(operation, outcome, logs, tx_number, is_priority=request is not None),
                anvil_hash=outcome.anvil_hash,
                request=request,
            )
            state.records[str(operation.hash)] = record
            state.blocks[number].append(str(operation.hash))

    # ------------------------------------------------------------ batches
    def seal_batch(self) -> Batch:
        """Seal the blocks since the last batch into one, and commit it on L1. Era's receipts name it from now on."""
        with self.lock:
            state, last = self.state, self.block_number()
            if last < state.first_unsealed:
                self.anvil.rpc("evm_mine")
                last += 1
            logs = tuple(log for n in range(state.first_unsealed, last + 1) for log in self._logs_of_block(n))
            timestamp = to_int(self.anvil.rpc("eth_getBlockByNumber", quantity(last), False)["timestamp"])
            batch = Batch(
                number=len(state.batches) + 1,
                first_block=state.first_unsealed,
                last_block=last,
                logs=logs,
                root=log_root(logs, state.form),
                form=state.form,
                timestamp=timestamp,
            )
            state.batches.append(batch)
            state.first_unsealed = last + 1
            if not self.automatic_batches:
                batch.commit = self._commit_on_l1(batch)
            return batch

    def execute_batch(self) -> Batch:
        """Put the root of the oldest sealed batch on L1; now it has proofs. Raises RuntimeError if none is sealed."""
        with self.lock:
            if self.state.executed == len(self.state.batches):
                raise RuntimeError("no sealed batch is left to execute: call seal_batch() first")
            batch = self.state.batches[self.state.executed]
            self.state.executed += 1
            batch.execute = self._execute_on_l1(batch)
            batch.commit = batch.commit or batch.execute
            return batch

    def _logs_of_block(self, number: int) -> list[BatchLog]:
        records = (self.state.records[name] for name in self.state.blocks.get(number, ()))
        return [BatchLog(record.hash, log) for record in records for log in record.l1_logs]

    def settle(self) -> None:
        """Seal and execute all that waits: a chain that upgrades has no batch in between."""
        with self.lock:
            if self.block_number() >= self.state.first_unsealed:
                self.seal_batch()
            while self.state.executed < len(self.state.batches):
                self.execute_batch()

    def batch_of(self, block: int) -> Batch | None:
        """The sealed batch that a block is in."""
        return next((batch for batch in self.state.batches if batch.first_block <= block <= batch.last_block), None)

    def batch(self, number: int) -> Batch | None:
        """The sealed batch with this number."""
        return self.state.batches[number - 1] if 0 < number <= len(self.state.batches) else None

    def proof_json(self, batch: Batch, record: Record, index: int) -> dict[str, Any]:
        """The proof of a transaction's log, in the words that both stacks share."""
        position = index + next(i for i, log in enumerate(batch.logs) if log.transaction == record.hash)
        return {"proof": [str(word) for word in batch.proof(position)], "id": position, "root": str(batch.root)}

    def finalized(self) -> int:
        """The last block of the last executed batch."""
        return self.state.batches[self.state.executed - 1].last_block if self.state.executed else 0

    def committed(self) -> int:
        """The last block of the last sealed batch."""
        return self.state.first_unsealed - 1

    # ------------------------------------------------------------ life
    def saved(self) -> Any:
        return super().saved(), copy.deepcopy(self.state)

    def restore(self, saved: Any) -> None:
        common, state = saved
        super().restore(common)
        self.state = copy.deepcopy(state)

    def close(self) -> None:
        """Stop the front, and looking at L1."""
        self.l1.on_block.remove(self._l1_block)
        super().close()


class _OneBlock:
    def __init__(self, l2: Chain) -> None:
        self._l2 = l2

    def __enter__(self) -> None:
        with self._l2.lock:
            if self._l2.filling is not None:
                raise RuntimeError("a block is being filled already")
            self._l2.filling = []

    def __exit__(self, kind: object, *_: object) -> None:
        with self._l2.lock:
            operations, self._l2.filling = self._l2.filling or [], None
            while operations and kind is None:
                block = _compatible(operations)
                self._l2.run(block)
                operations = operations[len(block) :]


def _compatible(operations: list[Operation]) -> list[Operation]:
    """As many as can share a block: some want it alone, one that borrows a nonce wants its sender to itself."""
    senders: dict[Address, bool] = {}
    for i, operation in enumerate(operations):
        if i and (operation.alone or operations[0].alone):
            return operations[:i]
        if operation.sender in senders and (operation.borrows_nonce or senders[operation.sender]):
            return operations[:i]
        senders[operation.sender] = operation.borrows_nonce
    return operations


def _l1_logs(
    operation: Operation, outcome: Outcome, logs: list[dict[str, Any]], tx_number: int, *, is_priority: bool
) -> tuple[L2ToL1Log, ...]:
    """The L2->L1 logs: the messenger's, one a message; last the bootloader's, with a priority operation's status."""
    sent = [(L1_MESSENGER_ADDRESS, key, value) for key, value in l1_messages(logs)]
    if is_priority:
        sent.append((BOOTLOADER, operation.hash, Hash32(int(outcome.status).to_bytes(32))))
    return tuple(
        L2ToL1Log(is_service=True, tx_number=tx_number, sender=sender, key=key, value=value)
        for sender, key, value in sent
    )
