"""What an L1->L2 request costs and which gas limits a chain accepts: exact, offline, for protocol versions v26 to v33.

Sources, in matter-labs/era-contracts, l1-contracts/contracts: `_deriveL2GasPrice` in
state-transition/chain-deps/facets/Mailbox.sol (ZKChainBase.sol since v31), the same from v26 to v31;
state-transition/libraries/TransactionValidator.sol; constants in common/Config.sol. Divisions floor, unless written
ceil.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple, Self

import msgspec

from zkcore.errors import FeeTooHigh, InputError, L2GasLimitTooHigh, L2GasLimitTooLow, UnsupportedProtocol
from zkcore.protocol.contracts.constants import MAX_FACTORY_DEPS, REQUIRED_GAS_PER_PUBDATA
from zkcore.types import HexLike, Stack, hex_bytes, to_hex, uint

# fmt: off
__all__ = [
    "FIRST_TOKEN_DEPOSIT_L2_GAS", "L2_GAS_MARGIN_PERCENT", "LATEST_PROTOCOL_VERSION", "OLDEST_PROTOCOL_VERSION",
    "FeeParams", "FeePolicy", "base_cost", "check_l2_gas", "check_protocol_version", "encoded_length",
    "highest_l1_gas_price", "l2_gas_price", "maximal_l2_gas_limit", "minimal_l2_gas_limit", "protocol_note",
    "suggested_l2_gas_limit",
]
# fmt: on

OLDEST_PROTOCOL_VERSION: Final = 26
LATEST_PROTOCOL_VERSION: Final = 33
_UINT256_MAX = 2**256 - 1


# ---------------------------------------------------------------- the price
class FeeParams(msgspec.Struct, frozen=True, kw_only=True):
    """The fee parameters of a chain, as its diamond on L1 holds them.

    Prices are wei of the base token, overheads are L1 gas, pubdata is bytes. An L1 gas price in wei of ether becomes
    one of the base token by `multiplier_nominator / multiplier_denominator`. Raises InputError.
    """

    pubdata_pricing_mode: Literal["rollup", "validium"]
    batch_overhead_l1_gas: int
    max_pubdata_per_batch: int
    max_l2_gas_per_batch: int
    priority_tx_max_pubdata: int
    minimal_l2_gas_price: int
    multiplier_nominator: int
    multiplier_denominator: int

    def __post_init__(self) -> None:
        if self.pubdata_pricing_mode not in _MODES:
            raise InputError(f"pubdata_pricing_mode: expected one of {_MODES}, got {self.pubdata_pricing_mode!r}")
        for name, bits in {**dict(_PACKED), "multiplier_nominator": 128, "multiplier_denominator": 128}.items():
            uint(getattr(self, name), name, bits)
        for name in ("max_pubdata_per_batch", "max_l2_gas_per_batch", "multiplier_denominator"):
            if getattr(self, name) == 0:
                raise InputError(f"{name} is 0: the chain's fee parameters are not set, it cannot take requests yet")

    @classmethod
    def from_storage(cls, fee_params: HexLike, multiplier: HexLike) -> Self:
        """From storage slots 38 and 45 of the diamond: there is no getter for all of it.

        Slot 38, from the low end: 1 byte of mode, then the fields of FeeParams (common/Config.sol,
        ZKChainStorage.sol). Slot 45: nominator in the low, denominator in the high 16 bytes. Raises
        UnsupportedProtocol if the slot is packed otherwise than known, InputError.
        """
        words = [hex_bytes(fee_params, "slot 38"), hex_bytes(multiplier, "slot 45")]
        if any(len(word) != 32 for word in words):
            raise InputError(f"storage words have 32 bytes, got {[to_hex(word) for word in words]}")
        packed, ratio = (int.from_bytes(word, "big") for word in words)
        mode, rest = packed & 0xFF, packed >> 8
        values: dict[str, int] = {}
        for name, bits in _PACKED:
            values[name], rest = rest & ((1 << bits) - 1), rest >> bits
        if mode >= len(_MODES) or rest:
            shown = to_hex(words[0])
            raise UnsupportedProtocol(f"slot 38 of the diamond holds {shown}, not the fee parameters of v26 to v31")
        denominator, nominator = divmod(ratio, 1 << 128)
        values |= {"multiplier_nominator": nominator, "multiplier_denominator": denominator}
        return cls(pubdata_pricing_mode=_MODES[mode], **values)


_MODES: Final[tuple[Literal["rollup", "validium"], ...]] = ("rollup", "validium")  # PubdataPricingMode
# fmt: off
_PACKED: Final = (
    ("batch_overhead_l1_gas", 32), ("max_pubdata_per_batch", 32), ("max_l2_gas_per_batch", 32),
    ("priority_tx_max_pubdata", 32), ("minimal_l2_gas_price", 64),
)
# fmt: on
_PUBDATA_GAS: Final = {"rollup": 17, "validium": 0}  # L1_GAS_PER_PUBDATA_BYTE


def _gas_per_pubdata(gas_per_pubdata: int) -> int:
    if uint(gas_per_pubdata, "gas_per_pubdata") == 0:
        raise InputError("gas_per_pubdata is 0: expected 800, the only value the contracts take")
    return gas_per_pubdata


def l2_gas_price(params: FeeParams, l1_gas_price: int, gas_per_pubdata: int = REQUIRED_GAS_PER_PUBDATA) -> int:
    """The price of one L2 gas in base-token wei, for a request mined at this effective L1 gas price (wei).

        converted = l1_gas_price * nominator // denominator
        pubdata   = 17 * converted on a rollup, 0 on a validium
        overhead  = batch_overhead_l1_gas * converted
        price     = max(minimal_l2_gas_price + overhead // max_l2_gas_per_batch,
                        ceil((pubdata + overhead // max_pubdata_per_batch) / gas_per_pubdata))

    It never falls when the L1 gas price rises, so a quote at the highest price a transaction may pay is always enough.
    Raises InputError.
    """
    uint(l1_gas_price, "l1_gas_price")
    _gas_per_pubdata(gas_per_pubdata)
    converted = l1_gas_price * params.multiplier_nominator // params.multiplier_denominator
    overhead = params.batch_overhead_l1_gas * converted
    pubdata = _PUBDATA_GAS[params.pubdata_pricing_mode] * converted + overhead // params.max_pubdata_per_batch
    return max(params.minimal_l2_gas_price + overhead // params.max_l2_gas_per_batch, -(-pubdata // gas_per_pubdata))


def base_cost(
    params: FeeParams, l1_gas_price: int, l2_gas_limit: int, gas_per_pubdata: int = REQUIRED_GAS_PER_PUBDATA
) -> int:
    """What `Bridgehub.l2TransactionBaseCost` answers, in base-token wei: the L2 gas price times the L2 gas limit.

    Raises InputError.
    """
    return l2_gas_price(params, l1_gas_price, gas_per_pubdata) * uint(l2_gas_limit, "l2_gas_limit")


def highest_l1_gas_price(
    params: FeeParams,
    *,
    mint_value: int,
    l2_value: int = 0,
    l2_gas_limit: int,
    gas_per_pubdata: int = REQUIRED_GAS_PER_PUBDATA,
) -> int | None:
    """The highest L1 gas price (wei) at which the mint value still covers base cost and L2 value; None if at none.

    The exact inverse of `base_cost`; 2**256 - 1 if the cost does not depend on the price. With q the L2 gas price that
    can be paid, B, G, M the batch overhead, gas and pubdata, and c the converted price, `price <= q` is
        minimal + B*c // G <= q             <=>  B*c <= (q - minimal + 1)*G - 1
        ceil((17*c + B*c // M) / P) <= q    <=>  (17*M + B)*c <= (q*P + 1)*M - 1
        l1 * n // d <= c                    <=>  l1 * n <= (c + 1)*d - 1
    """
    uint(l2_gas_limit, "l2_gas_limit")
    _gas_per_pubdata(gas_per_pubdata)
    budget = uint(mint_value, "mint_value") - uint(l2_value, "l2_value")
    if budget < 0:
        return None
    if l2_gas_limit == 0:
        return _UINT256_MAX
    q = budget // l2_gas_limit
    if q < params.minimal_l2_gas_price:
        return None
    overhead, pubdata = params.batch_overhead_l1_gas, params.max_pubdata_per_batch
    bounds = (
        (overhead, (q - params.minimal_l2_gas_price + 1) * params.max_l2_gas_per_batch - 1),
        (_PUBDATA_GAS[params.pubdata_pricing_mode] * pubdata + overhead, (q * gas_per_pubdata + 1) * pubdata - 1),
    )
    converted = min((limit // factor for factor, limit in bounds if factor), default=None)
    if converted is None or params.multiplier_nominator == 0:
        return _UINT256_MAX
    return min(((converted + 1) * params.multiplier_denominator - 1) // params.multiplier_nominator, _UINT256_MAX)


# ---------------------------------------------------------------- the validator
class _ZksyncOsRule(NamedTuple):
    static_native: int
    intrinsic_pubdata: int
    floor: int
    refuses_zero_price: bool


# TransactionValidator.sol of the tags zkos-v0.29.11 and zkos-v0.30.2, and of draft-v31. There is no older ZKsync OS.
_ZKSYNC_OS_RULES: Final = {
    29: _ZksyncOsRule(132_500, 88, 200_000, refuses_zero_price=True),
    30: _ZksyncOsRule(132_500, 88, 0, refuses_zero_price=True),
    31: _ZksyncOsRule(2_875_420, 351, 0, refuses_zero_price=False),
}


def check_protocol_version(protocol_version: int, stack: Stack) -> int:
    """The minor protocol version, if this chain can be served: v26 to v33 on Era, v29 to v33 on ZKsync OS.

    Raises UnsupportedProtocol, naming the version.
    """
    if stack not in ("era", "zksync-os"):
        raise InputError(f"stack: expected 'era' or 'zksync-os', got {stack!r}")
    oldest = OLDEST_PROTOCOL_VERSION if stack == "era" else min(_ZKSYNC_OS_RULES)
    if uint(protocol_version, "protocol_version", 32) < oldest or protocol_version > LATEST_PROTOCOL_VERSION:
        beyond = f"older than v{oldest}" if protocol_version < oldest else f"newer than v{LATEST_PROTOCOL_VERSION}"
        raise UnsupportedProtocol(
            f"the chain runs protocol v{protocol_version} ({stack}), {beyond}: zkcore does not serve it"
        )
    return protocol_version


def protocol_note(protocol_version: int, stack: Stack) -> str | None:
    """What to tell the user of a version whose rules are not all proven; None if they are."""
    if check_protocol_version(protocol_version, stack) <= max(_ZKSYNC_OS_RULES):
        return None
    return (
        f"the chain runs protocol v{protocol_version}, newer than v{max(_ZKSYNC_OS_RULES)}: L2 gas limits follow the stricter "
        "of the rules known, and the base cost is compared with the bridgehub's"
    )


def encoded_length(calldata_length: int, factory_deps: int = 0) -> int:
    """The length in bytes of a request's canonical transaction as `abi.encode` gives it: what the validator counts.

    800 with everything empty (zkcore.protocol.priority has the layout), the calldata padded to words, and a word a factory dep.
    """
    words = -(-uint(calldata_length, "calldata_length", 64) // 32) + uint(factory_deps, "factory_deps", 64)
    return 800 + 32 * words


def _zksync_os_rule(protocol_version: int) -> _ZksyncOsRule:
    return _ZKSYNC_OS_RULES[min(protocol_version, max(_ZKSYNC_OS_RULES))]


def _overhead(stack: Stack, length: int) -> int:
    """What the batch takes of the gas limit before the body: TX_SLOT_OVERHEAD_L2_GAS, MEMORY_OVERHEAD_GAS."""
    return max(10_000, 10 * length) if stack == "era" else 0


def _minimal_body_era(length: int, factory_deps: int, gas_per_pubdata: int) -> int:
    # L1_TX_INTRINSIC_L2_GAS, L1_TX_DELTA_544_ENCODING_BYTES, L1_TX_DELTA_FACTORY_DEPS_L2_GAS, L1_TX_MIN_L2_GAS_BASE
    computation = max(167_157 + -(-length * 1_656 // 544) + factory_deps * 2_473, 173_484)
    pubdata = 88 + 64 * factory_deps  # L1_TX_INTRINSIC_PUBDATA, L1_TX_DELTA_FACTORY_DEPS_PUBDATA
    return computation + pubdata * gas_per_pubdata


def _minimal_body_zksync_os(
    protocol_version: int, length: int, calldata_length: int, l2_price: int, gas_per_pubdata: int
) -> int:
    rule = _zksync_os_rule(protocol_version)
    gas = 21_000 + 16 * calldata_length
    native = rule.static_native + max(1, -(-length // 136)) * 17_500 + calldata_length
    native_gas = native * 10 // l2_price if l2_price else native // 10_000
    floor = rule.floor
    if protocol_version > max(_ZKSYNC_OS_RULES):
        # L1_TX_CALLDATA_FLOOR_PRICE_L2_GAS_ZKSYNC_OS, and MAX_NATIVE_COMPUTATIONAL_ZKSYNC_OS / L1_TX_NATIVE_PER_GAS
        floor = max(21_000 + 40 * calldata_length, rule.intrinsic_pubdata * gas_per_pubdata + -(-(2**35) // 10**8))
    return max(gas, native_gas + rule.intrinsic_pubdata * gas_per_pubdata, floor)


def minimal_l2_gas_limit(
    *,
    stack: Stack,
    protocol_version: int,
    calldata_length: int,
    factory_deps: int = 0,
    l2_gas_price: int,
    gas_per_pubdata: int = REQUIRED_GAS_PER_PUBDATA,
) -> int:
    """The lowest L2 gas limit that the chain's validator on L1 accepts, for calldata of this many bytes.

    It is a floor for acceptance: execution may need more. On ZKsync OS it rises as the L2 gas price falls, so a limit
    that must hold at any L1 gas price is asked for at `l2_gas_price(params, 0)`, or at 1 where that is 0. Above v31: the
    higher of v31's rule and v33's. Raises UnsupportedProtocol for an older one, InputError.
    """
    check_protocol_version(min(uint(protocol_version, "protocol_version", 32), LATEST_PROTOCOL_VERSION), stack)
    uint(l2_gas_price, "l2_gas_price")
    length = encoded_length(calldata_length, factory_deps)
    if stack == "era":
        return _overhead(stack, length) + _minimal_body_era(length, factory_deps, _gas_per_pubdata(gas_per_pubdata))
    pubdata_gas = _gas_per_pubdata(gas_per_pubdata)
    return _minimal_body_zksync_os(protocol_version, length, calldata_length, l2_gas_price, pubdata_gas)


def maximal_l2_gas_limit(
    params: FeeParams,
    *,
    stack: Stack,
    priority_tx_max_gas_limit: int,
    calldata_length: int,
    factory_deps: int = 0,
    gas_per_pubdata: int = REQUIRED_GAS_PER_PUBDATA,
) -> int:
    """The highest L2 gas limit that the validator accepts, by the gas of one transaction and the pubdata it could buy.

    body <= priority_tx_max_gas_limit and body // gas_per_pubdata <= priority_tx_max_pubdata. Raises InputError.
    """
    by_gas = uint(priority_tx_max_gas_limit, "priority_tx_max_gas_limit")
    by_pubdata = (params.priority_tx_max_pubdata + 1) * _gas_per_pubdata(gas_per_pubdata) - 1
    return _overhead(stack, encoded_length(calldata_length, factory_deps)) + min(by_gas, by_pubdata)


def check_l2_gas(
    params: FeeParams,
    l2_gas_limit: int,
    *,
    stack: Stack,
    protocol_version: int,
    priority_tx_max_gas_limit: int,
    calldata_length: int,
    factory_deps: int = 0,
    l2_gas_price: int,
    gas_per_pubdata: int = REQUIRED_GAS_PER_PUBDATA,
) -> None:
    """Pass a request that the chain's mailbox and validator would pass; name the rule that would revert it otherwise.

    Checked as the contracts do, and in their order. Raises L2GasLimitTooLow, L2GasLimitTooHigh, InputError,
    UnsupportedProtocol.
    """
    uint(l2_gas_limit, "l2_gas_limit")
    if gas_per_pubdata != REQUIRED_GAS_PER_PUBDATA:
        given = f"expected {REQUIRED_GAS_PER_PUBDATA}, got {gas_per_pubdata}"
        raise InputError(f"gas_per_pubdata: {given}: the chain would revert with GasPerPubdataMismatch")
    if uint(factory_deps, "factory_deps", 64) > MAX_FACTORY_DEPS:
        raise InputError(f"{factory_deps} factory deps: at most {MAX_FACTORY_DEPS}, else TooManyFactoryDeps")
    shape: dict[str, Any] = {"stack": stack, "calldata_length": calldata_length, "factory_deps": factory_deps}
    minimum = minimal_l2_gas_limit(protocol_version=protocol_version, l2_gas_price=l2_gas_price, **shape)
    overhead = _overhead(stack, encoded_length(calldata_length, factory_deps))
    if l2_gas_limit < overhead:
        raise L2GasLimitTooLow(l2_gas_limit=l2_gas_limit, minimum=minimum, rule="TxnBodyGasLimitNotEnoughGas")
    maximum = maximal_l2_gas_limit(params, priority_tx_max_gas_limit=priority_tx_max_gas_limit, **shape)
    if l2_gas_limit > maximum:
        rule = "TooMuchGas" if l2_gas_limit - overhead > priority_tx_max_gas_limit else "PubdataGreaterThanLimit"
        raise L2GasLimitTooHigh(l2_gas_limit=l2_gas_limit, maximum=maximum, rule=rule)
    refuses_zero = stack == "zksync-os" and _zksync_os_rule(protocol_version).refuses_zero_price
    if l2_gas_price == 0 and refuses_zero:
        raise InputError("l2_gas_price is 0: the chain would revert with ZeroGasPriceL1TxZKsyncOS")
    if l2_gas_limit < minimum:
        raise L2GasLimitTooLow(l2_gas_limit=l2_gas_limit, minimum=minimum, rule="ValidateTxnNotEnoughGas")


# ---------------------------------------------------------------- what we ask for where the caller does not say
L2_GAS_MARGIN_PERCENT: Final = 20  # over the node's estimate or the floor; what is not used is refunded on L2
# The first deposit of a token deploys its proxy on L2, which an estimate may miss; as much as zksync-js falls back to
FIRST_TOKEN_DEPOSIT_L2_GAS: Final = 3_000_000


def suggested_l2_gas_limit(
    *, estimate: int | None, minimum: int, maximum: int, first_token_deposit: bool = False
) -> int:
    """The L2 gas limit of a request whose caller gave none.

    The higher of the node's estimate (None where the node has none) and the validator's minimum, with
    `L2_GAS_MARGIN_PERCENT` on it; for a token that is not on L2 yet at least `FIRST_TOKEN_DEPOSIT_L2_GAS` where the
    estimate is less than three times the minimum, and so cannot have seen the deployment; never above the maximum. Raises
    L2GasLimitTooHigh if the estimate itself is.
    """
    needed = max(uint(estimate or 0, "estimate"), uint(minimum, "minimum"))
    if needed > uint(maximum, "maximum"):
        raise L2GasLimitTooHigh(l2_gas_limit=needed, maximum=maximum, rule="TooMuchGas")
    wanted = -(-needed * (100 + L2_GAS_MARGIN_PERCENT) // 100)
    unseen = first_token_deposit and (estimate or 0) < 3 * minimum
    return min(max(wanted, FIRST_TOKEN_DEPOSIT_L2_GAS if unseen else 0), maximum)


# ---------------------------------------------------------------- L1 fees
class FeePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How far the L1 base fee may rise before a transaction is stuck, and what no node can make us exceed.

    `headroom_percent` on the base fee, applied once; the mint value of a request is priced at exactly the resulting highest
    fee. What a transaction does not pay stays with the sender, what the L2 gas does not cost is refunded on L2.

    The ceilings hold for what follows from a node's words, not for what the caller fixes (`TxOptions`, `l2_gas_limit`,
    `mint_value`); `FeeTooHigh` is raised above them. Wei per gas; `max_total`: wei, of one transaction: its highest fee and what
    it pays for L2 gas. The `l2_` ones count in ether too: on a chain with another base token, at the chain's own rate on L1.
    Of tips on L2 the ceiling is what is given, at most: Era charges none, and gets none. Raises InputError.
    """

    headroom_percent: int = 50
    max_fee_per_gas: int = 1_000 * 10**9  # the base fee of the worst hours so far
    max_priority_fee_per_gas: int = 100 * 10**9
    max_total: int = 10**18  # what geth lets an RPC transaction cost at most (--rpc.txfeecap)
    l2_max_fee_per_gas: int = 100 * 10**9
    l2_max_priority_fee_per_gas: int = 10**9
    l2_max_total: int = 10**17

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            uint(getattr(self, name), name, 16 if name == "headroom_percent" else 256)

    def fee_per_gas(self, base_fee: int, max_priority_fee_per_gas: int) -> int:
        """The next block's base fee with the headroom (rounded up) and the priority fee, in wei per gas."""
        headroom = -(-uint(base_fee, "base_fee") * self.headroom_percent // 100)
        return base_fee + headroom + uint(max_priority_fee_per_gas, "max_priority_fee_per_gas")

    def replacing(self, name: str, before: int, market: int, given: int | None) -> int:
        """A price that replaces another: an eighth more, or the market's if higher; the one given is kept, or refused.

        Nodes take a replacement that pays a tenth more in both. Raises InputError, FeeTooHigh.
        """
        if given is not None:
            if given * 10 < before * 11:
                raise InputError(
                    f"{name}: {given} does not replace {before}, nodes take {-(-before * 11 // 10)} or more"
                )
            return given
        found = max(market, before * 9 // 8 + 1)
        self.check(name, f"the {name} that replaces {before} wei", found)
        return found

    def check_total(
        self, chain: str, fees: Sequence[int], *, fixed: bool, l2_gas: int = 0, rate: tuple[int, int] = (1, 1)
    ) -> None:
        """Raise FeeTooHigh if one of these highest fees is above the ceiling.

        The last does not count if it is `fixed` by the caller; what it pays for `l2_gas`, in ether, does.
        """
        *others, last = fees
        for total in (*others, (0 if fixed else last) + l2_gas):
            what = f"the highest fee of a transaction on {chain.upper()}"
            self.check("max_total" if chain == "l1" else "l2_max_total", what, total, rate)

    def check(self, name: str, what: str, got: int, rate: tuple[int, int] = (1, 1)) -> None:
        """Raise FeeTooHigh above the ceiling of this name, which is `rate` (nominator, denominator) times as high."""
        ceiling = getattr(self, name) * rate[0] // rate[1]
        if got > ceiling:
            raise FeeTooHigh.of_policy(name, what, got, ceiling)


# The highest L2 gas limit that is taken from a node's estimate, by what is asked for; of a call, whatever the chain takes.
# A deposit of a token that deploys its contract on L2 needs about 1,500,000 (zksync-js takes 3,000,000).
ESTIMATED_L2_GAS_CEILING: Final = 30_000_000
