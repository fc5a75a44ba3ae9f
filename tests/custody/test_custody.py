"""Signers whose key is elsewhere: all of them sign what is asked, and nothing that a service answers otherwise gets through."""

import pickle
from typing import Any

import pytest

from signers import AwsKmsSigner, AzureKeySigner, GcpKmsSigner
from signers.digest import fitting
from tests.custody.services import ADDRESS, GCP_KEY, OTHER, GcpKms, KeyVault
from zkcore.errors import (
    AccessDenied,
    BadSignature,
    InputError,
    KeyUnusable,
    SignerTimeout,
    SignerUnavailable,
    WrongDevice,
)
from zkcore.ethereum import rlp
from zkcore.ethereum.signature import SECP256K1_N, recover
from zkcore.testing import check_signer
from zkcore.transactions import LegacyTransaction, parse_transaction
from zkcore.types import Address

TX = LegacyTransaction(nonce=1, gas_price=2, gas_limit=21_000, to=ADDRESS, value=3, chain_id=324)


def test_they_conform(custody: tuple[Any, Any]) -> None:
    check_signer(custody[0])


def test_many_signatures_all_fit(custody: tuple[Any, Any]) -> None:
    """A service that is no good at low s has a high one every other time (moto)."""
    signer, _ = custody
    for number in range(12):
        tx = LegacyTransaction(nonce=number, gas_price=2, gas_limit=21_000, to=ADDRESS, value=3, chain_id=324)
        assert recover(tx.signing_hash(), signer.sign_transaction(tx)) == signer.address


def test_a_high_s_is_made_low_and_another_key_s_signature_refused(custody: tuple[Any, Any]) -> None:
    signer, service = custody
    if service is None:
        return
    service.faults.high = True
    if signer.__class__.__name__ != "RemoteSigner" or "rest" in repr(signer):
        assert recover(TX.signing_hash(), signer.sign_transaction(TX)) == ADDRESS
    assert recover(b"\x19\x01".ljust(32), signer.sign_message(b"x")) != ADDRESS
    service.faults.high, service.faults.key = False, OTHER
    for sign, what in ((signer.sign_transaction, TX), (signer.sign_message, b"x")):
        with pytest.raises((BadSignature, WrongDevice), match=str(ADDRESS)):
            sign(what)


@pytest.mark.parametrize("s", [0, SECP256K1_N, SECP256K1_N + 5, 2**256 - 1])
def test_an_s_that_is_none_is_no_fault_of_the_caller(s: int) -> None:
    with pytest.raises(BadSignature):
        fitting(bytes(32), 1, s, ADDRESS, "a key")


def test_what_is_of_chain_zero_is_not_signed(custody: tuple[Any, Any]) -> None:
    signer, service = custody
    raw = TX.signed_bytes(signer.sign_transaction(TX))
    fields = rlp.decode(raw)
    assert isinstance(fields, list)
    zero, _ = parse_transaction(rlp.encode([*fields[:6], b"\x23", *fields[7:]]))
    signed = service and service.faults.signed
    with pytest.raises(InputError, match="chain_id: 0"):
        signer.sign_transaction(zero)
    assert (service and service.faults.signed) == signed


def test_nothing_of_it_is_pickled(custody: tuple[Any, Any]) -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(custody[0])
    assert str(custody[0].address) in repr(custody[0])


# ---------------------------------------------------------------- AWS
def test_aws_by_alias_and_by_environment(aws: Any, aws_key: str, aws_url: str) -> None:
    aws.create_alias(AliasName=f"alias/{aws_key[:8]}", TargetKeyId=aws_key)
    by_id = AwsKmsSigner(aws_key, client=aws)
    signer = AwsKmsSigner(f"alias/{aws_key[:8]}", region="eu-west-1", endpoint=aws_url, expected_address=by_id.address)
    assert signer.address == by_id.address
    other = aws.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_SECG_P256K1")["KeyMetadata"]["KeyId"]
    aws.update_alias(AliasName=f"alias/{aws_key[:8]}", TargetKeyId=other)  # the alias moves, the signer does not
    assert recover(TX.signing_hash(), signer.sign_transaction(TX)) == by_id.address
    with pytest.raises(WrongDevice, match=f"expected the account {by_id.address}, the AWS KMS key .* answers for 0x"):
        AwsKmsSigner(other, client=aws, expected_address=by_id.address)


@pytest.mark.parametrize(
    ("spec", "usage"), [("ECC_NIST_P256", "SIGN_VERIFY"), ("RSA_2048", "SIGN_VERIFY"), ("RSA_2048", "ENCRYPT_DECRYPT")]
)
def test_aws_of_another_curve(aws: Any, spec: str, usage: str) -> None:
    key = aws.create_key(KeyUsage=usage, KeySpec=spec)["KeyMetadata"]["KeyId"]
    with pytest.raises(KeyUnusable, match=f"is {spec} for {usage}, expected ECC_SECG_P256K1 for SIGN_VERIFY"):
        AwsKmsSigner(key, client=aws)


def test_aws_that_is_not_there(aws: Any) -> None:
    with pytest.raises(KeyUnusable, match="NotFoundException.*check the key"):
        AwsKmsSigner("alias/nobody", client=aws)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDeniedException", AccessDenied),
        ("ExpiredTokenException", AccessDenied),
        ("DisabledException", KeyUnusable),
        ("KMSInvalidStateException", KeyUnusable),
        ("ThrottlingException", SignerUnavailable),
        ("KMSInternalException", SignerUnavailable),
        ("SomethingNew", SignerUnavailable),
        ("DependencyTimeoutException", SignerTimeout),
    ],
)
def test_what_aws_refuses(aws: Any, aws_key: str, code: str, kind: type[Exception]) -> None:
    from botocore.stub import Stubber

    signer = AwsKmsSigner(aws_key, client=aws)
    with Stubber(aws) as stub:
        stub.add_client_error("sign", code, "as told")
        with pytest.raises(kind, match=f"AWS KMS key {aws_key}: {code}: as told; "):
            signer.sign_transaction(TX)


def test_aws_that_cannot_be_reached_or_is_slow(aws_key: str) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(SignerTimeout, match="no answer in time: nothing was signed"):
            AwsKmsSigner(aws_key, region="eu-west-1", endpoint=f"http://127.0.0.1:{port}", timeout=0.1)
    with pytest.raises(SignerUnavailable, match="Could not connect"):
        AwsKmsSigner(aws_key, region="eu-west-1", endpoint=f"http://127.0.0.1:{port}", timeout=0.1)


def test_aws_without_credentials(aws_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)  # which keeps what it found before
    with pytest.raises(AccessDenied, match="Unable to locate credentials"):
        AwsKmsSigner("alias/x", region="eu-west-1", endpoint=aws_url)


# ---------------------------------------------------------------- Google
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("PERMISSION_DENIED", AccessDenied),
        ("UNAUTHENTICATED", AccessDenied),
        ("NOT_FOUND", KeyUnusable),
        ("FAILED_PRECONDITION", KeyUnusable),
        ("INVALID_ARGUMENT", KeyUnusable),
        ("RESOURCE_EXHAUSTED", SignerUnavailable),
        ("INTERNAL", SignerUnavailable),
        ("DEADLINE_EXCEEDED", SignerTimeout),
    ],
)
def test_what_google_refuses(code: str, kind: type[Exception]) -> None:
    import grpc

    gcp = GcpKms()
    with gcp.client() as client:
        signer = GcpKmsSigner(GCP_KEY, client=client)
        gcp.faults.before = lambda context: context.abort(getattr(grpc.StatusCode, code), "as told")
        with pytest.raises(kind, match=f"the Google Cloud KMS key {GCP_KEY}: .*as told"):
            signer.sign_transaction(TX)


def test_google_of_another_curve_or_slow() -> None:
    import time

    gcp = GcpKms()
    gcp.algorithm = "EC_SIGN_P256_SHA256"
    with gcp.client() as client:
        with pytest.raises(KeyUnusable, match="is of EC_SIGN_P256_SHA256, expected EC_SIGN_SECP256K1_SHA256"):
            GcpKmsSigner(GCP_KEY, client=client)
        gcp.algorithm = "EC_SIGN_SECP256K1_SHA256"
        with pytest.raises(WrongDevice, match="another key"):
            GcpKmsSigner(GCP_KEY, client=client, expected_address=Address(bytes(20)))
        signer = GcpKmsSigner(GCP_KEY, client=client, timeout=0.3)
        gcp.faults.before = lambda context: time.sleep(1)
        with pytest.raises(SignerTimeout, match="ask again later"):
            signer.sign_transaction(TX)


def test_google_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent")
    with pytest.raises(AccessDenied, match="check its credentials"):
        GcpKmsSigner(GCP_KEY)


# ---------------------------------------------------------------- Azure
@pytest.mark.parametrize(
    ("fail", "kind"),
    [
        ((401, "AKV10032: invalid issuer"), AccessDenied),
        ((403, "The user does not have keys sign permission"), AccessDenied),
        ((403, "Operation sign is not allowed on a disabled key"), KeyUnusable),
        ((404, "A key with this name was not found"), KeyUnusable),
        ((400, "Key and signing algorithm are incompatible"), KeyUnusable),
        ((429, "too many requests"), SignerUnavailable),
        ((500, "internal"), SignerUnavailable),
    ],
)
def test_what_azure_refuses(authority: Any, fail: tuple[int, str], kind: type[Exception]) -> None:
    vault = KeyVault()
    with vault.client(authority) as (key, client):
        signer = AzureKeySigner(key, client=client)
        signer.sign_transaction(TX)
        vault.fail = fail
        with pytest.raises(kind, match=f"the Azure key {key}: "):
            signer.sign_transaction(TX)


def test_azure_of_another_curve_disabled_slow_or_named_otherwise(authority: Any) -> None:
    import time

    vault = KeyVault()
    with vault.client(authority, read_timeout=0.3) as (key, client):
        for name in ("treasury", "treasury/v1", f"{key}/v1"):
            assert AzureKeySigner(name, client=client).address == ADDRESS
        vault.curve = "P-256"
        with pytest.raises(KeyUnusable, match="is on the curve P-256"):
            AzureKeySigner(key, client=client)
        vault.curve, vault.enabled = "P-256K", False
        with pytest.raises(KeyUnusable, match="is disabled"):
            AzureKeySigner(key, client=client)
        vault.enabled = True
        with pytest.raises(WrongDevice, match="another key"):
            AzureKeySigner(key, client=client, expected_address=Address(bytes(20)))
        signer = AzureKeySigner(key, client=client)
        signer.sign_transaction(TX)
        vault.faults.before = lambda request: time.sleep(1)
        with pytest.raises((SignerTimeout, SignerUnavailable), match="nothing was signed"):
            signer.sign_transaction(TX)
    for wrong in (
        "http://vault/keys/x",
        "https://vault/secrets/x",
        "treasury",
        "https://vault/keys/a/b/c",
        "https://vault/keys",
    ):
        with pytest.raises(InputError, match="expected https://VAULT"):
            AzureKeySigner(wrong)
