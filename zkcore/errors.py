"""One tree of errors, cut first by whose fault it is.

`InputError`: what the caller gave. `NodeError`: a node did not answer, or not with an answer. `ChainError`: a contract or
the state of a chain said no. `SignerError`: the key or the device. Each leaf has its facts as attributes, and in its text.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Final, TypeAlias, TypeVar

# fmt: off
__all__ = [
    "AccessDenied", "AddressMismatch", "AlreadyFinalized", "AppNotOpen", "BadSignature", "BaseCostMismatch",
    "BlindSigningRequired", "ChainError", "ChainIdMismatch", "DepositFailed", "DeviceBusy", "DeviceFault", "DeviceLocked",
    "DeviceNotFound", "FeeTooHigh", "FeeTooLow", "FirmwareTooOld", "HttpStatusError", "InputError", "InsufficientAllowance",
    "InsufficientBalance", "InsufficientBaseCost", "InvalidBundle", "InvalidDefinition", "InvalidProof", "JournalError",
    "KeyUnusable", "L2GasLimitTooHigh", "L2GasLimitTooLow", "L2HashMismatch", "MalformedReply", "MethodNotFound",
    "NoContract", "NoSigner", "NodeError", "NodeTimeout", "NodeUnreachable", "NodesDisagree", "NonceTaken", "NotCovered",
    "NotDeployed", "NotPaired", "NotReady", "NothingToClaim", "PlanTampered", "RateLimited", "Reverted", "RpcError",
    "SendUncertain", "SignerError", "SignerTimeout", "SignerUnavailable", "TransactionChanged", "TransactionFailed",
    "UnknownChain", "UnsupportedBySigner", "UnsupportedProtocol", "UntrustedBridgehub", "UserRejected", "WaitTimeout",
    "WithdrawalCancelled", "WrongDevice", "ZkCoreError",
]
# fmt: on

_E = TypeVar("_E", bound="ZkCoreError")
_LONGEST = 2_000  # characters of what a contract says
BASE_TOKEN: Final = "the base token of L2"  # what errors call it whose token is not named by its address
_ETHER: Final = ("ETH", "0x0000000000000000000000000000000000000001")
Units: TypeAlias = Callable[
    [object], tuple[Callable[[int], str], str]
]  # of a token: the text of an amount, and a remark


class ZkCoreError(Exception):
    """The root. Never raised itself. Its text is fit for a terminal, whatever a contract or a node has put into it."""

    def __str__(self) -> str:
        return printable(super().__str__())

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return _rebuilt, (type(self), super().__str__(), self.__dict__)


def printable(text: str) -> str:
    """The text with what moves a cursor, ends a line or turns the direction of writing as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def decimal_text(amount: int, decimals: int) -> str:
    """The exact decimal text of an amount in units of 10**decimals."""
    whole, fraction = divmod(abs(amount), 10**decimals)
    text = f"{whole}.{fraction:0{decimals}d}".rstrip("0").rstrip(".") if decimals else str(whole)
    return "-" + text if amount < 0 else text


def price_text(price: int) -> str:
    """A price of gas: in gwei, and exactly."""
    return f"{decimal_text(price, 9)} gwei ({price} wei)"


def plain_units(token: object) -> tuple[Callable[[int], str], str]:
    """Amounts of a token of which nothing is known, but of ether: 18 decimals, which nobody disputes."""
    if str(token) in _ETHER:
        return (lambda amount: f"{decimal_text(amount, 18)} ETH ({amount} wei)"), ""
    return str, " (in its smallest unit: its decimals are not known here)"


class _Amounts:
    """An error whose text has amounts. `told_by` tells it again, by who knows more of the tokens."""

    def told_by(self: Any, units: Units) -> None:
        """Say the amounts in these units."""
        Exception.__init__(self, self._text(units))


def _rebuilt(kind: type[_E], text: str, facts: dict[str, Any]) -> _E:
    error = kind.__new__(kind, text)
    Exception.__init__(error, text)
    error.__dict__.update(facts)
    return error


# ---------------------------------------------------------------- what the caller gave
class InputError(ZkCoreError, ValueError):
    """A value given by the caller cannot be used. Nothing was signed or sent."""


class InsufficientBaseCost(_Amounts, InputError):
    """The mint value does not cover the base cost (and the L2 value) at the highest gas price the transaction may pay."""

    def __init__(
        self, *, base_cost: int, l2_value: int, mint_value: int, gas_price: int, enough_up_to: int | None
    ) -> None:
        self.base_cost, self.l2_value, self.mint_value = base_cost, l2_value, mint_value
        self.gas_price, self.enough_up_to = gas_price, enough_up_to
        self.told_by(plain_units)

    def _text(self, units: Units) -> str:
        show, remark = units(BASE_TOKEN)
        needed = self.base_cost + self.l2_value
        sums = f"base cost {show(self.base_cost)} + L2 value {show(self.l2_value)} = {show(needed)}"
        until, most = "at no gas price", self.enough_up_to
        if most is not None:
            until = f"only up to an L1 gas price of {price_text(most)}"
        now = f"{sums} at an L1 gas price of {price_text(self.gas_price)}; it is enough {until}{remark}"
        return f"the mint value of {show(self.mint_value)} is too low: {now}"


class L2GasLimitTooLow(InputError):
    """The L2 gas limit is below what the chain's validator accepts: the request would revert on L1."""

    def __init__(self, *, l2_gas_limit: int, minimum: int, rule: str) -> None:
        self.l2_gas_limit, self.minimum, self.rule = l2_gas_limit, minimum, rule
        bound = f"the L2 gas limit {l2_gas_limit} is below the minimum {minimum}"
        super().__init__(f"{bound}: the chain would revert with {rule}")


class L2GasLimitTooHigh(InputError):
    """The L2 gas limit is above what the chain's validator accepts: the request would revert on L1."""

    def __init__(self, *, l2_gas_limit: int, maximum: int, rule: str) -> None:
        self.l2_gas_limit, self.maximum, self.rule = l2_gas_limit, maximum, rule
        bound = f"the L2 gas limit {l2_gas_limit} is above the maximum {maximum}"
        super().__init__(f"{bound}: the chain would revert with {rule}")


class UnsupportedProtocol(InputError):
    """The chain runs a protocol version, or is of a stack, that cannot do what was asked."""


class PlanTampered(InputError):
    """The plan's bytes do not give the hash it carries, or its parts contradict one another."""


class ChainIdMismatch(InputError):
    """A node, profile or transaction is of another chain than expected. `swapped`: the nodes are in one another's place."""

    def __init__(self, *, what: str, expected: int | str, got: int, called: str = "", swapped: bool = False) -> None:
        self.what, self.expected, self.got, self.swapped = what, expected, got, swapped
        meant = f"chain {expected}" if isinstance(expected, int) else expected
        advice = ": are the URLs of l1= and l2= swapped, or the same?" if swapped else ""
        super().__init__(f"{what} is on chain {got}{f' ({called})' if called else ''}, expected {meant}{advice}")


class JournalError(InputError):
    """The journal cannot be read or written. What was not recorded in it was not sent."""


# ---------------------------------------------------------------- the nodes
class NodeError(ZkCoreError):
    """A node did not answer, or not with an answer. Never to be read as one.

    `passing`: asked again, or of another node, there may be an answer; else a node says what cannot be true.
    """

    passing: ClassVar[bool] = True


class NodeTimeout(NodeError):
    """No answer in time. What was asked may or may not have been done."""


class RateLimited(NodeError):
    """The node refuses for now (HTTP 429 or its JSON-RPC kin)."""

    def __init__(self, text: str, *, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(text)


class NodeUnreachable(NodeError):
    """No connection, or it broke. What was asked may or may not have been done."""


class HttpStatusError(NodeError):
    """The node answered with an HTTP status instead of JSON-RPC."""

    def __init__(self, text: str, *, status: int) -> None:
        self.status = status
        super().__init__(text)


class RpcError(NodeError):
    """The node answered with a JSON-RPC error: its `code` (None if it gave none), `message` and `data`."""

    def __init__(self, *, where: str, code: int | None, message: str, data: object = None) -> None:
        self.where, self.code, self.message, self.data = where, code, message, data
        super().__init__(f"{where}: {message} (code {code})")


class FeeTooLow(RpcError):
    """The node refused a transaction whose fees are below what it takes by now: nothing is out. Prices in wei per gas.

    `base_fee`: of the block to come; None if the node does not tell. `message`, `code`: the node's own words.
    """

    def __init__(
        self,
        *,
        where: str,
        code: int | None,
        message: str,
        max_fee: int,
        tip: int,
        base_fee: int | None,
        data: object = None,
    ) -> None:
        super().__init__(where=where, code=code, message=message, data=data)
        self.max_fee_per_gas, self.max_priority_fee_per_gas, self.base_fee = max_fee, tip, base_fee
        now = "" if base_fee is None else f"; the base fee is {price_text(base_fee)} by now"
        Exception.__init__(
            self,
            f"{where}: the fees are too low: it offers at most {price_text(max_fee)} per gas, {price_text(tip)} of that as a tip"
            f"{now}. Nothing is out: plan it anew, or name higher fees in TxOptions (the node says {message!r}, code {code})",
        )


class MethodNotFound(RpcError):
    """The node does not have this method."""


class NodesDisagree(NodeError):
    """So many nodes must say the same, and they do not; the text has what each of them says."""


class SendUncertain(NodeError):
    """Signed bytes may be with the nodes or not. The order is in flight: its `handle` follows it, `submit` takes it `signed`."""

    def __init__(self, *, signed: Any, why: object, handle: Any = None) -> None:
        self.signed, self.why, self.handle = signed, why, handle
        super().__init__(
            f"{signed.tx_hashes[-1]} is signed and may or may not be with the nodes ({why}). Do not order it anew: wait on "
            "`handle`, submit `signed` again, call `resume_all`, or ask again under its reference; all of them pay it once"
        )

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        kept = self.handle and self.handle.to_json()  # the wallet inside holds connections
        return _rebuilt, (type(self), str(self), {**self.__dict__, "handle": kept})


class MalformedReply(NodeError):
    """The reply does not fit the method; the text has the method, the field and the value."""


class NoContract(NodeError):
    """Nothing answers at an address: there is no contract on this chain, or not on this node yet."""

    def __init__(self, *, chain: str, address: object, function: str) -> None:
        self.chain, self.address, self.function = chain, address, function
        nothing = f"{chain}: nothing answers {function} at {address}"
        super().__init__(f"{nothing}: there is no such contract on this chain. Check the address and the node")


class UntrustedBridgehub(NodeError):
    """The bridgehub is not pinned and the caller did not name it, or a node names another one than is pinned."""

    passing: ClassVar[bool] = False

    def __init__(self, *, chain_id: int, named: object, expected: object = None) -> None:
        self.chain_id, self.named, self.expected = chain_id, named, expected
        text = f"the L2 node of chain {chain_id} names the bridgehub {named}, expected {expected}: do not use this node"
        if expected is None:
            text = f"chain {chain_id} has no pinned profile, and the L2 node must not choose whom we pay: check the "
            text += f"bridgehub it names ({named}) and give it as bridgehub=..., or say trust_l2=True"
        super().__init__(text)


class AddressMismatch(NodeError):
    """An address pinned in the profile is not the one the contracts on L1 name."""

    passing: ClassVar[bool] = False

    def __init__(self, *, what: str, pinned: object, on_l1: object) -> None:
        self.what, self.pinned, self.on_l1 = what, pinned, on_l1
        super().__init__(f"the profile pins {what} as {pinned}, the contracts on L1 name {on_l1}")


class InvalidProof(NodeError):
    """A proof is malformed, or does not lead to the trusted root."""

    passing: ClassVar[bool] = False


class InvalidBundle(NodeError):
    """The L2 node shows an interop bundle that is no withdrawal of this chain, or has another hash than it says."""

    passing: ClassVar[bool] = False


class L2HashMismatch(NodeError):
    """An L2 transaction hash is not the one that the transaction itself gives."""

    passing: ClassVar[bool] = False

    def __init__(self, *, computed: object, claimed: object) -> None:
        self.computed, self.claimed = computed, claimed
        super().__init__(f"the canonical transaction hashes to {computed}, the node says {claimed}")


class BaseCostMismatch(NodeError):
    """Our base cost and the bridgehub's differ: the chain's rule has changed, or a node lies."""

    passing: ClassVar[bool] = False

    def __init__(self, *, computed: int, on_l1: int) -> None:
        self.computed, self.on_l1 = computed, on_l1
        super().__init__(
            f"the base cost computed here is {computed}, Bridgehub.l2TransactionBaseCost says {on_l1}: "
            "the fee rule of this chain is not the one this version knows"
        )


# ---------------------------------------------------------------- the chains
class ChainError(ZkCoreError):
    """A contract said no, or the state of a chain does not allow it."""


class Reverted(ChainError):
    """A contract reverted: `name` of the error (None if it cannot be told), its `args`, the raw `data`, and some advice."""

    def __init__(
        self, name: str | None, args: tuple[object, ...] = (), *, data: bytes = b"", advice: str = "", where: str = ""
    ) -> None:
        nameless = f"unknown error 0x{data.hex()}" if data else "no reason given"
        shown = (f"{name}({', '.join(map(str, args))})" if name else nameless)[:_LONGEST]
        super().__init__(f"{where + ': ' if where else ''}execution reverted: {shown}{'. ' + advice if advice else ''}")
        self.name, self.data, self.advice, self.where = name, data, advice, where
        self._text = super().__str__()
        self.args = tuple(args)

    def __str__(self) -> str:
        return self._text

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return partial(Reverted, data=self.data, advice=self.advice, where=self.where), (self.name, self.args)


class InsufficientBalance(_Amounts, ChainError):
    """The account does not hold what the operation needs."""

    def __init__(self, *, address: object, token: object, balance: int, needed: int, purpose: str = "") -> None:
        self.address, self.token, self.balance, self.needed = address, token, balance, needed
        self.missing, self.purpose = needed - balance, purpose
        self.told_by(plain_units)

    def _text(self, units: Units) -> str:
        show, remark = units(self.token)
        on_l2 = self.token == BASE_TOKEN and show is not str
        of = " on L2" if on_l2 else "" if str(self.token) in _ETHER else f" of {self.token}"
        why = f" for {self.purpose}" if self.purpose else ""
        needs = f"needs {show(self.needed)}{why}: {show(self.missing)} missing{remark}"
        return f"{self.address} holds {show(self.balance)}{of}, {needs}"


class InsufficientAllowance(_Amounts, ChainError):
    """The allowance is too low, and approvals were switched off."""

    _advice: ClassVar[str] = "approve it, or leave approve=True"

    def __init__(self, *, token: object, owner: object, spender: object, allowance: int, needed: int) -> None:
        self.token, self.owner, self.spender, self.allowance, self.needed = token, owner, spender, allowance, needed
        self.told_by(plain_units)

    def _text(self, units: Units) -> str:
        show, remark = units(self.token)
        allows = f"{self.owner} allows {self.spender} {show(self.allowance)} of {self.token}"
        return f"{allows}, needs {show(self.needed)}{remark}: {self._advice}"


class NotCovered(InsufficientAllowance):
    """A request that pays L2 in an ERC-20 cannot be sped up: it would pay more than is approved, and more cannot be approved."""

    _advice: ClassVar[str] = "no nonce is free for an approval of more before it: cancel() it, and order it again"


class UnknownChain(ChainError):
    """The bridgehub does not know the chain."""

    def __init__(self, *, chain_id: int, bridgehub: object) -> None:
        self.chain_id, self.bridgehub = chain_id, bridgehub
        super().__init__(f"the bridgehub {bridgehub} does not know chain {chain_id}")


class TransactionFailed(ChainError):
    """A transaction was included with status 0 (`receipt`), or never will be: another one has its nonce (no receipt)."""

    def __init__(self, *, chain: str, tx_hash: object, receipt: object = None, reason: str = "") -> None:
        self.chain, self.tx_hash, self.receipt, self.reason = chain, tx_hash, receipt, reason
        super().__init__(f"the {chain} transaction {tx_hash} failed{': ' + reason if reason else ''}")


class NotDeployed(ChainError):
    """The deployment was included, and the contract is not what, or not where, it was to be."""

    def __init__(self, *, tx_hash: object, contract: object, why: str) -> None:
        self.tx_hash, self.contract = tx_hash, contract
        super().__init__(f"the L2 transaction {tx_hash} was to deploy a contract at {contract}, but {why}")


class DepositFailed(ChainError):
    """The priority operation failed on L2. `claimable`: whether the deposit can be claimed back on L1."""

    def __init__(self, *, l2_tx_hash: object, receipt: object, claimable: bool, advice: str) -> None:
        self.l2_tx_hash, self.receipt, self.claimable, self.advice = l2_tx_hash, receipt, claimable, advice
        super().__init__(f"the L2 transaction {l2_tx_hash} failed. {advice}")


class NotReady(ChainError):
    """Not yet: `state` says how far it is, `reason` why."""

    def __init__(self, reason: str, *, state: str = "") -> None:
        self.reason, self.state = reason, state
        super().__init__(f"not ready: {reason}")


class AlreadyFinalized(ChainError):
    """L1 has paid this withdrawal out before: it is done."""

    def __init__(self, *, l2_tx_hash: Any, index: int) -> None:
        self.l2_tx_hash, self.index = l2_tx_hash, index
        super().__init__(f"withdrawal {index} of {l2_tx_hash} was finalized before: nothing is left to do")


class WithdrawalCancelled(ChainError):
    """Whoever may unbundle this withdrawal has cancelled it on L1: it will never be paid out."""

    def __init__(self, *, l2_tx_hash: Any, index: int, bundle_hash: Any) -> None:
        self.l2_tx_hash, self.index, self.bundle_hash = l2_tx_hash, index, bundle_hash
        super().__init__(
            f"withdrawal {index} of {l2_tx_hash} is lost: its unbundler cancelled bundle {bundle_hash} on L1"
        )


class FeeTooHigh(_Amounts, ChainError):
    """What it would cost is above a ceiling of the fee policy: `got`, `ceiling`, and which it is. Nothing was signed.

    `unit`: "gas", "price" (wei per gas), or the token whose amount it is.
    """

    def __init__(self, *, what: str, got: int, ceiling: int, raised_by: str, unit: str = "gas") -> None:
        self.what, self.got, self.ceiling, self.raised_by, self.unit = what, got, ceiling, raised_by, unit
        self.told_by(plain_units)

    @classmethod
    def of_policy(cls, name: str, what: str, got: int, ceiling: int) -> "FeeTooHigh":
        """Above the ceiling of this name of a FeePolicy."""
        unit = {"max_total": "ETH", "l2_max_total": BASE_TOKEN}.get(name, "price")
        return cls(what=what, got=got, ceiling=ceiling, raised_by=f"FeePolicy({name}=...)", unit=unit)

    def _text(self, units: Units) -> str:
        plain: dict[str, tuple[Callable[[int], str], str]] = {"gas": (str, ""), "price": (price_text, "")}
        show, remark = plain.get(self.unit) or units(self.unit)
        bound = f"the ceiling is {show(self.ceiling)}{remark}"
        return f"{self.what} is {show(self.got)}, {bound}: if that is right, raise it with {self.raised_by}"


class NothingToClaim(ChainError):
    """There is nothing on L1 to claim back; `reason` says why, and where the value is. `claimed`: it was claimed before."""

    def __init__(self, reason: str, *, claimed: bool = False) -> None:
        self.reason, self.claimed = reason, claimed
        super().__init__(f"nothing to claim: {reason}")


class NonceTaken(ChainError):
    """Another transaction has used the nonce of this one."""

    def __init__(self, *, chain: str, address: object, nonce: int, next_nonce: int) -> None:
        self.chain, self.address, self.nonce, self.next_nonce = chain, address, nonce, next_nonce
        taken = f"nonce {nonce} of {address} on {chain} is taken (the next one is {next_nonce})"
        super().__init__(f"{taken}: prepare a new plan")


class WaitTimeout(ChainError):
    """What was waited for did not happen in time; `trouble`: what the node said instead of an answer, if it did.

    Nothing is lost: wait again, or resume the handle.
    """

    def __init__(self, *, what: str, seconds: float, trouble: NodeError | None = None) -> None:
        self.what, self.seconds, self.trouble = what, seconds, trouble
        last = f" (the last answer was none: {trouble})" if trouble else ""
        super().__init__(f"waited {seconds} s for {what}{last}; nothing is lost, wait again or resume later")


# ---------------------------------------------------------------- the key or the device
class SignerError(ZkCoreError):
    """The signer could not sign, or must not."""


class NoSigner(SignerError):
    """The wallet is watch-only: it was given an address instead of a signer."""

    def __init__(self, address: object) -> None:
        self.address = address
        super().__init__(f"the wallet of {address} is watch-only: give it a signer, or sign the plan elsewhere")


class UserRejected(SignerError):
    """The user pressed the button that says no."""


class BlindSigningRequired(SignerError):
    """The device can show this only as a hash, and nobody has consented to that."""


class WrongDevice(SignerError):
    """The signature or address is of another account than expected: other device, seed, passphrase or path."""

    def __init__(self, *, expected: object, got: object, of: str = "the device") -> None:
        self.expected, self.got = expected, got
        answer = f"expected the account {expected}, {of} answers for {got}"
        super().__init__(f"{answer}: {'other device, passphrase or path' if of == 'the device' else 'another key'}?")


class DeviceNotFound(SignerError):
    """No device answers."""


class DeviceBusy(SignerError):
    """Another program holds the device."""


class DeviceLocked(SignerError):
    """The device wants its PIN."""


class DeviceFault(SignerError):
    """The device, its app or the line to it failed in a way that has no name of its own."""


class FirmwareTooOld(SignerError):
    """The device's firmware, or the app on it, is too old for this."""


class NotPaired(SignerError):
    """The device speaks only to programs it was paired with, and no way to pair was given."""


class InvalidDefinition(SignerError):
    """A network definition for the device's screen cannot be used. Nothing was signed; without one it signs all the same."""


class AppNotOpen(SignerError):
    """Another app than the Ethereum app is open on the device."""

    def __init__(self, text: str, *, running: str | None = None) -> None:
        self.running = running
        super().__init__(text)


class UnsupportedBySigner(SignerError):
    """This signer cannot sign such a thing."""


class BadSignature(SignerError):
    """The signature is malformed, high-s, or does not recover to the signer."""


class TransactionChanged(BadSignature):
    """A remote signer signed another transaction than it was given; `changes`: each field with what was asked and signed."""

    def __init__(self, changes: dict[str, tuple[object, object]]) -> None:
        self.changes = changes
        told = ", ".join(f"{name}: asked {asked}, signed {signed}" for name, (asked, signed) in changes.items())
        super().__init__(f"the signer changed the transaction: {told}"[:_LONGEST])


class SignerTimeout(SignerError):
    """The device, or its user, or a service, did not answer in time."""


class SignerUnavailable(SignerError):
    """The service that holds the key cannot be reached, or refuses for now (throttled). Ask again."""


class AccessDenied(SignerError):
    """The service that holds the key does not know these credentials, or they may not sign with it."""


class KeyUnusable(SignerError):
    """The service does not have the key, or cannot sign with it: disabled, of another curve, for another use."""
