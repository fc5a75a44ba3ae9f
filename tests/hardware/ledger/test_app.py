"""The real Ethereum app under speculos, where ZKCORE_LEDGER_APP_ELF names its ELF; docs/ledger.md says how to get it.

With ZKCORE_LEDGER_RECORD set, what was said and shown is written to recorded/, which test_replay.py replays.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from signers import LedgerSigner
from signers.ledger import device_view
from signers.testing.ledger import Recorder
from tests.hardware.ledger.cases import ACCOUNT, CASES, Case
from tests.hardware.ledger.nano import open_app
from tests.hardware.ledger.replay import NANO, RECORDED, Recording, check_result, check_screen
from tests.hardware.ledger.speculos import Speculos
from tests.hardware.ledger.typed_strategies import typed_data
from zkcore import ETH, Wallet, errors
from zkcore.ethereum.eip712 import TypedData
from zkcore.ethereum.signature import recover
from zkcore.protocol.paymaster import Paymaster
from zkcore.testing.devnet import Devnet
from zkcore.transactions import Eip712Transaction, Transaction
from zkcore.types import ether

ELF = os.environ.get("ZKCORE_LEDGER_APP_ELF")
ON_NANO = Path(str(ELF)).name.startswith("nano")
pytestmark = [
    pytest.mark.skipif(ELF is None, reason="ZKCORE_LEDGER_APP_ELF does not name the app's ELF"),
    pytest.mark.slow,
]


class Devices:
    """One device at a time: the one with the settings asked for."""

    def __init__(self) -> None:
        self._settings: tuple[str, ...] | None = None
        self._device: Speculos | None = None

    def with_settings(self, settings: tuple[str, ...]) -> Speculos:
        if self._device is None or settings != self._settings:
            self.close()
            self._device, self._settings = open_app(Path(str(ELF))), settings
            for setting in settings:
                self._device.turn_on(setting)
        return self._device

    def close(self) -> None:
        if self._device is not None:
            self._device.close()
            self._device = None


@pytest.fixture(scope="module")
def devices() -> Iterator[Devices]:
    devices = Devices()
    yield devices
    devices.close()


@pytest.mark.parametrize("name", CASES)
def test_case(name: str, devices: Devices) -> None:
    case, folder = CASES[name], NANO if ON_NANO else RECORDED
    if ON_NANO and not (folder / f"{name}.json").exists():
        pytest.skip("not among those for a Nano")
    device = devices.with_settings(case.settings)
    recorder = Recorder(device.open_dongle)
    with LedgerSigner.connect(
        open_dongle=recorder.open, expected_address=ACCOUNT, allow_blind_signing=case.consent, timeout=120
    ) as signer:
        with device.reviewing(approve=case.approve) as lines:
            result: object
            try:
                result = case.run(signer)
            except errors.SignerError as error:
                result = error
        check_result(case, result)
        check_screen(case, lines, nano=ON_NANO)
        if os.environ.get("ZKCORE_LEDGER_RECORD"):
            recording = Recording(settings=case.settings, screen=tuple(lines), exchanges=tuple(recorder.exchanges))
            (folder / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(recording), indent=1) + b"\n")


def test_another_call_works_after_a_time_out_in_the_middle(devices: Devices) -> None:
    device = devices.with_settings(("Raw messages",))
    with LedgerSigner.connect(open_dongle=device.open_dongle, timeout=3) as signer:
        typed, message = CASES["typed-mail"], CASES["message-text"]
        for case in (typed, message, CASES["transfer-era"]):
            with pytest.raises(errors.SignerTimeout):
                case.run(signer)
    with LedgerSigner.connect(open_dongle=device.open_dongle, timeout=120) as signer:
        for case in (typed, CASES["transfer-era"], message):
            with device.reviewing() as lines:
                check_result(case, case.run(signer))
            check_screen(case, lines)


@pytest.mark.parametrize("delay", [0.2, 0.6, 1.0, 1.5, 2.5])
@pytest.mark.parametrize("name", ["transfer-era", "message-long", "typed-mail", "era-paymaster", "address"])
@pytest.mark.parametrize("how", ["cancel", "timeout"])
def test_a_call_given_up_is_followed_by_one_that_works(how: str, name: str, delay: float, devices: Devices) -> None:
    device = devices.with_settings(("Raw messages",))
    with LedgerSigner.connect(open_dongle=device.open_dongle, timeout=delay if how == "timeout" else 60) as signer:
        if how == "cancel":
            threading.Timer(delay, signer.cancel).start()
        with pytest.raises(errors.UserRejected if how == "cancel" else errors.SignerTimeout):
            CASES[name].run(signer)
    with LedgerSigner.connect(open_dongle=device.open_dongle, timeout=60) as signer, device.reviewing():
        check_result(CASES["message-text"], CASES["message-text"].run(signer))


def test_the_preview_says_what_the_app_cannot_hash() -> None:
    assert device_view(CASES["typed-by-hashes"].what).mode == "blind"  # type: ignore[arg-type]


def test_accounts_are_those_of_the_mnemonic(devices: Devices) -> None:
    device = devices.with_settings(())
    with LedgerSigner.connect(open_dongle=device.open_dongle) as signer:
        assert str(signer.accounts("bip44", 2)[1].address) == "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
        assert signer.find("0x70997970C51812dc3A010C7d01b50e0d17dc79C8").path == "m/44'/60'/0'/0/1"


@given(data=typed_data().filter(lambda data: device_view(data).mode == "depends"))
@settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_any_typed_data(data: TypedData, devices: Devices) -> None:
    device = devices.with_settings(("Raw messages",))
    with LedgerSigner.connect(open_dongle=device.open_dongle, timeout=120) as signer:
        with device.reviewing(skip=True):
            signature = signer.sign_typed_data(data)
        assert recover(data.digest(), signature) == ACCOUNT


def test_a_deposit_and_a_paymaster_withdrawal_on_the_devnet(devices: Devices) -> None:
    """End to end: what the wallet prepares, the app shows and signs, and the chains take."""
    device = devices.with_settings(("Blind signing", "Raw messages"))
    with (
        Devnet("era-eth") as net,
        LedgerSigner.connect(open_dongle=device.open_dongle, allow_blind_signing=True, timeout=300) as signer,
        Wallet(signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet,
    ):
        net.l1.rpc("anvil_setBalance", str(ACCOUNT), hex(ether("10")))
        before = wallet.get_balance()
        plan = wallet.prepare_deposit(ETH, ether("0.5"))
        with device.reviewing() as lines:
            deposit = wallet.submit(plan)
        assert plan.steps[-1].transaction.data
        for step in plan.steps:
            _shown(lines, step.transaction)
        assert deposit.wait().status
        deposited = wallet.get_balance()
        assert deposited >= before + ether("0.5")

        paymaster = Paymaster.general(str(net.built_ins.general_paymaster))
        withdrawing = wallet.prepare_withdraw(ETH, ether("0.2"), paymaster=paymaster)
        transaction = withdrawing.steps[0].transaction
        assert isinstance(transaction, Eip712Transaction)
        with device.reviewing() as lines:
            withdrawal = wallet.submit(withdrawing)
        _shown(lines, transaction)
        assert str(int.from_bytes(ACCOUNT)) in "".join(lines)
        withdrawal.wait(until="ready")
        assert wallet.get_balance() == deposited - ether("0.2"), "the paymaster paid the fee"

        before = wallet.get_l1_balance(ETH)
        with device.reviewing() as lines:
            finalization = withdrawal.finalize()
        finalization.wait()
        assert before < wallet.get_l1_balance(ETH) < before + ether("0.2")


def _shown(lines: list[str], tx: Transaction) -> None:
    case = Case(tx)
    assert device_view(tx).mode in {"blind", "depends"}
    check_screen(case, lines, nano=ON_NANO)


def test_the_environment_leads_to_the_emulator(devices: Devices) -> None:
    device = devices.with_settings(())
    proxy = {"LEDGER_PROXY_ADDRESS": "127.0.0.1", "LEDGER_PROXY_PORT": str(device.apdu_port)}
    program = "from signers import LedgerSigner\nwith LedgerSigner.connect() as signer: print(signer.address)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ | proxy
    )
    assert done.stdout.strip() == str(ACCOUNT)
