from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zkcore.errors import InputError, L2GasLimitTooHigh, L2GasLimitTooLow, UnsupportedProtocol
from zkcore.protocol.fees import (
    FIRST_TOKEN_DEPOSIT_L2_GAS,
    FeeParams,
    FeePolicy,
    base_cost,
    check_l2_gas,
    check_protocol_version,
    encoded_length,
    highest_l1_gas_price,
    l2_gas_price,
    maximal_l2_gas_limit,
    minimal_l2_gas_limit,
    protocol_note,
    suggested_l2_gas_limit,
)
from zkcore.types import gwei

DEFAULTS: dict[str, Any] = {
    "pubdata_pricing_mode": "rollup",
    "batch_overhead_l1_gas": 1_000_000,
    "max_pubdata_per_batch": 120_000,
    "max_l2_gas_per_batch": 80_000_000,
    "priority_tx_max_pubdata": 99_000,
    "minimal_l2_gas_price": 250_000_000,
    "multiplier_nominator": 1,
    "multiplier_denominator": 1,
}
PARAMS = FeeParams(**DEFAULTS)
VALIDIUM = FeeParams(**{**DEFAULTS, "pubdata_pricing_mode": "validium"})
UINT256_MAX = 2**256 - 1


def fee_params() -> st.SearchStrategy[FeeParams]:
    uint32 = st.integers(0, 2**32 - 1) | st.integers(0, 2_000_000)
    return st.builds(
        FeeParams,
        pubdata_pricing_mode=st.sampled_from(["rollup", "validium"]),
        batch_overhead_l1_gas=uint32,
        max_pubdata_per_batch=st.integers(1, 2**32 - 1) | st.integers(1, 200_000),
        max_l2_gas_per_batch=st.integers(1, 2**32 - 1),
        priority_tx_max_pubdata=uint32,
        minimal_l2_gas_price=st.integers(0, 2**64 - 1) | st.integers(0, 10**9),
        multiplier_nominator=st.integers(0, 2**128 - 1) | st.integers(1, 10_000),
        multiplier_denominator=st.integers(1, 2**128 - 1) | st.integers(1, 10_000),
    )


PRICES = st.integers(0, 10**13)
LIMITS = st.integers(0, 10**8)
PER_PUBDATA = st.integers(1, 100_000) | st.just(800)


# ---------------------------------------------------------------- the price
@pytest.mark.parametrize(
    ("l1_price", "rollup", "validium"),
    [
        (0, 250_000_000, 250_000_000),
        (gwei("0.1"), 251_250_000, 251_250_000),
        (gwei("1"), 262_500_000, 262_500_000),
        (1_500_000_001, 268_750_000, 268_750_000),
        (gwei("20"), 633_333_334, 500_000_000),
        (gwei("100"), 3_166_666_667, 1_500_000_000),
    ],
)
def test_l2_gas_price_with_the_default_parameters(l1_price: int, rollup: int, validium: int) -> None:
    assert l2_gas_price(PARAMS, l1_price) == rollup
    assert l2_gas_price(VALIDIUM, l1_price) == validium


def test_base_cost_of_the_receipt_that_viem_ships() -> None:
    assert base_cost(PARAMS, 1_500_000_001, 900_000) == 241_875_000_000_000


@given(fee_params(), PRICES, PRICES, PER_PUBDATA)
def test_price_never_falls_when_the_l1_price_rises(params: FeeParams, one: int, other: int, per_pubdata: int) -> None:
    low, high = sorted((one, other))
    assert l2_gas_price(params, low, per_pubdata) <= l2_gas_price(params, high, per_pubdata)
    assert l2_gas_price(params, 0, per_pubdata) == params.minimal_l2_gas_price <= l2_gas_price(params, low, per_pubdata)


@given(fee_params(), PRICES, PER_PUBDATA)
def test_ceil_and_floor_at_their_edges(params: FeeParams, l1_price: int, per_pubdata: int) -> None:
    """The price is the least that pays for both: compute and pubdata, in exact fractions."""
    price = l2_gas_price(params, l1_price, per_pubdata)
    converted = l1_price * params.multiplier_nominator // params.multiplier_denominator
    overhead = params.batch_overhead_l1_gas * converted
    full = overhead // params.max_pubdata_per_batch
    full += 17 * converted if params.pubdata_pricing_mode == "rollup" else 0
    by_gas = params.minimal_l2_gas_price + overhead // params.max_l2_gas_per_batch
    assert price >= by_gas
    assert price * per_pubdata >= full
    assert price == by_gas or (price - 1) * per_pubdata < full


@given(fee_params(), PRICES, LIMITS, LIMITS)
def test_base_cost_is_linear_in_the_limit(params: FeeParams, l1_price: int, one: int, other: int) -> None:
    together = base_cost(params, l1_price, one + other)
    assert together == base_cost(params, l1_price, one) + base_cost(params, l1_price, other)


@given(fee_params(), st.integers(0, 2**100), st.integers(0, 2**70), st.integers(1, 10**8), PER_PUBDATA)
def test_the_highest_price_is_the_exact_inverse(
    params: FeeParams, mint_value: int, l2_value: int, limit: int, per_pubdata: int
) -> None:
    highest = highest_l1_gas_price(
        params, mint_value=mint_value, l2_value=l2_value, l2_gas_limit=limit, gas_per_pubdata=per_pubdata
    )
    if highest is None:
        assert base_cost(params, 0, limit, per_pubdata) + l2_value > mint_value
        return
    assert base_cost(params, highest, limit, per_pubdata) + l2_value <= mint_value
    if highest < UINT256_MAX:
        assert base_cost(params, highest + 1, limit, per_pubdata) + l2_value > mint_value


def test_the_highest_price_of_what_costs_the_same_at_any() -> None:
    flat = FeeParams(**{**DEFAULTS, "pubdata_pricing_mode": "validium", "batch_overhead_l1_gas": 0})
    assert highest_l1_gas_price(flat, mint_value=250_000_000, l2_gas_limit=1) == UINT256_MAX
    assert highest_l1_gas_price(flat, mint_value=249_999_999, l2_gas_limit=1) is None
    assert highest_l1_gas_price(PARAMS, mint_value=5, l2_gas_limit=0) == UINT256_MAX
    assert highest_l1_gas_price(PARAMS, mint_value=5, l2_value=6, l2_gas_limit=0) is None
    free = FeeParams(**{**DEFAULTS, "multiplier_nominator": 0})
    assert highest_l1_gas_price(free, mint_value=10**18, l2_gas_limit=10**6) == UINT256_MAX


def test_a_quote_at_the_highest_price_holds_up_to_just_that_price_or_above() -> None:
    for price in (1, gwei("3"), gwei("40"), gwei("250")):
        cost = base_cost(PARAMS, price, 1_000_000)
        assert price <= (highest_l1_gas_price(PARAMS, mint_value=cost, l2_gas_limit=1_000_000) or 0) < price + 100


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pubdata_pricing_mode", "blob"),
        ("batch_overhead_l1_gas", 2**32),
        ("minimal_l2_gas_price", -1),
        ("multiplier_nominator", 2**128),
        ("multiplier_denominator", 0),
        ("max_pubdata_per_batch", 0),
        ("max_l2_gas_per_batch", 0),
        ("priority_tx_max_pubdata", True),
    ],
)
def test_parameters_out_of_range_are_named(field: str, value: object) -> None:
    with pytest.raises(InputError, match=field):
        FeeParams(**{**DEFAULTS, field: value})


@pytest.mark.parametrize("arguments", [(-1, 1, 800), (1.5, 1, 800), (1, -1, 800), (1, 1, 0), (1, 1, -800)])
def test_prices_and_limits_out_of_range(arguments: tuple[Any, Any, Any]) -> None:
    with pytest.raises(InputError):
        base_cost(PARAMS, *arguments)


# ---------------------------------------------------------------- storage
def packed(params: FeeParams, above: int = 0) -> tuple[bytes, bytes]:
    """As Solidity packs them: the first field in the lowest byte."""
    low = {"rollup": b"\x00", "validium": b"\x01"}[params.pubdata_pricing_mode]
    low += params.batch_overhead_l1_gas.to_bytes(4, "little") + params.max_pubdata_per_batch.to_bytes(4, "little")
    low += params.max_l2_gas_per_batch.to_bytes(4, "little") + params.priority_tx_max_pubdata.to_bytes(4, "little")
    low += params.minimal_l2_gas_price.to_bytes(8, "little") + above.to_bytes(7, "little")
    ratio = params.multiplier_nominator.to_bytes(16, "little") + params.multiplier_denominator.to_bytes(16, "little")
    return low[::-1], ratio[::-1]


@given(fee_params())
def test_storage_round_trip(params: FeeParams) -> None:
    slot38, slot45 = packed(params)
    assert FeeParams.from_storage(slot38, "0x" + slot45.hex()) == params


def test_storage_that_is_packed_otherwise_is_refused() -> None:
    slot38, slot45 = packed(PARAMS)
    with pytest.raises(UnsupportedProtocol, match=f"slot 38 of the diamond holds 0x{slot38[:-1].hex()}02"):
        FeeParams.from_storage(slot38[:-1] + b"\x02", slot45)
    with pytest.raises(UnsupportedProtocol, match="slot 38"):
        FeeParams.from_storage(packed(PARAMS, above=1)[0], slot45)
    with pytest.raises(InputError, match="multiplier_denominator is 0"):
        FeeParams.from_storage(slot38, bytes(32))
    with pytest.raises(InputError, match="32 bytes"):
        FeeParams.from_storage(slot38[1:], slot45)


# ---------------------------------------------------------------- the validator
def minimum(stack: Any = "era", version: int = 30, length: int = 0, deps: int = 0, price: int = 262_500_000) -> int:
    return minimal_l2_gas_limit(
        stack=stack, protocol_version=version, calldata_length=length, factory_deps=deps, l2_gas_price=price
    )


@pytest.mark.parametrize(
    ("length", "deps", "expected"), [(0, 0, 800), (484, 0, 1312), (0, 1, 832), (1, 0, 832), (32, 2, 896)]
)
def test_encoded_length(length: int, deps: int, expected: int) -> None:
    assert encoded_length(length, deps) == expected


@pytest.mark.parametrize(
    ("length", "deps", "expected"),
    [(0, 0, 253_884), (484, 0, 257_004), (2000, 0, 274_290), (10_000, 0, 378_643), (0, 1, 305_084), (0, 64, 3_709_779)],
)
@pytest.mark.parametrize("version", [26, 27, 28, 29, 30, 31, 32])
def test_minimum_on_era_is_the_same_in_all_versions(version: int, length: int, deps: int, expected: int) -> None:
    assert minimum("era", version, length, deps) == expected


@pytest.mark.parametrize(
    ("version", "length", "expected"),
    [
        (29, 0, 200_000),
        (30, 0, 70_400),
        (31, 0, 280_800),
        (30, 2_000, 70_400),
        (30, 10_000, 181_000),
        (29, 20_000, 341_000),
        (30, 20_000, 341_000),
        (31, 20_000, 341_000),
        (32, 0, 281_144),  # above v31 the stricter of its rule and v33's
        (33, 0, 281_144),
        (33, 6_503, 281_144),
        (33, 6_504, 281_160),
        (33, 10_000, 421_000),
        (99, 20_000, 821_000),
    ],
)
def test_minimum_on_zksync_os(version: int, length: int, expected: int) -> None:
    assert minimum("zksync-os", version, length) == expected


def test_minimum_on_zksync_os_at_low_prices() -> None:
    # 132 500 + 6 * 17 500 of native: ten gas a unit at a price of 1, a ten-thousandth at a price of 0
    assert minimum("zksync-os", 30, price=1) == 237_500 * 10 + 70_400
    assert minimum("zksync-os", 30, price=0) == 237_500 // 10_000 + 70_400
    # 1,504 bytes are encoded: 12 blocks of 136, 11 of 137
    assert minimum("zksync-os", 30, 704, price=1) == (132_500 + 12 * 17_500 + 704) * 10 + 70_400
    # at a price of 0 its pubdata stands beside 3,280,097 of native: 2,875,420 + 23 * 17,500 + 2,177
    assert minimum("zksync-os", 31, 2_177, price=0) == 351 * 800 + 328


@given(st.sampled_from(["era", "zksync-os"]), st.integers(29, 33), st.integers(0, 40_000), st.integers(0, 64), PRICES)
def test_minimum_grows_with_the_request_and_honours_floors(
    stack: Any, version: int, length: int, deps: int, price: int
) -> None:
    least = minimum(stack, version, length, deps, price)
    assert least <= minimum(stack, version, length + 1, deps, price)
    assert least <= minimum(stack, version, length, deps + 1, price)
    assert least >= (253_884 if stack == "era" else 70_400)
    if stack == "zksync-os" and price > 0:  # a dearer gas buys the same native with less of it
        assert minimum(stack, version, length, deps, price + 1) <= least


@pytest.mark.parametrize(("stack", "version"), [("era", 25), ("era", 24), ("zksync-os", 28), ("zksync-os", 26)])
def test_older_versions_are_refused_by_name(stack: Any, version: int) -> None:
    with pytest.raises(UnsupportedProtocol, match=f"v{version}"):
        minimum(stack, version)
    with pytest.raises(UnsupportedProtocol, match=f"v{version}"):
        check_protocol_version(version, stack)


def test_v31s_native_part_holds_above_it_at_low_prices() -> None:
    assert minimum("zksync-os", 33, price=1) == minimum("zksync-os", 31, price=1)


@pytest.mark.parametrize("stack", ["era", "zksync-os"])
@pytest.mark.parametrize("version", [34, 99])
def test_newer_versions_are_refused_by_name(stack: Any, version: int) -> None:
    with pytest.raises(UnsupportedProtocol, match=rf"v{version} \({stack}\), newer than v33"):
        check_protocol_version(version, stack)


def test_versions() -> None:
    assert check_protocol_version(26, "era") == 26
    assert check_protocol_version(33, "era") == 33
    assert protocol_note(31, "era") is None
    assert "v32" in (protocol_note(32, "zksync-os") or "")
    assert "v33" in (protocol_note(33, "zksync-os") or "")
    with pytest.raises(InputError, match="stack"):
        check_protocol_version(30, "zkSync")  # type: ignore[arg-type]


def check(limit: int, stack: Any = "era", version: int = 30, params: FeeParams = PARAMS, **more: Any) -> None:
    given_values: dict[str, Any] = {
        "priority_tx_max_gas_limit": 72_000_000,
        "calldata_length": 0,
        "l2_gas_price": 262_500_000,
        **more,
    }
    check_l2_gas(params, limit, stack=stack, protocol_version=version, **given_values)


@pytest.mark.parametrize(
    ("stack", "limit", "rule"),
    [
        ("era", 9_999, "TxnBodyGasLimitNotEnoughGas"),
        ("era", 10_000, "ValidateTxnNotEnoughGas"),
        ("era", 253_883, "ValidateTxnNotEnoughGas"),
        ("era", 253_884, None),
        ("era", 72_010_000, None),
        ("era", 72_010_001, "TooMuchGas"),
        ("zksync-os", 70_399, "ValidateTxnNotEnoughGas"),
        ("zksync-os", 70_400, None),
        ("zksync-os", 72_000_000, None),
        ("zksync-os", 72_000_001, "TooMuchGas"),
    ],
)
def test_the_rule_that_would_revert_is_named(stack: str, limit: int, rule: str | None) -> None:
    if rule is None:
        check(limit, stack)
        return
    with pytest.raises((L2GasLimitTooLow, L2GasLimitTooHigh), match=rule) as caught:
        check(limit, stack)
    assert caught.value.rule == rule
    assert caught.value.l2_gas_limit == limit


def test_pubdata_binds_where_it_is_scarce() -> None:
    scarce = FeeParams(**{**DEFAULTS, "priority_tx_max_pubdata": 500})
    check(10_000 + 501 * 800 - 1, params=scarce)
    with pytest.raises(L2GasLimitTooHigh, match="PubdataGreaterThanLimit") as caught:
        check(10_000 + 501 * 800, params=scarce)
    assert caught.value.maximum == 10_000 + 501 * 800 - 1
    # the body's gas is just what one transaction may have: the pubdata is the rule that is broken
    with pytest.raises(L2GasLimitTooHigh, match="PubdataGreaterThanLimit"):
        check(10_000 + 501 * 800, params=scarce, priority_tx_max_gas_limit=501 * 800)


def test_the_highest_limit_counts_no_factory_deps_unless_they_are_said() -> None:
    shape: dict[str, Any] = {"stack": "era", "priority_tx_max_gas_limit": 72_000_000, "calldata_length": 2_000}
    assert maximal_l2_gas_limit(PARAMS, **shape) == 72_000_000 + 10 * (800 + 2_016)
    assert maximal_l2_gas_limit(PARAMS, factory_deps=1, **shape) == 72_000_000 + 10 * (800 + 2_048)


def test_other_rules_of_the_mailbox() -> None:
    with pytest.raises(InputError, match="GasPerPubdataMismatch"):
        check(1_000_000, gas_per_pubdata=801)
    with pytest.raises(InputError, match="TooManyFactoryDeps"):
        check(9_000_000, factory_deps=65)
    with pytest.raises(InputError, match=r"factory_deps: expected 0 <= factory_deps < 2\*\*64"):
        check(9_000_000, factory_deps=2**64)
    check(9_000_000, factory_deps=64)
    with pytest.raises(InputError, match="ZeroGasPrice"):
        check(1_000_000, "zksync-os", 30, l2_gas_price=0)
    check(1_000_000, "zksync-os", 31, l2_gas_price=0)
    check(1_000_000, "era", 30, l2_gas_price=0)


@given(
    st.sampled_from(["era", "zksync-os"]), st.integers(29, 33), st.integers(0, 20_000), st.integers(0, 64), fee_params()
)
def test_just_the_limits_between_minimum_and_maximum_pass(
    stack: Any, version: int, length: int, deps: int, params: FeeParams
) -> None:
    shape: dict[str, Any] = {"calldata_length": length, "factory_deps": deps}
    price = max(l2_gas_price(params, gwei("1")), 1)
    least = minimal_l2_gas_limit(stack=stack, protocol_version=version, l2_gas_price=price, **shape)
    most = maximal_l2_gas_limit(params, stack=stack, priority_tx_max_gas_limit=72_000_000, **shape)
    assume(least <= most)
    for limit in (least, most, (least + most) // 2):
        check(limit, stack, version, params, l2_gas_price=price, **shape)
    with pytest.raises(L2GasLimitTooLow):
        check(least - 1, stack, version, params, l2_gas_price=price, **shape)
    with pytest.raises(L2GasLimitTooHigh):
        check(most + 1, stack, version, params, l2_gas_price=price, **shape)


# ---------------------------------------------------------------- choosing
def test_suggested_limit() -> None:
    bounds = {"minimum": 253_884, "maximum": 72_010_000}
    assert suggested_l2_gas_limit(estimate=None, **bounds) == 304_661  # a fifth more, rounded up
    assert suggested_l2_gas_limit(estimate=1_000_000, **bounds) == 1_200_000
    assert suggested_l2_gas_limit(estimate=100, **bounds) == 304_661
    assert suggested_l2_gas_limit(estimate=100, first_token_deposit=True, **bounds) == FIRST_TOKEN_DEPOSIT_L2_GAS
    assert suggested_l2_gas_limit(estimate=5_000_000, first_token_deposit=True, **bounds) == 6_000_000
    assert suggested_l2_gas_limit(estimate=72_000_000, **bounds) == 72_010_000
    with pytest.raises(L2GasLimitTooHigh):
        suggested_l2_gas_limit(estimate=72_010_001, **bounds)


def test_fee_policy() -> None:
    assert FeePolicy().fee_per_gas(gwei("10"), gwei("1")) == gwei("16")
    assert FeePolicy(headroom_percent=0).fee_per_gas(7, 2) == 9
    assert FeePolicy(headroom_percent=25).fee_per_gas(3, 0) == 4  # rounded up
    for bad in (-1, 1.5, True, 2**16):
        with pytest.raises(InputError):
            FeePolicy(headroom_percent=bad)  # type: ignore[arg-type]
