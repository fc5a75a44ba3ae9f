"""What EraVM is told, beside what zksync-ethers and viem tell it: deployments and those from L1, bytecode hashes, addresses,
factory deps, paymasters, accounts of several keys.

Both clients are unmodified from npm, by the lock in `clients`; `answers.mjs` asks them all cases in one go. The cases are random,
of the seed ZKCORE_ORACLE_SEED, beside the edges of each size.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from signers import AccountSigner, PrivateKeySigner
from zkcore.errors import InputError
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol.addresses import create, create2, era_create, era_create2
from zkcore.protocol.bytecode import versioned_hash
from zkcore.protocol.contracts import BRIDGEHUB, CONTRACT_DEPLOYER_ADDRESS
from zkcore.protocol.deployments import EraDeployment, created
from zkcore.protocol.paymaster import Paymaster
from zkcore.transactions import Eip712Transaction, parse_transaction
from zkcore.types import Address, Hash32

CLIENTS = Path(__file__).parent / "clients"
SEED = int(os.environ.get("ZKCORE_ORACLE_SEED", "25"))
MANY = int(os.environ.get("ZKCORE_ORACLE_CASES", "40"))  # of each kind
MOST = (1 << 16) - 1  # words of a bytecode

Ask = Callable[[Sequence[dict[str, Any]]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Ask the clients for what they make of cases; installed by their lock, in a folder of their own."""
    npm, home = shutil.which("npm"), tmp_path_factory.mktemp("clients")
    assert npm is not None
    for name in ("package.json", "package-lock.json", "answers.mjs"):
        shutil.copy(CLIENTS / name, home)
    run = partial(subprocess.run, cwd=home, capture_output=True, text=True, check=False)
    installed = run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"])
    assert installed.returncode == 0, installed.stderr

    def answers(cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        done = run(["node", "answers.mjs"], input=json.dumps(cases))
        assert done.returncode == 0, done.stderr[-3000:]
        read: list[dict[str, Any]] = json.loads(done.stdout)
        assert len(read) == len(cases)
        return read

    return answers


def text(data: bytes) -> str:
    return "0x" + data.hex()


def raw(given: str) -> bytes:
    return bytes.fromhex(given[2:])


class Some(Random):
    """Random values of the sizes that these have."""

    def address(self) -> Address:
        return Address(self.randbytes(20))

    def data(self) -> bytes:
        return self.randbytes(self.choice((0, 1, 3, 31, 32, 33, 64, 100, 255, 256, 1000)))

    def number(self, bits: int) -> int:
        """Small ones and large ones alike, the largest and zero among them."""
        return self.choice((0, 1, 127, 128, 255, 256, (1 << bits) - 1, self.getrandbits(self.randint(1, bits))))

    def bytecode(self) -> bytes:
        return self.randbytes(32 * self.choice((1, 3, 5, 7, 15, 101, 255, 257)))

    def salt(self) -> Hash32:
        return Hash32(self.choice((bytes(32), b"\xff" * 32, self.randbytes(32), bytes(31) + b"\x01")))


@pytest.fixture
def some() -> Some:
    return Some(SEED)


# ---------------------------------------------------------------- bytecode
def test_the_hash_of_bytecode_and_what_has_none(ask: Ask, some: Some) -> None:
    sizes = [32 * words for words in (1, 2, 3, 4, 255, 256, 257, 4097, MOST - 2, MOST - 1, MOST, MOST + 1, MOST + 2)]
    sizes += [0, 1, 31, 33, 95, 97, 32 * MOST - 1, 32 * MOST + 1]
    codes = (
        [some.randbytes(size) for size in sizes] + [some.bytecode() for _ in range(MANY)] + [bytes(32), b"\xff" * 96]
    )
    for code, told in zip(codes, ask([{"what": "hash", "bytecode": text(code)} for code in codes]), strict=True):
        try:
            ours = text(versioned_hash(code))
        except InputError:
            ours = "refused"
        assert (told["zksync-ethers"], told["viem"]) == (ours, ours), len(code)


# ---------------------------------------------------------------- deployments
WAYS: dict[str, dict[str, Any]] = {
    "create": {},
    "createAccount": {"kind": "account"},
    "create2": {"salted": True},
    "create2Account": {"kind": "account", "salted": True},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_deployment(ask: Ask, some: Some, way: str) -> None:
    """The calldata, what goes along, and what is created by it where."""
    asked, salted = dict(WAYS[way]), WAYS[way].get("salted", False)
    asked.pop("salted", None)
    cases: list[dict[str, Any]] = []
    for _ in range(MANY):
        codes = [some.bytecode() for _ in range(some.randint(1, 4))]
        salt = some.salt() if salted else Hash32(bytes(32))
        arguments = {"of": str(some.number(256)), "more": text(some.data())}
        more = [text(code) for code in codes[1:]]
        cases.append(
            {"what": "deployment", "way": way, "bytecode": text(codes[0]), "salt": str(salt), "deps": more} | arguments
        )
    for case, told in zip(cases, ask(cases), strict=True):
        theirs, sender, nonce = told["zksync-ethers"], some.address(), some.number(64)
        salt = case["salt"] if salted else None
        given: dict[str, Any] = {"bytecode": case["bytecode"], "constructor_data": theirs["constructor"], "salt": salt}
        deployment = EraDeployment(**given, more_deps=case["deps"], **asked)
        assert text(deployment.calldata) == theirs["data"] == told["viem"]["data"]
        assert {text(code) for code in deployment.factory_deps} == set(theirs["deps"])
        tx = Eip712Transaction(
            from_address=sender,
            to=CONTRACT_DEPLOYER_ADDRESS,
            data=deployment.calldata,
            chain_id=324,
            nonce=0,
            max_priority_fee_per_gas=0,
            max_fee_per_gas=1,
            gas_limit=1,
            factory_deps=tuple(raw(code) for code in theirs["deps"]),  # in their order
        )
        made = created(tx, sender, nonce)
        assert (made.way, made.code_hash) == (f"EraVM {way}", deployment.bytecode_hash)
        assert made.address == deployment.address(sender, nonce)


def test_where_contracts_are_created(ask: Ask, some: Some) -> None:
    cases: list[dict[str, Any]] = []
    for _ in range(2 * MANY):
        nonce, salt = min(some.number(52), (1 << 53) - 1), some.salt()  # a number of JavaScript
        of = {"sender": str(some.address()), "nonce": nonce, "salt": str(salt), "input": text(some.data())}
        cases.append({"what": "addresses", "hash": str(Hash32(versioned_hash(some.bytecode())))} | of)
    for case, told in zip(cases, ask(cases), strict=True):
        sender, nonce, salt, code, given = (case[name] for name in ("sender", "nonce", "salt", "hash", "input"))
        assert told["zksync-ethers"] == [str(era_create(sender, nonce)), str(era_create2(sender, salt, code, given))]
        assert told["ethers"] == [str(create(sender, nonce)), str(create2(sender, salt, code))]


def test_a_deployment_from_l1(ask: Ask, some: Some) -> None:
    """What `request_execute` sends to the bridgehub with the deployer's calldata, and the bytecode along."""
    cases: list[dict[str, Any]] = []
    for _ in range(MANY):
        deployment = EraDeployment(
            bytecode=some.bytecode(),
            constructor_data=some.data(),
            salt=some.choice((None, some.salt())),
            kind=some.choice(("contract", "account")),
            more_deps=[some.bytecode() for _ in range(some.randint(0, 3))],
        )
        numbers = {"chainId": some.number(64), "mintValue": some.number(256), "value": some.number(256)}
        numbers |= {"gas": some.number(256), "gasPerPubdata": some.number(256)}
        cases.append(
            {name: str(number) for name, number in numbers.items()}
            | {"what": "request", "to": str(CONTRACT_DEPLOYER_ADDRESS), "data": text(deployment.calldata)}
            | {"deps": [text(code) for code in deployment.factory_deps], "refund": str(some.address())}
        )
    for case, told in zip(cases, ask(cases), strict=True):
        names = ("chainId", "mintValue", "to", "value", "data", "gas", "gasPerPubdata", "deps", "refund")
        chain, mint, to, value, data, gas, pubdata, deps, refund = (case[name] for name in names)
        before, after = (int(chain), int(mint), to, int(value), data), (int(gas), int(pubdata), deps, refund)
        assert text(BRIDGEHUB.request_l2_transaction_direct.encode((*before, *after))) == told["zksync-ethers"]


# ---------------------------------------------------------------- 0x71: factory deps, paymasters, signatures of several
def test_the_input_of_paymasters(ask: Ask, some: Some) -> None:
    of = [(some.address(), some.number(256), some.data()) for _ in range(MANY)]
    cases = [
        {"what": "paymaster", "token": str(token), "allowance": str(n), "inner": text(data)} for token, n, data in of
    ]
    for (token, allowance, inner), told in zip(of, ask(cases), strict=True):
        general = Paymaster.general(token, inner)
        approval = Paymaster.approval_based(token, token=token, minimal_allowance=allowance, inner_input=inner)
        assert [text(general.input), text(approval.input)] == told["zksync-ethers"] == told["viem"]
        assert (general.approval, approval.approval) == (None, (token, allowance))


def test_transactions_with_factory_deps_paymasters_and_signatures(ask: Ask, some: Some) -> None:
    """Their digest, and the bytes that are sent; what is read back of theirs is ours."""
    cases: list[dict[str, Any]] = []
    for _ in range(3 * MANY):
        paymaster: Paymaster | None = some.choice((None, Paymaster.general(some.address(), some.data())))
        if some.random() < 0.3:
            paymaster = Paymaster.approval_based(
                some.address(), token=some.address(), minimal_allowance=some.number(256)
            )
        fee = some.number(256) or 1
        case = {
            "from": str(some.address()),
            "to": str(some.address()),
            "nonce": some.number(52),
            "data": text(some.data()),
        }
        case |= {"value": str(some.number(256)), "chainId": some.number(50) or 1, "gas": str(some.number(64) or 1)}
        case |= {"maxFee": str(fee), "tip": str(some.randint(1, fee)), "gasPerPubdata": str(some.number(32) or 1)}
        case |= {"deps": [text(some.bytecode()) for _ in range(some.randint(0, 5))]}
        case |= {"signature": text(some.randbytes(some.choice((65, 66, 130, 195))))}
        case |= {"paymaster": str(paymaster.address), "input": text(paymaster.input)} if paymaster else {}
        cases.append({"what": "transaction"} | case)
    for case, told in zip(cases, ask(cases), strict=True):
        paymaster = Paymaster(case["paymaster"], case["input"]) if "paymaster" in case else None
        tx = Eip712Transaction(
            from_address=case["from"],
            to=case["to"],
            nonce=case["nonce"],
            data=case["data"],
            value=int(case["value"]),
            chain_id=case["chainId"],
            gas_limit=int(case["gas"]),
            max_fee_per_gas=int(case["maxFee"]),
            max_priority_fee_per_gas=int(case["tip"]),
            gas_per_pubdata=int(case["gasPerPubdata"]),
            custom_signature=case["signature"],
            factory_deps=tuple(raw(code) for code in case["deps"]),
            paymaster=paymaster,
        )
        ours = [str(tx.signing_hash()), text(tx.signed_bytes())]
        assert told == {"zksync-ethers": ours, "viem": ours}
        assert tx.typed_data().digest() == tx.signing_hash()
        assert parse_transaction(told["viem"][1]) == (tx, None)


def test_the_signature_of_an_account_of_several_keys(ask: Ask, some: Some) -> None:
    cases: list[dict[str, Any]] = []
    ours: list[str] = []
    for _ in range(MANY):
        keys = [some.randbytes(32) for _ in range(some.randint(2, 4))]
        account = AccountSigner(some.address(), [PrivateKeySigner(key) for key in keys])
        tx = Eip712Transaction(
            from_address=account.address,
            to=some.address(),
            data=some.data(),
            chain_id=324,
            nonce=7,
            max_priority_fee_per_gas=0,
            max_fee_per_gas=1,
            gas_limit=1,
        )
        ours.append(text(account.sign_transaction(tx).to_bytes()))
        cases.append({"what": "multisig", "digest": str(tx.signing_hash()), "keys": [text(key) for key in keys]})
    assert ask(cases) == [{"zksync-ethers": one, "viem": one, "ethers": one} for one in ours]


def test_a_fault_is_seen(ask: Ask, some: Some) -> None:
    """The clients do compute: one bit of a case, and their answer is another."""
    code = some.bytecode()
    one, two = ask(
        [{"what": "hash", "bytecode": text(code)}, {"what": "hash", "bytecode": text(bytes([code[0] ^ 1]) + code[1:])}]
    )
    assert one["viem"] == one["zksync-ethers"] != two["viem"] == two["zksync-ethers"]
    assert one["viem"] != text(keccak256(code))
