"""A key in Azure Key Vault or a managed HSM: EC or EC-HSM on P-256K. Needs the extra `azure`, keys/get and keys/sign."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from signers.digest import DigestSigner, library
from zkcore.errors import (
    AccessDenied,
    BadSignature,
    InputError,
    KeyUnusable,
    SignerError,
    SignerTimeout,
    SignerUnavailable,
)
from zkcore.types import AddressLike

__all__ = ["AzureKeySigner"]

_ACCESS: Final = "give this identity keys/get and keys/sign (role: Key Vault Crypto User), and check its credentials"
_UNUSABLE: Final = "check the key: it must be there, enabled, for signing, and on the curve P-256K"
_LATER: Final = "nothing was signed: ask again later"
_DISABLED: Final = ("disabled", "not enabled", "expired", "not yet valid")  # a 403 that is not about permissions


class AzureKeySigner(DigestSigner):
    """Signs with a key of Azure Key Vault. The public key is fetched once, when it is made, and its version kept.

    `key_id`: "https://VAULT.vault.azure.net/keys/NAME/VERSION", or without the version its present one; with a `client` (an
    azure.keyvault.keys.KeyClient) NAME or NAME/VERSION will do. Without a client it is made from the environment, with
    azure-identity's DefaultAzureCredential. `timeout`: seconds for each answer of that client. Raises WrongDevice if the key is
    not of `expected_address`, AccessDenied, KeyUnusable, SignerUnavailable (throttled, say), SignerTimeout.
    """

    def __init__(
        self, key_id: str, *, client: Any = None, expected_address: AddressLike | None = None, timeout: float = 10.0
    ) -> None:
        key = f"the Azure key {key_id}"
        try:
            url = urlsplit(key_id)
        except ValueError as error:
            raise InputError(f"{key}: it is no URL: {error}") from error
        parts = url.path.strip("/").split("/")
        if url.scheme:
            parts = parts[1:] if parts[0] == "keys" and url.scheme == "https" else []
        if not 1 <= len(parts) <= 2 or not all(parts) or (client is None and not url.scheme):
            raise InputError(f"{key}: expected https://VAULT.vault.azure.net/keys/NAME or .../keys/NAME/VERSION")
        self._errors = library("azure.core.exceptions", "azure")
        crypto = library("azure.keyvault.keys.crypto", "azure")
        self._algorithm: Any = crypto.SignatureAlgorithm.es256_k
        with self._mapped(key):
            keys = _client(f"https://{url.netloc}", timeout) if client is None else client
            found = keys.get_key(parts[0], *parts[1:])
            self._client = keys.get_cryptography_client(found.name, key_version=found.properties.version)
        curve, enabled = str(getattr(found.key.crv, "value", found.key.crv)), found.properties.enabled
        if curve not in {"P-256K", "SECP256K1"} or enabled is False:
            raise KeyUnusable(f"{key} is {'disabled' if enabled is False else f'on the curve {curve}'}: {_UNUSABLE}")
        x, y = (bytes(number).rjust(32, b"\0")[-32:] for number in (found.key.x, found.key.y))
        super().__init__(key, b"\x04" + x + y, expected_address)

    def _sign(self, digest: bytes) -> tuple[int, int]:
        with self._mapped(self._key):
            answer: bytes = self._client.sign(self._algorithm, digest).signature
        if len(answer) != 64:  # JOSE's form, RFC 7518, 3.4: r || s
            raise BadSignature(f"{self._key}: expected a signature of 64 bytes, got {answer[:80].hex()}")
        return int.from_bytes(answer[:32]), int.from_bytes(answer[32:])

    @contextmanager
    def _mapped(self, key: str) -> Generator[None, None, None]:
        errors = self._errors
        try:
            yield
        except (errors.ServiceRequestTimeoutError, errors.ServiceResponseTimeoutError) as error:
            raise SignerTimeout(f"{key}: no answer in time: {_LATER}") from error
        except errors.AzureError as error:
            kind, advice = self._kind(error)
            raise kind(f"{key}: {type(error).__name__}: {error}; {advice}") from error

    def _kind(self, error: Any) -> tuple[type[SignerError], str]:
        status, text = getattr(error, "status_code", None), str(error).lower()
        if status in {400, 404, 409} or (status == 403 and any(word in text for word in _DISABLED)):
            return KeyUnusable, _UNUSABLE
        if status in {401, 403} or isinstance(error, self._errors.ClientAuthenticationError):
            return AccessDenied, _ACCESS
        return SignerUnavailable, _LATER


def _client(vault: str, timeout: float) -> Any:
    credential = library("azure.identity", "azure").DefaultAzureCredential()
    options = {"connection_timeout": timeout, "read_timeout": timeout, "retry_total": 3}
    return library("azure.keyvault.keys", "azure").KeyClient(vault, credential, **options)
