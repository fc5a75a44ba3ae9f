"""How Era runs a signed transaction: the fee is the base fee's, and a paymaster may pay it."""

from typing import Any

from zkcore.errors import InputError
from zkcore.ethereum.abi import Function
from zkcore.protocol.bytecode import versioned_hash
from zkcore.protocol.contracts import BOOTLOADER, ERC20, PAYMASTER_FLOW
from zkcore.testing.devnet.bootloader import Outcome, outcome_of
from zkcore.testing.devnet.node import quantity, to_int
from zkcore.testing.devnet.pool import Pending, transaction_json
from zkcore.testing.devnet.upstream import RpcError, Upstream
from zkcore.transactions import Eip712Transaction
from zkcore.types import Address, to_hex

__all__ = ["EraOperation"]

# era-contracts system-contracts/contracts/interfaces/IPaymaster.sol
_VALIDATE = Function(
    "validateAndPayForPaymasterTransaction(bytes32 txHash,bytes32 suggestedSignedHash,(uint256 txType,uint256 from,"
    "uint256 to,uint256 gasLimit,uint256 gasPerPubdataByteLimit,uint256 maxFeePerGas,uint256 maxPriorityFeePerGas,"
    "uint256 paymaster,uint256 nonce,uint256 value,uint256[4] reserved,bytes data,bytes signature,"
    "bytes32[] factoryDeps,bytes paymasterInput,bytes reservedDynamic) transaction)"
    " payable returns (bytes4 magic,bytes context)"
)
_VALIDATION_GAS = 5_000_000

# Calls the address in the first word of its calldata with the rest of it, and reverts if that does. It stands at the
# account while the bootloader lets the account approve a paymaster, which Era's default account does by itself:
#   PUSH1 32 CALLDATASIZE SUB PUSH1 32 PUSH1 0 CALLDATACOPY
#   PUSH1 0 PUSH1 0 PUSH1 32 CALLDATASIZE SUB PUSH1 0 PUSH1 0 PUSH1 0 CALLDATALOAD GAS CALL
#   PUSH1 34 JUMPI PUSH1 0 PUSH1 0 REVERT JUMPDEST STOP
_FORWARDER = "0x6020360360206000376000600060203603600060006000355af160225760006000fd5b00"


class EraOperation:
    """A legacy, EIP-1559 or EIP-712 transaction on Era. A tip is not charged.

    With a paymaster: the account approves it where the flow asks for that, the bootloader calls its validation, which
    must pay gas limit * price, the transaction runs, and what was paid too much goes back to the paymaster.
    """

    borrows_nonce = False

    def __init__(self, pending: Pending) -> None:
        self._pending = pending
        self.hash, self.sender, self.price = pending.hash, pending.sender, pending.max_fee
        tx = pending.transaction
        paymaster = tx.paymaster if isinstance(tx, Eip712Transaction) else None
        self.paymaster: Address | None = paymaster.address if paymaster else None
        self.alone = paymaster is not None
        self._ahead: list[str] = []  # anvil's hashes of what runs before the transaction
        self._anvil_hash, self._code = "", "0x"
        self._price = self._before = 0

    # ------------------------------------------------------------ with a paymaster
    def validate(self, rpc: Upstream, base_fee: int) -> None:
        """Refuse what the paymaster refuses, leaving no trace. Raises RpcError."""
        snapshot = rpc("evm_snapshot")
        try:
            rpc("anvil_setNextBlockBaseFeePerGas", quantity(base_fee))
            self._send_ahead(rpc, base_fee)
            rpc("evm_mine")
            for transaction_hash in self._ahead:
                if rpc("eth_getTransactionReceipt", transaction_hash)["status"] != "0x1":
                    trace = rpc("debug_traceTransaction", transaction_hash, {"tracer": "callTracer"})
                    reason = trace.get("revertReason") or trace.get("output", "0x")
                    raise _refused(f"Validation revert: Paymaster validation error: {reason}")
            needed = self._pending.transaction.gas_limit * base_fee
            paid = self._paid(rpc, sum(outcome.gas_used for outcome in self._outcomes(rpc)))
            if paid < needed:
                raise _refused(
                    f"Validation revert: Failed to pay the fee to the operator: paid {paid}, needed {needed}"
                )
        finally:
            rpc("evm_revert", snapshot)

    def _send_ahead(self, rpc: Upstream, base_fee: int) -> None:
        """Hand anvil the approval and the validation."""
        tx, self._price = self._pending.transaction, base_fee
        if not isinstance(tx, Eip712Transaction) or tx.paymaster is None:
            return
        self._before = to_int(rpc("eth_getBalance", str(BOOTLOADER), "latest"))
        self._ahead, self._code = [], rpc("eth_getCode", str(self.sender), "latest")
        if tx.paymaster.input[:4] == PAYMASTER_FLOW.approval_based.selector:
            try:
                token, minimum, _ = PAYMASTER_FLOW.approval_based.decode_arguments(tx.paymaster.input)
            except InputError as error:
                raise _refused(f"malformed paymaster input: {error}") from error
            rpc("anvil_setCode", str(self.sender), _FORWARDER)
            self._from_bootloader(
                rpc, self.sender, bytes(12) + token + ERC20.approve.encode(tx.paymaster.address, minimum)
            )
        signature = self._pending.signature.to_bytes() if self._pending.signature else tx.custom_signature
        number = int.from_bytes
        struct = (
            *(
                tx.TYPE,
                number(tx.from_address),
                number(tx.to or b""),
                tx.gas_limit,
                tx.gas_per_pubdata,
                tx.max_fee_per_gas,
            ),
            *(
                tx.max_priority_fee_per_gas,
                number(tx.paymaster.address),
                tx.nonce,
                tx.value,
                (0, 0, 0, 0),
                tx.data,
                signature,
            ),
            *([versioned_hash(code) for code in tx.factory_deps], tx.paymaster.input, b""),
        )
        self._from_bootloader(rpc, tx.paymaster.address, _VALIDATE.encode(self.hash, tx.signing_hash(), struct))

    def _from_bootloader(self, rpc: Upstream, to: Address, data: bytes) -> None:
        rpc("anvil_addBalance", str(BOOTLOADER), quantity(_VALIDATION_GAS * self._price))
        fields = {
            "from": str(BOOTLOADER),
            "to": str(to),
            "data": to_hex(data),
            "gas": quantity(_VALIDATION_GAS),
            "maxFeePerGas": quantity(self._price),
            "maxPriorityFeePerGas": "0x0",
            "nonce": rpc("eth_getTransactionCount", str(BOOTLOADER), "pending"),
        }
        self._ahead.append(rpc("eth_sendUnsignedTransaction", fields))

    def _outcomes(self, rpc: Upstream) -> list[Outcome]:
        return [outcome_of(rpc, transaction_hash) for transaction_hash in self._ahead]

    def _paid(self, rpc: Upstream, used: int) -> int:
        """What the bootloader was paid: its balance less what it had, and less what is left of the gas it was lent."""
        lent = (len(self._ahead) * _VALIDATION_GAS - used) * self._price
        return to_int(rpc("eth_getBalance", str(BOOTLOADER), "latest")) - self._before - lent

    # ------------------------------------------------------------ running
    def begin(self, rpc: Upstream, base_fee: int) -> None:
        tx = self._pending.transaction
        self._send_ahead(rpc, base_fee)
        if self.paymaster is not None:
            rpc("anvil_addBalance", str(self.sender), quantity(tx.gas_limit * base_fee))
        fields = {
            "from": str(self.sender),
            "value": quantity(tx.value),
            "data": to_hex(tx.data),
            "gas": quantity(tx.gas_limit),
            "maxFeePerGas": quantity(base_fee),
            "maxPriorityFeePerGas": "0x0",
            "nonce": quantity(tx.nonce),
        } | ({} if tx.to is None else {"to": str(tx.to)})
        self._anvil_hash = rpc("eth_sendUnsignedTransaction", fields)

    def end(self, rpc: Upstream) -> Outcome:
        outcome, gas_limit = outcome_of(rpc, self._anvil_hash), self._pending.transaction.gas_limit
        if self.paymaster is None:
            return outcome
        ahead = self._outcomes(rpc)
        validation = sum(one.gas_used for one in ahead)
        used = min(outcome.gas_used + validation, gas_limit)
        paid = self._paid(rpc, validation)
        rpc("anvil_setCode", str(self.sender), self._code)
        rpc("anvil_setBalance", str(BOOTLOADER), quantity(self._before))
        rpc("anvil_addBalance", str(self.paymaster), quantity(paid - used * self._price))
        balance = to_int(rpc("eth_getBalance", str(self.sender), "latest"))
        rpc("anvil_setBalance", str(self.sender), quantity(balance - (gas_limit - outcome.gas_used) * self._price))
        logs = [log for one in [*ahead, outcome] for log in one.logs]
        return Outcome(
            status=outcome.status,
            gas_used=used,
            price=outcome.price,
            logs=logs,
            anvil_hash=self._anvil_hash,
            contract=outcome.contract,
        )

    def json(self) -> dict[str, Any]:
        return transaction_json(self._pending)


def _refused(reason: str) -> RpcError:
    return RpcError(3, f"failed paymaster validation. error message: {reason}", "0x")
