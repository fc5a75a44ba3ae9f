"""Keys: where they come from, what they sign, and that they are shown nowhere."""

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import signers
from signers import PrivateKeySigner
from zkcore.errors import InputError, WrongDevice, ZkCoreError
from zkcore.ethereum.eip191 import message_hash
from zkcore.ethereum.signature import recover
from zkcore.signer import Capability, Signer
from zkcore.testing import check_signer

SECRET = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
ADDRESS = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture
def signer() -> PrivateKeySigner:
    return PrivateKeySigner(SECRET)


def shown(error: BaseException | None) -> str:
    """Everything that an exception and those behind it show."""
    text = ""
    while error is not None:
        text += f"{error!r} {error} {error.args} {vars(error)}"
        error = error.__cause__ or error.__context__
    return text


# ---------------------------------------------------------------- where keys come from
@pytest.mark.parametrize("key", [SECRET, "0x" + SECRET, SECRET.upper(), bytes.fromhex(SECRET)])
def test_a_key_is_hex_or_bytes(key: bytes | str) -> None:
    made = PrivateKeySigner(key)
    assert str(made.address) == ADDRESS
    assert made.public_key[0] == 4
    assert len(made.public_key) == 65


@pytest.mark.parametrize(
    "key",
    [
        *(SECRET[1:], SECRET + "0", " " + SECRET, SECRET + "\n", "0X" + SECRET, "0x" + SECRET[:-1] + "g", ""),
        *(bytes(32), bytes(31) + b"\x00", N.to_bytes(32), b"\xff" * 32, bytes.fromhex(SECRET)[1:], b""),
        *(int(SECRET, 16), None, bytearray.fromhex(SECRET)),
    ],
)
def test_what_is_no_key_is_refused_and_not_shown(key: Any) -> None:
    with pytest.raises(InputError, match="private key: expected") as caught:
        PrivateKeySigner(key)
    said = shown(caught.value)
    assert SECRET[:-1] not in said
    assert SECRET[2:20] not in said
    assert str(int(SECRET, 16)) not in said


def test_from_env(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKCORE_KEY", f" 0x{SECRET}\n")
    assert str(PrivateKeySigner.from_env("ZKCORE_KEY").address) == ADDRESS
    monkeypatch.delenv("ZKCORE_KEY")
    with pytest.raises(InputError, match="the environment variable ZKCORE_KEY is not set"):
        PrivateKeySigner.from_env("ZKCORE_KEY")


def test_from_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    assert str(PrivateKeySigner.from_file(path).address) == ADDRESS
    assert str(PrivateKeySigner.from_file(str(path)).address) == ADDRESS
    path.write_bytes(b"\xff" + SECRET.encode() * 9)
    with pytest.raises(InputError, match="private key: expected") as caught:
        PrivateKeySigner.from_file(path)
    assert SECRET not in shown(caught.value)
    with pytest.raises(InputError, match="not a regular file"):
        PrivateKeySigner.from_file("/dev/null")


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o604, 0o640, 0o610, 0o602, 0o660, 0o777])
def test_a_file_that_others_may_access_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    path.write_text(SECRET)
    path.chmod(mode)
    with pytest.raises(InputError, match=rf"others may access the key in .* \(mode 0{mode:o}\): chmod 600"):
        PrivateKeySigner.from_file(path)


def test_generated_keys_differ() -> None:
    assert PrivateKeySigner.generate().address != PrivateKeySigner.generate().address


# ---------------------------------------------------------------- what they sign
def test_it_is_a_signer_that_conforms(signer: PrivateKeySigner) -> None:
    assert isinstance(signer, Signer)
    assert signer.capabilities == frozenset(Capability) - {Capability.TYPED_DATA_HASH, Capability.CONFIRM_ADDRESS}
    check_signer(signer)


def test_signatures_are_deterministic_and_unshown(signer: PrivateKeySigner) -> None:
    first = signer.sign_message(b"x")
    assert first == PrivateKeySigner(SECRET).sign_message(b"x")
    assert first.clear is None
    assert recover(message_hash(b"x"), first) == signer.address


def test_both_backends_sign_the_same() -> None:
    code = (
        f"from signers import PrivateKeySigner as P; s = P('{SECRET}');"
        "print(s.backend, *(s.sign_message(bytes([i])).to_bytes().hex() for i in range(8)))"
    )
    native, fast = (
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "ECC_BACKEND_CLASS": f"eth_keys.backends.{backend}"},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for backend in ("NativeECCBackend", default_backend())
    )
    assert native.startswith("pure Python ")
    assert native.split()[2:] == fast.split()[-8:]
    if default_backend() != "NativeECCBackend":
        assert fast.startswith("coincurve ")


def default_backend() -> str:
    from eth_keys.main import KeyAPI

    return type(KeyAPI().backend).__name__


def test_a_signature_that_does_not_recover_never_leaves(signer: PrivateKeySigner) -> None:
    signer._address = PrivateKeySigner.generate().address  # as if the backend had computed wrongly
    for sign in (lambda: signer.sign_message(b"x"), lambda: signer._signed(bytes(32))):
        with pytest.raises(WrongDevice):
            sign()


# ---------------------------------------------------------------- what must not leak
def test_the_key_is_shown_nowhere(signer: PrivateKeySigner) -> None:
    assert repr(signer) == str(signer) == f"{signer}" == f"PrivateKeySigner({ADDRESS})"
    attributes = [getattr(signer, name) for name in dir(signer) if name != "__getstate__"]
    for text in (repr(attributes), str(dir(signer)), f"{signer!s} {signer!r}"):
        assert SECRET not in text.lower()
        assert repr(bytes.fromhex(SECRET))[2:-1] not in text
        assert str(int(SECRET, 16)) not in text
    assert not hasattr(signer, "__dict__")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_is_not_pickled(signer: PrivateKeySigner, protocol: int) -> None:
    with pytest.raises(TypeError, match="its key stays where it is"):
        pickle.dumps(signer, protocol)


def test_it_is_not_copied(signer: PrivateKeySigner) -> None:
    for take in (copy.copy, copy.deepcopy, lambda s: s.__getstate__(), lambda s: s.__reduce__()):
        with pytest.raises(TypeError, match=r"its key stays where it is|cannot pickle"):
            take(signer)


def test_errors_on_the_way_show_no_key(signer: PrivateKeySigner) -> None:
    calls: list[Any] = [lambda: signer.sign_message("text"), lambda: signer.sign_transaction(None)]
    for call in calls:
        with pytest.raises((ZkCoreError, AttributeError)) as caught:
            call()
        assert SECRET not in shown(caught.value)


# ---------------------------------------------------------------- the package
def test_the_package_loads_each_signer_when_it_is_named() -> None:
    assert dir(signers) == sorted(signers.__all__)
    assert {"LedgerSigner", "PrivateKeySigner", "TrezorSigner", "AwsKmsSigner", "from_uri"} <= set(dir(signers))
    with pytest.raises(AttributeError, match="no attribute 'Nope'"):
        signers.Nope  # noqa: B018
    code = "import sys, signers; print(sorted(m for m in sys.modules if m.startswith('signers')))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    assert loaded.stdout == "['signers']\n"
