"""Our contracts against vectors read off the real ones: base costs, minimal gas, emitted requests, proofs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.devnet.l1_chain import ETH, L1Chain, Reverted, asset_id, call_data, revert_data, selector, word
from tests.devnet.real_world import BOOK, ERA_CHAIN_ID, TRANSACTION, diamond, real_world
from zkcore.ethereum.abi import decode, encode

VECTORS = Path(__file__).parent.parent / "vectors"
L1_CASES: list[dict[str, Any]] = json.loads((VECTORS / "l1_contracts.json").read_text("utf-8"))["cases"]
PROOFS: list[dict[str, Any]] = [
    case
    for case in json.loads((VECTORS / "merkle.json").read_text("utf-8"))["cases"]
    if case["input"]["kind"] == "proof"
]
NEW_PRIORITY_REQUEST = "0x4531cd5795773d7101c17bdeb9f5ab7f47d7056017506f937083be5d6e77a382"
DIRECT = "requestL2TransactionDirect((uint256,uint256,address,uint256,bytes,uint256,uint256,bytes[],address))"
SENDER = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
PROOF_DATA = "(uint256,uint256,uint256,uint256,bytes32,bytes32,uint256,bool)"


def cases(kind: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in L1_CASES if case["input"]["kind"] == kind]


@pytest.fixture(scope="module")
def world() -> Iterator[L1Chain]:
    with real_world() as l1:
        l1.rpc("anvil_setBalance", SENDER, hex(10**26))
        yield l1


@pytest.fixture
def l1(world: L1Chain) -> Iterator[L1Chain]:
    world.push()
    yield world
    world.pop()


def set_fees(l1: L1Chain, chain_id: int, fees: dict[str, str]) -> None:
    """Write the parameters where the real diamond keeps them: slots 38 and 45 (protocol.md 4.2)."""
    offsets = {
        "batchOverheadL1Gas": 8,
        "maxPubdataPerBatch": 40,
        "maxL2GasPerBatch": 72,
        "priorityTxMaxPubdata": 104,
        "minimalL2GasPrice": 136,
    }
    packed = {"Rollup": 0, "Validium": 1}[fees["pubdataPricingMode"]] + sum(
        int(fees[name]) << offset for name, offset in offsets.items()
    )
    nominator, denominator = (int(fees[f"baseTokenGasPriceMultiplier{part}"]) for part in ("Nominator", "Denominator"))
    l1.store(diamond(chain_id), 38, packed)
    l1.store(diamond(chain_id), 45, nominator | denominator << 128)


@pytest.mark.parametrize("case", cases("base_cost"))
def test_base_cost(l1: L1Chain, case: dict[str, Any]) -> None:
    given = case["input"]
    chain_id, price, limit = int(given["chainId"]), int(given["gasPrice"]), int(given["l2GasLimit"])
    per_pubdata = int(given["l2GasPerPubdataByteLimit"])
    set_fees(l1, chain_id, given["feeParams"])
    data = call_data("l2TransactionBaseCost(uint256,uint256,uint256,uint256)", chain_id, price, limit, per_pubdata)
    assert int(l1.call(BOOK["bridgehub"], data), 16) == int(case["expect"]["base_cost"])
    data = call_data("l2TransactionBaseCost(uint256,uint256,uint256)", price, limit, per_pubdata)
    assert int(l1.call(diamond(chain_id), data), 16) == int(case["expect"]["base_cost"])


@pytest.mark.parametrize("case", cases("minimal_gas"))
def test_minimal_gas(l1: L1Chain, case: dict[str, Any]) -> None:
    given = case["input"]
    chain_id, price = int(given["chainId"]), int(given["gasPrice"])
    deps = [bytes(32)] * int(given["factoryDeps"])

    def refusal(limit: int) -> str | None:
        mint = 10**24
        request = (chain_id, mint, SENDER, 0, b"\x01" * int(given["calldataLength"]), limit, 800, deps, SENDER)
        try:
            l1.call(BOOK["bridgehub"], call_data(DIRECT, request), sender=SENDER, value=mint, gas_price=price)
        except Reverted as error:
            return error.data
        return None

    low, high = 0, 10_000_000
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if refusal(middle) else (low, middle)
    assert high == int(case["expect"]["minimal_l2_gas_limit"])
    assert refusal(low) == selector(case["expect"]["error_below"])


@pytest.mark.parametrize("case", cases("deposit"))
def test_emitted_request(l1: L1Chain, case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expect"]
    chain_id, expected_transaction = int(given["chainId"]), expected["transaction"]
    set_fees(l1, chain_id, given["feeParams"])
    l1.store(diamond(chain_id), 100, int(expected_transaction["nonce"]))
    target, data = BOOK["bridgehub"], given["bridgehubCalldata"]
    if given["senderIsContract"]:
        assert given["bridgehubMsgSender"].lower() == BOOK["relayContract"]
        target, data = (
            BOOK["relayContract"],
            call_data("execute(address,uint256,bytes)", target, int(given["msgValue"]), bytes.fromhex(data[2:])),
        )
    l1.rpc("anvil_setBalance", given["txOrigin"], hex(10**24))
    receipt = l1.send(
        target, data, sender=given["txOrigin"], value=int(given["msgValue"]), gas_price=int(given["effectiveGasPrice"])
    )
    (log,) = [log for log in receipt["logs"] if log["topics"][0] == NEW_PRIORITY_REQUEST]
    assert log["address"] == diamond(chain_id)
    types = ("uint256", "bytes32", "uint64", TRANSACTION, "bytes[]")
    _, tx_hash, _, transaction, factory_deps = decode(types, bytes.fromhex(log["data"][2:]))
    assert "0x" + bytes(tx_hash).hex() == expected["tx_hash"]
    assert "0x" + encode((TRANSACTION,), (transaction,)).hex() == expected["abi_encoded"]
    assert ["0x" + dep.hex() for dep in factory_deps] == given["request"].get("factoryDeps", [])


def test_the_descriptions_of_reverts(l1: L1Chain) -> None:
    """l1_reverts.json: what the real contracts answered to wrong calls, with the arguments of their errors."""
    recorded = json.loads((Path(__file__).parent / "data" / "l1_reverts.json").read_text("utf-8"))["cases"]
    answers = {case["input"]["case"]: case["expect"]["error"].removeprefix("reverted: ") for case in recorded}
    hub, router, token, other = BOOK["bridgehub"], BOOK["assetRouter"], BOOK["tokens.erc20_18"], BOOK["tokens.erc20_6"]
    mint = 10**18

    def two_bridges(
        chain_id: int, token: str, amount: int, *, asset: str | None = None, l2_value: int = 0, second: int = 0
    ) -> str:
        transfer = encode(("uint256", "address", "address"), (amount, SENDER, token))
        payload = b"\x01" + encode(("bytes32", "bytes"), (bytes.fromhex((asset or asset_id(token))[2:]), transfer))
        request = (chain_id, mint, l2_value, 1_500_000, 800, SENDER, router, second, payload)
        signature = (
            "requestL2TransactionTwoBridges((uint256,uint256,uint256,uint256,uint256,address,address,uint256,bytes))"
        )
        value = second + (mint if chain_id == 270 else 0)
        return refused(l1, call_data(signature, request), value)

    def direct(chain_id: int, limit: int, deps: list[bytes]) -> str:
        return refused(l1, call_data(DIRECT, (chain_id, mint, SENDER, 0, b"", limit, 800, deps, SENDER)), mint)

    def refused(chain: L1Chain, data: str, value: int) -> str:
        with pytest.raises(Reverted) as caught:
            chain.call(hub, data, sender=SENDER, value=value, gas_price=10**9)
        return caught.value.data

    for known in (token, other):
        l1.send(BOOK["nativeTokenVault"], call_data("registerToken(address)", known))
    mismatch = (bytes.fromhex(asset_id(other)[2:]), bytes.fromhex(asset_id(token)[2:]))
    seen = {
        "two bridges via AssetRouter with l2Value != 0": (two_bridges(270, token, 1, l2_value=1), "NonEmptyMsgValue()"),
        "two bridges ERC20 with secondBridgeValue != 0": (two_bridges(270, token, 1, second=1), "NonEmptyMsgValue()"),
        "two bridges ETH to 271 with amount != secondBridgeValue": (
            two_bridges(271, ETH, 2, second=1),
            ("ValueMismatch(uint256,uint256)", 2, 1),
        ),
        "two bridges amount 0": (two_bridges(270, token, 0), "EmptyDeposit()"),
        "two bridges with token of another asset id": (
            two_bridges(270, other, 1, asset=asset_id(token)),
            ("AssetIdMismatch(bytes32,bytes32)", *mismatch),
        ),
        "factory dep length not a multiple of 32": (
            direct(270, 10**6, [bytes(33)]),
            ("LengthIsNotDivisibleBy32(uint256)", 33),
        ),
        "factory dep of even word count": (direct(270, 10**6, [bytes(64)]), ("MalformedBytecode(uint8)", 3)),
        "factory deps > 64": (direct(270, 10**7, [bytes(32)] * 65), "TooManyFactoryDeps()"),
        "l2GasLimit 72_000_001 on ZKsync OS": (direct(270, 72_000_001, []), "TooMuchGas()"),
        "l2GasLimit 72_010_001 on Era, empty calldata": (direct(272, 72_010_001, []), "TooMuchGas()"),
    }
    for spender in ("nativeTokenVault", "assetRouter"):
        l1.send(token, call_data("approve(address,uint256)", BOOK[spender], 0), sender=SENDER)
    seen["two bridges without allowance"] = (
        two_bridges(270, token, 1),
        ("Error(string)", "ERC20: insufficient allowance"),
    )
    assert seen.keys() == answers.keys()
    for case, (data, error) in seen.items():
        signature, *values = (error,) if isinstance(error, str) else error
        assert data == revert_data(signature, *values), case
        shown = ", ".join("0x" + value.hex() if isinstance(value, bytes) else repr(value) for value in values)
        assert answers[case] == f"{signature.partition('(')[0]}({shown})", case


@pytest.fixture(scope="module")
def verifier(world: L1Chain) -> "Verifier":
    return Verifier(world)


class Verifier:
    """Chains of whatever id a case wants, all of them allowed to be settlement layers."""

    def __init__(self, l1: L1Chain) -> None:
        self.l1 = l1

    def chain(self, chain_id: int, minor: int) -> str:
        hub = BOOK["bridgehub"]
        types = ("uint256", "address", "bytes32", "bool", "uint256", "uint256")
        address = self.l1.deploy(
            "ZKChain", types, chain_id, hub, bytes.fromhex(asset_id(ETH)[2:]), False, minor, ERA_CHAIN_ID
        )
        self.l1.send(hub, call_data("registerChain(address)", address))
        self.l1.send(hub, call_data("registerSettlementLayer(uint256,bool)", chain_id, True))
        return address


@pytest.mark.parametrize("minor", [30, 31])
@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in PROOFS])
def test_proof(l1: L1Chain, verifier: Verifier, case: dict[str, Any], minor: int) -> None:
    """v31 proves in the MessageRoot; up to v30 the chains do, with errors of their own where a root is missing."""
    given, expected = case["input"], case["expect"]
    chain_id, batch, index = int(given["chain_id"]), int(given["batch_number"]), int(given["index"])
    leaf, proof = bytes.fromhex(given["leaf"][2:]), [bytes.fromhex(node[2:]) for node in given["proof"]]
    chains = {chain_id: verifier.chain(chain_id, minor)}
    for known in given["known_roots"]:
        owner = int(known["chain_id"])
        if owner not in chains:
            chains[owner] = verifier.chain(owner, minor)
        l1.send(
            chains[owner],
            call_data("executeBatch(uint256,bytes32)", int(known["batch_number"]), bytes.fromhex(known["root"][2:])),
        )

    if minor == 31 and "proof_data" in expected:
        data = call_data("getProofData(uint256,uint256,uint256,bytes32,bytes32[])", chain_id, batch, index, leaf, proof)
        (shown,) = decode((PROOF_DATA,), bytes.fromhex(l1.call(BOOK["messageRoot"], data)[2:]))
        told = [
            int(value, 16) if str(value).startswith("0x") else int(value) for value in expected["proof_data"].values()
        ]
        assert [int.from_bytes(value, "big") if isinstance(value, bytes) else int(value) for value in shown] == told

    data = call_data("proveL2LeafInclusion(uint256,uint256,bytes32,bytes32[])", batch, index, leaf, proof)
    if expected.get("error"):
        with pytest.raises(Reverted) as caught:
            l1.call(chains[chain_id], data)
        named = {
            "Panic": "Panic(uint256)",
            "UnsupportedProofMetadataVersion": "UnsupportedProofMetadataVersion(uint256)",
        }
        named["Error"] = (
            "NotSettlementLayer()" if minor == 30 else "InvalidSettlementLayerForBatch(uint256,uint256,uint256)"
        )
        assert caught.value.data.startswith(selector(named.get(expected["solidity"], expected["solidity"] + "()")))
    elif expected["valid"] or minor == 31:
        assert int(l1.call(chains[chain_id], data), 16) == expected["valid"]
    else:
        try:
            answer = l1.call(chains[chain_id], data)
        except Reverted as error:
            answer = error.data
        missing = {
            selector(name) for name in ("BatchNotExecuted(uint256)", "LocalRootIsZero()", "NotSettlementLayer()")
        }
        assert answer == word(0) or answer[:10] in missing
