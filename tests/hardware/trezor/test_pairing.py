"""Pairing with a Safe 7: what is asked for, and what is kept. The encrypted channel itself is trezorlib's."""

import stat
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from trezorlib import models
from trezorlib.thp.channel import Channel
from trezorlib.thp.client import TrezorClientThp
from trezorlib.thp.credentials import StaticCredential

from signers.testing.trezor import FakeTrezor
from signers.trezor import CredentialFile, PairingCredential
from signers.trezor import connection as subject
from zkcore.errors import InputError, NotPaired

CREDENTIAL = PairingCredential(b"T" * 32, b"secret host key".ljust(32), b"C" * 40)


class FakeClient:
    """As much of trezorlib's client as pairing sees."""

    def __init__(self, manifest: Any, paired_with: PairingCredential | None) -> None:
        self.model = models.T3W1
        known = [credential.credential for credential in manifest.credentials]
        self.paired = paired_with is not None and paired_with.credential in known
        self.connected = False
        self.pairing = SimpleNamespace(is_paired=lambda: self.connected and self.paired)

    def connect(self) -> None:
        """Only then a locked device tells whether it is paired."""
        self.connected = True


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> list[FakeClient]:
    clients: list[FakeClient] = []

    def get_client(manifest: Any, transport: Any) -> FakeClient:
        clients.append(FakeClient(manifest, CREDENTIAL))
        return clients[-1]

    def flow(pairing: Any, *, code_entry_callback: Callable[[], str], request_credential: bool) -> StaticCredential:
        assert request_credential
        assert code_entry_callback() == "123456"
        clients[-1].paired = True
        return StaticCredential(CREDENTIAL.trezor_pubkey, CREDENTIAL.host_privkey, CREDENTIAL.credential)

    monkeypatch.setattr(subject, "get_client", get_client)
    monkeypatch.setattr(subject, "default_pairing_flow", flow)
    return clients


def connection(**hooks: Any) -> subject.Connection:
    given = {"passphrase": lambda: "", "on_button": None, "on_pin": None, "on_pairing": None, "credentials": None}
    made = subject.Connection(FakeTrezor("T3W1"), subject.Hooks(**{**given, **hooks}), 5.0)
    made._transport = object()  # type: ignore[assignment]
    return made


def test_pairs_once_and_keeps_it(device: list[FakeClient], tmp_path: Path) -> None:
    store = CredentialFile(tmp_path / "pairings.json")
    asked: list[str] = []

    def on_pairing(model: str) -> str:
        asked.append(model)
        return "123456"

    assert connection(on_pairing=on_pairing, credentials=store)._connected().pairing.is_paired()
    assert asked == ["Safe 7"]
    assert store.load() == [CREDENTIAL]
    assert connection(credentials=store)._connected().pairing.is_paired()  # without a code
    assert asked == ["Safe 7"]


def test_a_device_that_is_not_paired(device: list[FakeClient]) -> None:
    with pytest.raises(NotPaired, match="give on_pairing=, and credentials= to keep it"):
        connection()._connected()


def test_nothing_is_kept_without_a_place(device: list[FakeClient]) -> None:
    assert connection(on_pairing=lambda model: "123456")._connected().pairing.is_paired()


def test_a_busy_channel_is_not_waited_for_past_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    client = object.__new__(TrezorClientThp)
    client.channel = SimpleNamespace(is_open=lambda: True, BUSY_RETRIES=20)  # type: ignore[assignment]
    client.pairing = SimpleNamespace(is_paired=lambda: True)  # type: ignore[assignment]
    monkeypatch.setattr(subject, "get_client", lambda manifest, transport: client)
    made = connection()._connected()
    assert sum(Channel.BUSY_BACKOFF_TIME * 2**n for n in range(made.channel.BUSY_RETRIES)) < 10


def test_the_file(tmp_path: Path) -> None:
    path = tmp_path / "pairings.json"
    store = CredentialFile(path)
    assert store.load() == []
    store.save(CREDENTIAL)
    store.save(PairingCredential(b"2", b"3", b"4"))
    assert CredentialFile(str(path)).load() == [CREDENTIAL, PairingCredential(b"2", b"3", b"4")]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["pairings.json"]
    path.write_bytes(b"[1]")
    with pytest.raises(InputError, match="holds no pairing credentials"):
        store.load()


def test_the_file_is_its_owners_whatever_was_there_before(tmp_path: Path) -> None:
    path = tmp_path / "pairings.json"
    path.write_text("[]", encoding="ascii")
    path.chmod(0o644)
    (tmp_path / "pairings.json.new").write_text("", encoding="ascii")  # what an older version began
    (tmp_path / "pairings.json.new").chmod(0o666)
    CredentialFile(path).save(CREDENTIAL)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert CredentialFile(path).load() == [CREDENTIAL]


def test_the_secret_is_in_no_repr() -> None:
    assert "secret" not in repr(CREDENTIAL)
    assert CREDENTIAL.host_privkey.hex() not in repr([CREDENTIAL])
    assert (b"T" * 32).hex() in repr(CREDENTIAL)
