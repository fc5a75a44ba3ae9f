"""On a real T1B1 emulator over UDP (its port: ZKCORE_TREZOR_UDP_PORT; its debug link: the port after it). It is wiped.

Trezor's own legacy firmware, built with EMULATOR=1 DEBUG_LINK=1, is one.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from trezorlib import exceptions
from trezorlib.client import get_default_client

from signers import TrezorSigner
from signers.trezor import wire
from tests.hardware.trezor.live import LiveRig
from tests.hardware.trezor.scenes import KEY, SCENES, TO, legacy, transfer
from zkcore import ETH, Wallet, ether
from zkcore.errors import DeviceNotFound, SignerTimeout, UnsupportedBySigner, UserRejected
from zkcore.protocol.paymaster import Paymaster
from zkcore.testing import check_signer
from zkcore.testing.devnet import Devnet

PORT = os.environ.get("ZKCORE_TREZOR_UDP_PORT")
pytestmark = pytest.mark.skipif(PORT is None, reason="no emulator: ZKCORE_TREZOR_UDP_PORT is not set")


@pytest.fixture
def rig() -> Iterator[LiveRig]:
    with LiveRig(int(PORT or 0)) as made:
        yield made


@pytest.mark.parametrize("name", SCENES)
def test_scene(name: str) -> None:
    scene, guarded = SCENES[name]
    with LiveRig(int(PORT or 0), guarded=guarded) as made:
        scene(made)


def test_conformance(rig: LiveRig) -> None:
    with rig.connect(allow_blind_signing=True) as signer:
        check_signer(signer)


# ---------------------------------------------------------------- our limits are the firmware's
def refused_by_firmware(signer: TrezorSigner, tx: Any, path: tuple[int, ...] | None = None) -> None:
    """Past our own checks, the firmware refuses the same."""
    with pytest.raises(UnsupportedBySigner) as caught:
        signer._connection.call(lambda session: wire.sign_transaction(session, path or signer._path, tx, None, None))
    assert isinstance(caught.value.__cause__, exceptions.TrezorFailure)


def test_limits(rig: LiveRig) -> None:
    hard = 1 << 31
    with rig.connect(allow_blind_signing=True) as signer:
        refused = [
            transfer(to=None),
            transfer(gas_limit=2**64 - 1, max_fee_per_gas=2**176),
            transfer(max_fee_per_gas=2**256 - 1, max_priority_fee_per_gas=2**256 - 1),
            legacy(gas_limit=2**32, gas_price=2**207),
            transfer(access_list=[(TO, [])] * 13),
            transfer(access_list=[(TO, [bytes(32)] * 13)]),
        ]
        for tx in refused:
            with pytest.raises(UnsupportedBySigner):
                signer.sign_transaction(tx)
            refused_by_firmware(signer, tx)
        for path in (
            (44 + hard, 60 + hard, 101 + hard, 0, 0),
            (44 + hard, 60 + hard, hard, 2, 0),
            (44 + hard, 60 + hard, hard, 0, 1_000_001),
            (44 + hard, 60 + hard, 1 + hard, 0),
            (44 + hard, 60 + hard, hard, 101),
            (44 + hard, 60 + hard),
            (44 + hard, 324 + hard, hard, 0, 0),
            (45 + hard, 60, 101, 0, 0),
            (49 + hard, 60 + hard, hard, 0, 0),
        ):
            refused_by_firmware(signer, transfer(), path)
        refused_by_firmware(signer, transfer(chain_id=10), (44 + hard, 1 + hard, hard, 0, 0))
        with pytest.raises(UnsupportedBySigner):
            signer._connection.call(lambda session: wire.sign_message(session, signer._path, bytes(1025)))
        assert signer.sign_message(bytes(1024))


def test_a_large_transaction(rig: LiveRig) -> None:
    tx = transfer(data=os.urandom(200_000), gas_limit=10**7)
    with rig.connect(allow_blind_signing=True) as signer:
        assert signer.sign_transaction(tx).to_bytes() == KEY.sign_transaction(tx).to_bytes()


# ---------------------------------------------------------------- nothing hangs
def timed(call: Callable[[], object], error: type[BaseException]) -> float:
    started = time.monotonic()
    with pytest.raises(error):
        call()
    return time.monotonic() - started


def works(rig: LiveRig, signer: TrezorSigner) -> None:
    rig.press = True
    signer._connection._timeout = 30.0
    assert signer.sign_transaction(transfer()).to_bytes() == KEY.sign_transaction(transfer()).to_bytes()


@pytest.mark.parametrize("screen", range(1, 5))
def test_a_timeout_at_each_screen(rig: LiveRig, screen: int) -> None:
    def on_button(shown: str) -> None:
        rig.screens += 1
        if rig.screens < screen or rig.press:
            rig.debug.press_yes()

    with rig.connect(timeout=2.0, on_button=on_button) as signer:
        rig.press = False
        assert timed(lambda: signer.sign_transaction(transfer()), SignerTimeout) < 5
        assert rig.screens == screen
        works(rig, signer)


def test_cancel_from_another_thread(rig: LiveRig) -> None:
    with rig.connect() as signer:
        rig.press = False
        threading.Timer(0.5, signer.cancel).start()
        assert timed(lambda: signer.sign_transaction(transfer()), UserRejected) < 5
        works(rig, signer)


def test_another_program_while_we_wait(rig: LiveRig) -> None:
    """It aborts our prompt and takes the device; our call ends, and the next one works."""
    with rig.connect() as signer:
        rig.press = False
        signer._connection._timeout = 3.0
        threading.Timer(0.5, lambda: get_default_client("another program", rig.path)).start()
        started = time.monotonic()
        with pytest.raises((SignerTimeout, UserRejected)):
            signer.sign_transaction(transfer())
        assert time.monotonic() - started < 6
        works(rig, signer)


# ---------------------------------------------------------------- a line that breaks
class Relay:
    """A line to the emulator that can be cut: to us the device is dead, in the middle of what it does."""

    def __init__(self, port: int) -> None:
        self.cut = False
        self._inside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._inside.connect(("127.0.0.1", port))
        self._outside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._outside.bind(("127.0.0.1", 0))
        self.path = f"udp:127.0.0.1:{self._outside.getsockname()[1]}"
        self._peer: Any = None
        self._over = False
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._in, self._out)]
        for thread in self._threads:
            thread.start()

    def _in(self) -> None:
        self._outside.settimeout(0.1)
        while not self._over:
            try:
                data, self._peer = self._outside.recvfrom(64)
            except TimeoutError:
                continue
            if not self.cut:
                self._inside.send(data)

    def _out(self) -> None:
        self._inside.settimeout(0.1)
        while not self._over:
            try:
                data = self._inside.recv(64)
            except TimeoutError:
                continue
            if not self.cut and self._peer:
                self._outside.sendto(data, self._peer)

    def close(self) -> None:
        self._over = True
        for thread in self._threads:
            thread.join()
        self._inside.close()
        self._outside.close()


@contextmanager
def relay() -> Iterator[Relay]:
    made = Relay(int(PORT or 0))
    try:
        yield made
    finally:
        made.close()


def test_a_device_that_dies_in_the_middle_of_a_prompt(rig: LiveRig) -> None:
    with relay() as line, rig.connect(transport=line.path) as signer:
        works(rig, signer)
        rig.press = False
        signer._connection._timeout = 2.0
        threading.Timer(0.5, lambda: setattr(line, "cut", True)).start()
        assert timed(lambda: signer.sign_transaction(transfer()), SignerTimeout) < 6
        assert timed(lambda: signer.sign_transaction(transfer()), DeviceNotFound) < 6
        line.cut = False
        works(rig, signer)


# ---------------------------------------------------------------- with it, value moves
def test_bridging_from_end_to_end(rig: LiveRig) -> None:
    """A deposit, a withdrawal of type 2, one of type 0x71 by its hashes with a paymaster, and their finalizations."""
    with (
        Devnet("era-eth") as net,
        rig.connect(allow_blind_signing=True, expected_address=KEY.address) as signer,
        Wallet(signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet,
    ):
        before = wallet.get_balance()
        assert wallet.deposit(ETH, ether("0.5")).wait().status == 1
        assert wallet.get_balance() - before >= ether("0.5")
        assert net.built_ins.general_paymaster is not None
        for paymaster in (None, Paymaster.general(net.built_ins.general_paymaster)):
            plan = wallet.prepare_withdraw(ETH, ether("0.1"), paymaster=paymaster)
            assert (plan.steps[-1].transaction.TYPE == 0x71) is (paymaster is not None)
            withdrawal = wallet.submit(plan)
            net.seal_batch()
            net.execute_batch()
            assert withdrawal.wait(until="ready").phase == "READY"
            assert withdrawal.finalize().wait().status == 1
