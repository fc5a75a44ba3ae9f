"""Fees to the unit: the policy's ceilings and replacements, the exact inverse of the base cost, the bounds of each number."""

from random import Random
from typing import Any

import msgspec
import pytest

from tests.unit.test_fees import DEFAULTS, PARAMS
from zkcore.errors import FeeTooHigh, InputError, L2GasLimitTooHigh, UnsupportedProtocol
from zkcore.protocol import fees
from zkcore.protocol.fees import FeeParams, FeePolicy, base_cost, highest_l1_gas_price

POLICY = FeePolicy(
    max_fee_per_gas=1_000,
    max_priority_fee_per_gas=100,
    max_total=5_000,
    l2_max_fee_per_gas=300,
    l2_max_priority_fee_per_gas=30,
    l2_max_total=700,
)


def test_the_constants() -> None:
    assert (fees.OLDEST_PROTOCOL_VERSION, fees.LATEST_PROTOCOL_VERSION) == (26, 33)
    assert (fees.L2_GAS_MARGIN_PERCENT, fees.FIRST_TOKEN_DEPOSIT_L2_GAS) == (20, 3_000_000)
    assert fees.ESTIMATED_L2_GAS_CEILING == 30_000_000


def test_the_policy_that_is_followed_where_none_is_given() -> None:
    assert msgspec.structs.asdict(FeePolicy()) == {
        "headroom_percent": 50,
        "max_fee_per_gas": 1_000_000_000_000,
        "max_priority_fee_per_gas": 100_000_000_000,
        "max_total": 1_000_000_000_000_000_000,
        "l2_max_fee_per_gas": 100_000_000_000,
        "l2_max_priority_fee_per_gas": 1_000_000_000,
        "l2_max_total": 100_000_000_000_000_000,
    }


@pytest.mark.parametrize("name", FeePolicy.__struct_fields__)
def test_every_number_of_a_policy_is_checked(name: str) -> None:
    bits = 16 if name == "headroom_percent" else 256
    for good in (0, 2**bits - 1):
        assert getattr(FeePolicy(**{name: good}), name) == good
    for bad in (-1, 2**bits, True, 1.0, "7"):
        with pytest.raises(InputError, match=name):
            FeePolicy(**{name: bad})  # type: ignore[arg-type]


def test_the_headroom_is_rounded_up_and_the_tip_has_none() -> None:
    for base, expected in ((0, 9), (1, 11), (2, 12), (7, 20), (10**9, 1_500_000_009)):
        assert FeePolicy().fee_per_gas(base, 9) == expected
    for bad in (-1, 2**256, True):
        with pytest.raises(InputError, match="base_fee"):
            FeePolicy().fee_per_gas(bad, 0)
        with pytest.raises(InputError, match="max_priority_fee_per_gas"):
            FeePolicy().fee_per_gas(0, bad)


@pytest.mark.parametrize(
    ("before", "least"), [(0, 0), (1, 2), (10, 11), (100, 110), (101, 112), (109, 120), (110, 121)]
)
def test_a_given_price_replaces_with_a_tenth_more(before: int, least: int) -> None:
    for given in (least, least + 1, 10**9):  # kept, above the ceiling too: it is the caller's
        assert POLICY.replacing("max_fee_per_gas", before, 10**12, given) == given
    if least:
        with pytest.raises(InputError) as told:
            POLICY.replacing("max_fee_per_gas", before, 0, least - 1)
        assert str(told.value) == f"max_fee_per_gas: {least - 1} does not replace {before}, nodes take {least} or more"


@pytest.mark.parametrize(("before", "eighth"), [(0, 1), (1, 2), (7, 8), (8, 10), (80, 91), (87, 98), (88, 100)])
def test_a_price_that_is_not_given_is_an_eighth_more_or_the_market_s(before: int, eighth: int) -> None:
    assert POLICY.replacing("max_fee_per_gas", before, 0, None) == eighth
    assert POLICY.replacing("max_fee_per_gas", before, eighth, None) == eighth
    assert POLICY.replacing("max_fee_per_gas", before, eighth + 1, None) == eighth + 1


@pytest.mark.parametrize(
    ("name", "ceiling"),
    [
        ("max_fee_per_gas", 1_000),
        ("max_priority_fee_per_gas", 100),
        ("l2_max_fee_per_gas", 300),
        ("l2_max_priority_fee_per_gas", 30),
        ("max_total", 5_000),
        ("l2_max_total", 700),
    ],
)
def test_each_ceiling_to_the_unit(name: str, ceiling: int) -> None:
    POLICY.check(name, "it", ceiling)
    POLICY.check(name, "it", 3 * ceiling // 2, rate=(3, 2))
    assert POLICY.replacing(name, 0, ceiling, None) == ceiling
    for got, rate, bound in ((ceiling + 1, (1, 1), ceiling), (3 * ceiling // 2 + 1, (3, 2), 3 * ceiling // 2)):
        with pytest.raises(FeeTooHigh) as told:
            POLICY.check(name, "it", got, rate=rate)
        assert (told.value.what, told.value.got, told.value.ceiling) == ("it", got, bound)
        assert told.value.raised_by == f"FeePolicy({name}=...)"
    with pytest.raises(FeeTooHigh, match=f"the {name} that replaces 7 wei") as told:
        POLICY.replacing(name, 7, ceiling + 1, None)
    assert told.value.got == ceiling + 1


@pytest.mark.parametrize(("chain", "ceiling", "name"), [("l1", 5_000, "max_total"), ("l2", 700, "l2_max_total")])
def test_every_transaction_of_a_plan_is_below_the_ceiling_and_the_last_one_with_its_l2_gas(
    chain: str, ceiling: int, name: str
) -> None:
    refused: list[tuple[list[int], dict[str, Any], int]] = [
        ([ceiling + 1], {"fixed": False}, ceiling + 1),
        ([ceiling], {"fixed": False, "l2_gas": 1}, ceiling + 1),
        ([1, ceiling + 1, 2], {"fixed": False}, ceiling + 1),
        ([ceiling + 1, 2], {"fixed": True}, ceiling + 1),
        ([9 * ceiling], {"fixed": True, "l2_gas": ceiling + 1}, ceiling + 1),
    ]
    for given, options, got in refused:
        with pytest.raises(FeeTooHigh, match=f"the highest fee of a transaction on {chain.upper()}") as told:
            POLICY.check_total(chain, given, **options)
        assert (told.value.got, told.value.ceiling, told.value.raised_by) == (got, ceiling, f"FeePolicy({name}=...)")
    taken: list[tuple[list[int], dict[str, Any]]] = [
        ([ceiling], {"fixed": False}),
        ([ceiling - 1], {"fixed": False, "l2_gas": 1}),
        ([ceiling, ceiling, ceiling], {"fixed": False}),
        ([9 * ceiling], {"fixed": True}),
        ([9 * ceiling], {"fixed": True, "l2_gas": ceiling}),
        ([2 * ceiling, 2 * ceiling], {"fixed": False, "rate": (2, 1)}),
    ]
    for given, options in taken:
        POLICY.check_total(chain, given, **options)


# ---------------------------------------------------------------- the price, and its inverse
def test_the_highest_price_of_small_numbers_is_the_highest() -> None:
    """Numbers so small that every 1 in the formula decides."""
    random = Random(27)
    seen = {"none": 0, "any": 0, "some": 0}
    for _ in range(1_500):
        params = FeeParams(
            pubdata_pricing_mode=random.choice(["rollup", "validium"]),
            batch_overhead_l1_gas=random.randrange(4),
            max_pubdata_per_batch=random.randrange(1, 6),
            max_l2_gas_per_batch=random.randrange(1, 6),
            priority_tx_max_pubdata=1,
            minimal_l2_gas_price=random.randrange(5),
            multiplier_nominator=random.randrange(4),
            multiplier_denominator=random.randrange(1, 5),
        )
        value, limit, per = random.randrange(4), random.randrange(5), random.randrange(1, 9)
        budget = random.randrange(60)
        highest = highest_l1_gas_price(
            params, mint_value=budget + value, l2_value=value, l2_gas_limit=limit, gas_per_pubdata=per
        )
        if highest is None:
            seen["none"] += 1
            assert base_cost(params, 0, limit, per) > budget
            continue
        assert base_cost(params, highest, limit, per) <= budget
        seen["any" if highest == 2**256 - 1 else "some"] += 1
        if highest < 2**256 - 1:
            assert base_cost(params, highest + 1, limit, per) > budget
    assert min(seen.values()) > 100


def test_no_value_is_left_for_the_cost_where_all_is_sent_on() -> None:
    assert highest_l1_gas_price(PARAMS, mint_value=5, l2_value=6, l2_gas_limit=0) is None
    assert highest_l1_gas_price(PARAMS, mint_value=5, l2_value=5, l2_gas_limit=0) == 2**256 - 1
    assert highest_l1_gas_price(PARAMS, mint_value=5, l2_gas_limit=0) == 2**256 - 1
    at_least = PARAMS.minimal_l2_gas_price
    assert highest_l1_gas_price(PARAMS, mint_value=at_least - 1, l2_gas_limit=1) is None
    assert highest_l1_gas_price(PARAMS, mint_value=at_least, l2_gas_limit=1) is not None


def test_an_l1_gas_price_has_256_bits() -> None:
    cheap = FeeParams(**{**DEFAULTS, "multiplier_denominator": 2**127, "minimal_l2_gas_price": 0})
    assert highest_l1_gas_price(cheap, mint_value=2**255, l2_gas_limit=1) == 2**256 - 1


# ---------------------------------------------------------------- the bounds of each number
PARAMETERS = {
    "batch_overhead_l1_gas": 32,
    "max_pubdata_per_batch": 32,
    "max_l2_gas_per_batch": 32,
    "priority_tx_max_pubdata": 32,
    "minimal_l2_gas_price": 64,
    "multiplier_nominator": 128,
    "multiplier_denominator": 128,
}


@pytest.mark.parametrize(("name", "bits"), PARAMETERS.items())
def test_the_parameters_of_a_chain_have_the_bits_that_its_storage_has(name: str, bits: int) -> None:
    assert getattr(FeeParams(**{**DEFAULTS, name: 2**bits - 1}), name) == 2**bits - 1
    for bad in (-1, 2**bits, True, "7"):
        with pytest.raises(InputError, match=name):
            FeeParams(**{**DEFAULTS, name: bad})
    if name in ("max_pubdata_per_batch", "max_l2_gas_per_batch", "multiplier_denominator"):
        with pytest.raises(InputError, match=f"^{name} is 0: the chain's fee parameters are not set"):
            FeeParams(**{**DEFAULTS, name: 0})
    else:
        assert getattr(FeeParams(**{**DEFAULTS, name: 0}), name) == 0


def test_the_slots_of_the_diamond_field_by_field() -> None:
    values = {name: 2**bits - 3 - place for place, (name, bits) in enumerate(PARAMETERS.items())}
    for mode, known in enumerate(("rollup", "validium")):
        packed, at = mode, 8
        for name, bits in list(PARAMETERS.items())[:5]:
            packed, at = packed | values[name] << at, at + bits
        ratio = values["multiplier_denominator"] << 128 | values["multiplier_nominator"]
        found = FeeParams.from_storage(packed.to_bytes(32), ratio.to_bytes(32))
        assert msgspec.structs.asdict(found) == {"pubdata_pricing_mode": known, **values}
        with pytest.raises(UnsupportedProtocol, match="slot 38"):
            FeeParams.from_storage((packed | 1 << at).to_bytes(32), ratio.to_bytes(32))
    for other in (2, 3, 0xFF):
        with pytest.raises(UnsupportedProtocol, match="slot 38"):
            FeeParams.from_storage((packed >> 8 << 8 | other).to_bytes(32), ratio.to_bytes(32))
    for short in (31, 33):
        with pytest.raises(InputError, match="storage words have 32 bytes"):
            FeeParams.from_storage(bytes(short), ratio.to_bytes(32))
        with pytest.raises(InputError, match="storage words have 32 bytes"):
            FeeParams.from_storage(packed.to_bytes(32), bytes(short))


@pytest.mark.parametrize("stack", ["era", "zksync-os"])
def test_a_protocol_version_has_32_bits(stack: Any) -> None:
    shape: dict[str, Any] = {"stack": stack, "calldata_length": 0, "l2_gas_price": 9}
    highest = fees.minimal_l2_gas_limit(protocol_version=33, **shape)
    assert fees.minimal_l2_gas_limit(protocol_version=2**32 - 1, **shape) == highest
    for ask in (
        lambda: fees.minimal_l2_gas_limit(protocol_version=2**32, **shape),
        lambda: fees.check_protocol_version(2**32, stack),
    ):
        with pytest.raises(InputError, match="protocol_version"):
            ask()
    with pytest.raises(UnsupportedProtocol, match="newer than v33"):
        fees.check_protocol_version(2**32 - 1, stack)
    with pytest.raises(UnsupportedProtocol, match="newer than v33"):
        fees.check_protocol_version(34, stack)
    oldest = 26 if stack == "era" else 29
    assert fees.check_protocol_version(oldest, stack) == oldest
    with pytest.raises(UnsupportedProtocol, match=f"older than v{oldest}"):
        fees.check_protocol_version(oldest - 1, stack)
    assert fees.protocol_note(31, stack) is None
    assert "newer than v31" in str(fees.protocol_note(32, stack))


def test_lengths_have_64_bits() -> None:
    assert fees.encoded_length(0) == 800
    assert fees.encoded_length(1, 1) == 864
    assert fees.encoded_length(32, 2) == 896
    assert fees.encoded_length(33, 0) == 864
    assert fees.encoded_length(2**64 - 1, 0) == 800 + 2**64
    assert fees.encoded_length(0, 2**64 - 1) == 800 + 32 * (2**64 - 1)
    for shape in ((2**64, 0), (0, 2**64)):
        with pytest.raises(InputError):
            fees.encoded_length(*shape)


def test_the_minimum_of_era_to_the_unit() -> None:
    """By hand from TransactionValidator.sol: 10,000 or 10 a byte; 167,157, 1,656 for 544 bytes, 2,473 a dep, at least 173,484."""
    for length, deps, expected in (
        (0, 0, 10_000 + 173_484 + 88 * 800),
        (1_200, 0, 20_160 + 173_484 + 88 * 800),
        (3_200, 0, 40_000 + 167_157 + 12_177 + 88 * 800),
        (0, 32, 18_240 + 167_157 + 5_553 + 32 * 2_473 + (88 + 64 * 32) * 800),
    ):
        found = fees.minimal_l2_gas_limit(
            stack="era", protocol_version=31, calldata_length=length, factory_deps=deps, l2_gas_price=9
        )
        assert found == expected


def test_the_limit_that_is_asked_for_to_the_unit() -> None:
    def asked(estimate: int | None, minimum: int, maximum: int = 10**9, *, first: bool = False) -> int:
        return fees.suggested_l2_gas_limit(
            estimate=estimate, minimum=minimum, maximum=maximum, first_token_deposit=first
        )

    assert [asked(None, 5), asked(6, 5), asked(5, 6), asked(100, 5), asked(101, 5)] == [6, 8, 8, 120, 122]
    assert asked(None, 0) == asked(0, 0) == 0
    assert asked(1_000_000, 5, 1_000_000) == 1_000_000
    with pytest.raises(L2GasLimitTooHigh) as told:
        asked(1_000_001, 5, 1_000_000)
    assert told.value.maximum == 1_000_000
    assert asked(299, 100, first=True) == 3_000_000
    assert asked(300, 100, first=True) == 360
    assert asked(None, 100, first=True) == 3_000_000
    assert asked(2_999_999, 10**6, first=True) == 3_599_999
    assert asked(None, 100, 2_000_000, first=True) == 2_000_000


@pytest.mark.parametrize(
    ("stack", "version", "refused"),
    [
        ("zksync-os", 29, True),
        ("zksync-os", 30, True),
        ("zksync-os", 31, False),
        ("zksync-os", 33, False),
        ("era", 29, False),
    ],
)
def test_a_price_of_nothing_is_refused_where_the_chain_does(stack: Any, version: int, refused: bool) -> None:
    shape: dict[str, Any] = {"stack": stack, "protocol_version": version, "calldata_length": 0, "l2_gas_price": 0}
    limit = fees.minimal_l2_gas_limit(**shape)
    if not refused:
        fees.check_l2_gas(PARAMS, limit, priority_tx_max_gas_limit=72_000_000, **shape)
        return
    for enough in (limit, limit - 1):  # it is what the contract looks at first
        with pytest.raises(InputError, match="ZeroGasPriceL1TxZKsyncOS"):
            fees.check_l2_gas(PARAMS, enough, priority_tx_max_gas_limit=72_000_000, **shape)
