"""Each custody signer with the service behind it."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from signers import AwsKmsSigner, AzureKeySigner, GcpKmsSigner, RemoteSigner
from tests.custody.services import ADDRESS, GCP_KEY, GcpKms, KeyVault, Remote, serving


@pytest.fixture(scope="session")
def authority() -> Any:
    import trustme

    return trustme.CA()


@pytest.fixture(scope="session")
def aws_url() -> Iterator[str]:
    """moto, as a server of its own on a port."""
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.hashes import SHA256
    from moto.kms.utils import ECDSAPrivateKey
    from moto.server import ThreadedMotoServer

    # moto 5.2 overlooks MessageType=DIGEST and hashes once more; KMS signs the digest (API_Sign.html)
    def sign(self: Any, message: bytes, signing_algorithm: str) -> bytes:
        made: bytes = self.private_key.sign(message, ec.ECDSA(utils.Prehashed(SHA256())))
        return made

    patch = pytest.MonkeyPatch()
    patch.setattr(ECDSAPrivateKey, "sign", sign)
    names = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "eu-west-1"}
    before = {name: os.environ.get(name) for name in (*names, "AWS_EC2_METADATA_DISABLED")}
    os.environ.update(names | {"AWS_EC2_METADATA_DISABLED": "true"})
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
    patch.undo()
    for name, value in before.items():
        os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


@pytest.fixture
def aws(aws_url: str) -> Any:
    import boto3

    return boto3.client("kms", endpoint_url=aws_url, region_name="eu-west-1")


@pytest.fixture
def aws_key(aws: Any) -> str:
    made: str = aws.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_SECG_P256K1")["KeyMetadata"]["KeyId"]
    return made


KINDS = ["aws", "gcp", "azure", "web3signer", "web3signer-rest", "clef"]


@pytest.fixture(params=KINDS)
def custody(request: pytest.FixtureRequest, authority: Any) -> Iterator[tuple[Any, Any]]:
    """A signer, and the service behind it (None for moto, which cannot be told to fail)."""
    kind = request.param
    if kind == "aws":
        client, key = request.getfixturevalue("aws"), request.getfixturevalue("aws_key")
        yield AwsKmsSigner(key, client=client), None
    elif kind == "gcp":
        gcp = GcpKms()
        with gcp.client() as client:
            yield GcpKmsSigner(GCP_KEY, client=client, expected_address=ADDRESS), gcp
    elif kind == "azure":
        azure = KeyVault()
        with azure.client(authority) as (key, client):
            yield AzureKeySigner(key, client=client, expected_address=ADDRESS), azure
    else:
        remote = Remote()
        with serving(remote) as url, RemoteSigner(url, ADDRESS, api=kind) as signer:
            yield signer, remote
