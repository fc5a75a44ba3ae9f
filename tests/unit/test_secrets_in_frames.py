"""No local variable of ours, in any frame of an error's traceback or of those behind it, has a key or a password in it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from signers import PrivateKeySigner
from signers.keystore import decrypt, encrypt
from zkcore.errors import InputError

KEY = "0123456789abcdef" * 4
PASSWORD = "correct horse battery staple"


def frames(error: BaseException | None, seen: set[int]) -> Iterator[dict[str, Any]]:
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        traceback: TracebackType | None = error.__traceback__
        while traceback is not None:
            if "tests" not in traceback.tb_frame.f_code.co_filename:
                yield traceback.tb_frame.f_locals
            traceback = traceback.tb_next
        yield from frames(error.__context__, seen)
        error = error.__cause__


def leaks(act: Callable[[], object], *secrets: str) -> None:
    with pytest.raises(InputError) as raised:
        act()
    for local in frames(raised.value, set()):
        shown = repr(local) + repr([value.hex() for value in local.values() if isinstance(value, bytes)])
        for secret in secrets:
            assert secret not in shown
            assert secret.encode().hex() not in shown
    assert not any(secret in str(raised.value) for secret in secrets)


@pytest.mark.parametrize(
    "key", [KEY + "0", KEY[:-1], "0x" + KEY + "z", bytes.fromhex(KEY) + b"\1", "ff" * 32, b"\xff" * 32], ids=range(6)
)
def test_a_key_that_is_none(key: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digits = key if isinstance(key, str) else key.hex()
    leaks(lambda: PrivateKeySigner(key), digits, digits[2:40])
    if isinstance(key, str):
        monkeypatch.setenv("ZKCORE_TEST_KEY", key)
        leaks(lambda: PrivateKeySigner.from_env("ZKCORE_TEST_KEY"), digits, digits[2:40])
        path = tmp_path / "key"
        path.touch(mode=0o600)
        path.write_text(key)
        leaks(lambda: PrivateKeySigner.from_file(path), digits, digits[2:40])


def test_passwords_of_keystores(tmp_path: Path) -> None:
    path = tmp_path / "keystore"
    good = PrivateKeySigner(KEY)
    good.write_keystore(path, PASSWORD, kdf="pbkdf2", cost=1_000)
    leaks(lambda: PrivateKeySigner.from_keystore(path, PASSWORD + "!"), PASSWORD, KEY)
    leaks(lambda: decrypt(path.read_bytes(), PASSWORD + "!"), PASSWORD)
    leaks(lambda: decrypt(b"{}", PASSWORD), PASSWORD)
    leaks(lambda: encrypt(bytes.fromhex(KEY), PASSWORD, kdf="scrypt", cost=3), PASSWORD, KEY)
    leaks(lambda: good.write_keystore(tmp_path / "other", PASSWORD, cost=3), PASSWORD, KEY)
    assert PrivateKeySigner.from_keystore(path, PASSWORD).address == good.address
    assert os.environ.get("ZKCORE_TEST_KEY") is None
