"""A key in AWS KMS: asymmetric, SIGN_VERIFY, ECC_SECG_P256K1. Needs the extra `aws`, kms:GetPublicKey and kms:Sign."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

from signers.digest import DigestSigner, der_signature, library, spki_point
from zkcore.errors import AccessDenied, InputError, KeyUnusable, SignerError, SignerTimeout, SignerUnavailable
from zkcore.types import AddressLike

__all__ = ["AwsKmsSigner"]

# What KMS answers: docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html and CommonErrors.html
_ACCESS: Final = "give this identity kms:GetPublicKey and kms:Sign on the key, and check its credentials"
_UNUSABLE: Final = "check the key: it must be there in this region, enabled, SIGN_VERIFY and ECC_SECG_P256K1"
_LATER: Final = "nothing was signed: ask again later"
_ERRORS: Final[dict[str, tuple[type[SignerError], str]]] = {
    **dict.fromkeys(
        (
            "AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "InvalidClientTokenId",
            "ExpiredTokenException", "InvalidSignatureException", "MissingAuthenticationToken",
            "NotAuthorized", "OptInRequired", "IncompleteSignature",
        ),
        (AccessDenied, _ACCESS),
    ),
    **dict.fromkeys(
        (
            "NotFoundException", "DisabledException", "KMSInvalidStateException", "InvalidKeyUsageException",
            "UnsupportedOperationException", "InvalidArnException", "ValidationException", "InvalidGrantTokenException",
        ),
        (KeyUnusable, _UNUSABLE),
    ),
    "DependencyTimeoutException": (SignerTimeout, _LATER),
}  # fmt: skip


class AwsKmsSigner(DigestSigner):
    """Signs with a key of AWS KMS. The public key is fetched once, when it is made; what is signed leaves as a digest.

    `key_id`: id, ARN or alias ("alias/treasury"); the key that an alias means now is kept. `client`: a boto3 KMS client, with
    its own time limits; without one it is made from the environment, for `region` and `endpoint` if they are given.
    `timeout`: seconds for each request of that client. Raises WrongDevice if the key is not of `expected_address`,
    AccessDenied, KeyUnusable, SignerUnavailable (throttled, say), SignerTimeout.
    """

    def __init__(
        self,
        key_id: str,
        *,
        client: Any = None,
        expected_address: AddressLike | None = None,
        region: str | None = None,
        endpoint: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        key = f"the AWS KMS key {key_id}"
        self._errors = library("botocore.exceptions", "aws")
        with self._mapped(key):
            self._client = _client(region, endpoint, timeout) if client is None else client
            answer: dict[str, Any] = self._client.get_public_key(KeyId=key_id)
        spec, usage = answer.get("KeySpec") or answer.get("CustomerMasterKeySpec"), answer.get("KeyUsage")
        if spec != "ECC_SECG_P256K1" or usage != "SIGN_VERIFY":
            raise KeyUnusable(f"{key} is {spec} for {usage}, expected ECC_SECG_P256K1 for SIGN_VERIFY")
        self._id: str = answer["KeyId"]
        super().__init__(key, spki_point(answer["PublicKey"], key), expected_address)

    def _sign(self, digest: bytes) -> tuple[int, int]:
        with self._mapped(self._key):
            answer = self._client.sign(
                KeyId=self._id, Message=digest, MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256"
            )
        return der_signature(answer["Signature"], self._key)

    @contextmanager
    def _mapped(self, key: str) -> Generator[None, None, None]:
        try:
            yield
        except self._errors.ClientError as error:
            said = error.response.get("Error", {})
            code = said.get("Code", "no code")
            kind, advice = _ERRORS.get(code, (SignerUnavailable, _LATER))
            raise kind(f"{key}: {code}: {said.get('Message') or 'no more is said'}; {advice}") from error
        except (self._errors.ReadTimeoutError, self._errors.ConnectTimeoutError) as error:
            raise SignerTimeout(f"{key}: no answer in time: {_LATER}") from error
        except (self._errors.NoCredentialsError, self._errors.PartialCredentialsError) as error:
            raise AccessDenied(f"{key}: {error}: {_ACCESS}") from error
        except self._errors.BotoCoreError as error:
            raise SignerUnavailable(f"{key}: {error}; {_LATER}") from error


def _client(region: str | None, endpoint: str | None, timeout: float) -> Any:
    options = library("botocore.config", "aws").Config(
        connect_timeout=timeout, read_timeout=timeout, retries={"mode": "standard", "max_attempts": 3}
    )
    boto3 = library("boto3", "aws")
    try:
        return boto3.client("kms", region_name=region, endpoint_url=endpoint, config=options)
    except ValueError as error:  # its own for what is no endpoint
        raise InputError(f"AWS KMS: expected a region, and an http(s) URL as endpoint: {error}") from error
