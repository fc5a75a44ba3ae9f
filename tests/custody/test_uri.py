"""`from_uri`: one text for any signer, and nothing of it in an error that could be a secret."""

from pathlib import Path
from typing import Any

import pytest

import signers
from signers import AwsKmsSigner, LedgerSigner, PrivateKeySigner, TrezorSigner, from_uri, uri
from tests.custody.services import ADDRESS, KEY
from zkcore.errors import InputError, WrongDevice


def test_a_key_in_a_file_a_variable_or_a_keystore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "a key"
    key.write_text("0x" + KEY.hex())
    key.chmod(0o600)
    monkeypatch.setenv("TREASURY", KEY.hex())
    PrivateKeySigner(KEY).write_keystore(tmp_path / "store.json", "p?&=:", kdf="pbkdf2", cost=1)
    (tmp_path / "password").write_text("p?&=:\n")
    monkeypatch.setenv("PASSWORD", "p?&=:")
    store = f"keystore:{tmp_path}/store.json"
    for text, options in (
        (f"file:{tmp_path}/a%20key", {}),
        (f"file:{tmp_path}/a key?address={ADDRESS}", {}),
        ("env:TREASURY", {}),
        (f"{store}?password_env=PASSWORD", {}),
        (f"{store}?password_file={tmp_path}/password&address={ADDRESS}", {}),
        (store, {"password": "p?&=:"}),
        (store, {"password": lambda: b"p?&=:"}),
    ):
        assert from_uri(text, **options).address == ADDRESS
        with pytest.raises(WrongDevice):
            from_uri(text, **options, expected_address="0x" + "11" * 20)
    with pytest.raises(InputError, match="password_env=NAME or password_file=PATH"):
        from_uri(store)
    with pytest.raises(InputError, match="NOWHERE is not set"):
        from_uri(f"{store}?password_env=NOWHERE")
    with pytest.raises(InputError, match="cannot be read: FileNotFoundError"):
        from_uri(f"{store}?password_file={tmp_path}/none")


@pytest.mark.parametrize(("scheme", "kind"), [("ledger", LedgerSigner), ("trezor", TrezorSigner)])
def test_a_device_is_connected_to(scheme: str, kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []
    monkeypatch.setattr(kind, "connect", lambda *place, **options: called.append((place, options)))
    from_uri(f"{scheme}:m/44'/60'/0'/0/0?blind=1&address={ADDRESS}&timeout=30", on_pin=5)
    from_uri(f"{scheme}:m/44'/60'/0'/0/1")
    from_uri(f"{scheme}:m/44%27/60%27?blind=1", allow_blind_signing=False)
    assert called == [
        (
            ("m/44'/60'/0'/0/0",),
            {"allow_blind_signing": True, "expected_address": str(ADDRESS), "timeout": 30.0, "on_pin": 5},
        ),
        (("m/44'/60'/0'/0/1",), {}),
        (("m/44'/60'",), {"allow_blind_signing": False}),
    ]


def test_kms(aws: Any, aws_key: str, aws_url: str) -> None:
    aws.create_alias(AliasName=f"alias/uri-{aws_key[:8]}", TargetKeyId=aws_key)
    address = AwsKmsSigner(aws_key, client=aws).address
    signer = from_uri(f"awskms:alias/uri-{aws_key[:8]}?region=eu-west-1&endpoint={aws_url}&address={address}")
    assert signer.address == from_uri(f"awskms:{aws_key}", client=aws).address == address
    with pytest.raises(WrongDevice):
        from_uri(f"awskms:{aws_key}?address={ADDRESS}", client=aws)


SECRET = "4646" * 16


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SECRET, "expected SCHEME:..., the scheme one of ledger, trezor, file"),
        ("0x" + SECRET, "expected SCHEME:"),
        (f"0x{SECRET}:x", "expected SCHEME:"),
        (f"{SECRET}:x", "expected SCHEME:"),
        ("", "expected SCHEME:"),
        (f"key:{SECRET}", "no scheme 'key'"),
        (f"awskmz:{SECRET}", r"pip install 'zkcore\[aws\]'"),
        (f"gcp:{SECRET}", r"pip install 'zkcore\[gcp\]'"),
        (f"fireblocks:{SECRET}", "an entry point of zkcore.signers"),
        (f"env:{SECRET}", "is not set"),
        (f"env:0x{SECRET}?address={ADDRESS}", "is not set"),
        (f"env:{SECRET[:60]}", "is not set"),  # some of it was not copied
        (f"file:{SECRET}", "not shown, as it looks like a key. cannot be read"),
        (f"file:%30x{SECRET}", "cannot be read"),
        (f"keystore:{SECRET}?password_file=/dev/null", "cannot be read"),
        (f"keystore:a?password_env={SECRET}", "is not set"),
        (f"keystore:a?password_file={SECRET}", "cannot be read"),
        ("keystore:a?password_file=%00", "cannot be read: ValueError"),
        ("keystore:a?password_env=PATH&password_file=b", "got both"),
        (f"env:PATH?address={ADDRESS}&address={ADDRESS}", "expected address once, got it twice"),
        ("env:PATH?" + "&".join(["address=0x"] * 30), "expected address once"),
        ("ledger:m?blind=1&blind=0", "expected blind once, got it twice"),
        (f"web3signer:http://x?address={ADDRESS}&address={ADDRESS}", "expected address once, got it twice"),
        ("web3signer:http://[::1", "expected an http"),
        (f"web3signer-rest:http://[::1?address={ADDRESS}", "expected an http"),
        ("azurekey:https://[::1", "it is no URL"),
        ("awskms:x?region=", "expected a region"),
        ("awskms:x?region=eu-west-1&endpoint=http://[::1", "an http.s. URL as endpoint"),
        (f"ledger:m?{SECRET}=1", "expected parameters among blind address timeout, got something else"),
        ("ledger:m?blnd=1", "expected parameters among blind address timeout, got 'blnd'"),
        ("ledger:m?blind=maybe", "expected blind to be 1 or 0"),
        ("ledger:m?timeout=-1", "expected timeout to be seconds above 0"),
        ("ledger:", "expected something after the colon"),
        ("ledger:?blind=1", "expected something after the colon"),
    ],
)
def test_what_is_wrong_is_said_and_no_secret(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        from_uri(text)
    assert SECRET[:40] not in str(caught.value)


def test_words_of_a_key_are_not_shown_and_names_of_files_are(tmp_path: Path) -> None:
    words = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    for scheme in ("env", "file"):
        with pytest.raises(InputError, match="not shown") as caught:
            from_uri(f"{scheme}:{words}")
        assert "sausage" not in str(caught.value)
    name = f"{tmp_path}/UTC--2024-01-02T03-04-05.678Z--{str(ADDRESS)[2:]}"
    with pytest.raises(InputError, match=f"{name} cannot be read"):
        from_uri(f"file:{name}")


def test_a_plus_is_a_plus_and_a_query_is_left_as_it_is(tmp_path: Path) -> None:
    PrivateKeySigner(KEY).write_keystore(tmp_path / "a+b", "p+q", kdf="pbkdf2", cost=1)
    (tmp_path / "c+d").write_text("p+q\n")
    assert from_uri(f"keystore:{tmp_path}/a+b?password_file={tmp_path}/c+d").address == ADDRESS
    signer: Any = from_uri(f"web3signer-rest:http://x/y?token&k=b%2Fc+d&address={ADDRESS}&e=")
    assert "".join(signer._url) == "http://x/y?token&k=b%2Fc+d&e="


def test_others_register_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a distribution does in its metadata: [project.entry-points."zkcore.signers"] vault = "package:function"."""
    from importlib.metadata import EntryPoint, EntryPoints

    loaded: list[str] = []

    def make(rest: str, **options: Any) -> PrivateKeySigner:
        loaded.append(rest)
        return PrivateKeySigner(KEY)

    monkeypatch.setattr(uri, "made_for_test", make, raising=False)
    points = EntryPoints(
        [EntryPoint(name, "signers.uri:made_for_test", uri.ENTRY_POINTS) for name in ("vault", "ledger")]
    )
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points.select(group=group))
    assert from_uri("vault:a/b?c=d").address == ADDRESS
    assert loaded == ["a/b?c=d"]
    assert uri.schemes().count("ledger") == 1  # ours stays ours
    assert "vault" in uri.schemes()
    with pytest.raises(InputError, match="after the colon"):
        from_uri("ledger:")


def test_a_library_that_is_not_installed_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for module, text, extra in (
        ("botocore.exceptions", "awskms:x", "aws"),
        ("google.api_core.exceptions", "gcpkms:x", "gcp"),
        ("azure.core.exceptions", "azurekey:https://v/keys/x", "azure"),
    ):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(InputError, match=rf"is not installed: pip install 'zkcore\[{extra}\]'"):
            from_uri(text)


def test_all_are_offered() -> None:
    assert all(getattr(signers, name) for name in signers.__all__)
