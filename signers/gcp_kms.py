"""A key version in Google Cloud KMS, EC_SIGN_SECP256K1_SHA256 (HSM).

Needs the extra `gcp`, and the roles cloudkms.signer and cloudkms.publicKeyViewer.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

from signers.digest import DigestSigner, der_signature, library, pem_point
from zkcore.errors import AccessDenied, KeyUnusable, SignerError, SignerTimeout, SignerUnavailable
from zkcore.types import AddressLike

__all__ = ["GcpKmsSigner"]

_ALGORITHM: Final = "EC_SIGN_SECP256K1_SHA256"  # SHA-256 is its name only: the digest is signed as it is given
_ACCESS: Final = "give this identity cloudkms.cryptoKeyVersions.useToSign and .viewPublicKey, and check its credentials"
_UNUSABLE: Final = f"check the key version: it must be there, enabled, and of {_ALGORITHM}"
_LATER: Final = "nothing was signed: ask again later"
# google.api_core.exceptions, the nearer kinds first
_ERRORS: Final[tuple[tuple[str, type[SignerError], str], ...]] = (
    ("Unauthenticated", AccessDenied, _ACCESS),
    ("Forbidden", AccessDenied, _ACCESS),
    ("NotFound", KeyUnusable, _UNUSABLE),
    (
        "BadRequest",
        KeyUnusable,
        _UNUSABLE,
    ),  # FailedPrecondition (disabled, destroyed) and InvalidArgument (an algorithm) are such
    ("GatewayTimeout", SignerTimeout, _LATER),  # DeadlineExceeded is one
    ("GoogleAPIError", SignerUnavailable, _LATER),
)


class GcpKmsSigner(DigestSigner):
    """Signs with a key version of Google Cloud KMS. The public key is fetched once, when it is made.

    `key_id`: "projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/1". `client`: a KeyManagementServiceClient;
    without one it is made from the environment. `timeout`: seconds for each request, which is made once. Raises WrongDevice if
    the key is not of `expected_address`, AccessDenied, KeyUnusable, SignerUnavailable (throttled, say), SignerTimeout.
    """

    def __init__(
        self, key_id: str, *, client: Any = None, expected_address: AddressLike | None = None, timeout: float = 10.0
    ) -> None:
        key = f"the Google Cloud KMS key {key_id}"
        self._id, self._timeout = key_id, timeout
        self._errors = library("google.api_core.exceptions", "gcp"), library("google.auth.exceptions", "gcp")
        with self._mapped(key):
            kms = library("google.cloud.kms", "gcp")
            self._client = kms.KeyManagementServiceClient() if client is None else client
            answer = self._client.get_public_key(request={"name": key_id}, timeout=timeout, retry=None)
        if answer.algorithm.name != _ALGORITHM:
            raise KeyUnusable(f"{key} is of {answer.algorithm.name}, expected {_ALGORITHM}")
        super().__init__(key, pem_point(answer.pem, key), expected_address)

    def _sign(self, digest: bytes) -> tuple[int, int]:
        with self._mapped(self._key):
            request = {"name": self._id, "digest": {"sha256": digest}}
            answer = self._client.asymmetric_sign(request=request, timeout=self._timeout, retry=None)
        return der_signature(answer.signature, self._key)

    @contextmanager
    def _mapped(self, key: str) -> Generator[None, None, None]:
        api, auth = self._errors
        try:
            yield
        except auth.GoogleAuthError as error:
            raise AccessDenied(f"{key}: {error}: {_ACCESS}") from error
        except api.GoogleAPIError as error:
            kind, advice = next(
                (kind, advice) for name, kind, advice in _ERRORS if isinstance(error, getattr(api, name))
            )
            raise kind(f"{key}: {type(error).__name__}: {error}; {advice}") from error
