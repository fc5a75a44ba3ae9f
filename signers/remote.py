"""A signer on another machine, over HTTP: web3signer (JSON-RPC or REST) or Clef.

It is trusted with the key, not with the transaction: each reply is parsed, compared with what was asked, and recovered.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, Self, cast

import msgspec

from signers.digest import fitting
from zkcore import errors
from zkcore.errors import BadSignature, SignerError, SignerUnavailable, UnsupportedBySigner
from zkcore.ethereum.eip191 import message_hash
from zkcore.ethereum.eip712 import DOMAIN
from zkcore.ethereum.hashing import keccak256
from zkcore.ethereum.signature import Signature, check_signature
from zkcore.rpc.http import HttpTransport
from zkcore.rpc.transport import Limits, Request
from zkcore.signer import Capability
from zkcore.transactions import Eip712Transaction, Eip2930Transaction, Transaction, parse_transaction
from zkcore.types import Address, AddressLike, hex_bytes, to_hex

if TYPE_CHECKING:
    import httpx

    from zkcore.ethereum.eip712 import TypedData

__all__ = ["Api", "RemoteSigner"]

Api = Literal["web3signer", "web3signer-rest", "clef"]
# docs.web3signer.consensys.io/reference/api/json-rpc; geth.ethereum.org/docs/clef/apis
_METHODS: Final = {
    "web3signer": ("eth_accounts", "eth_signTransaction", "eth_signTypedData"),
    "clef": ("account_list", "account_signTransaction", "account_signTypedData"),
}
_CAPABILITIES: Final = frozenset({Capability.LEGACY, Capability.EIP1559, Capability.TYPED_DATA, Capability.MESSAGE})
_NAMES: Final = {"gas_limit": "gas"}  # where JSON-RPC's name is not ours in camel case
_KINDS: Final[dict[type[Exception], type[SignerError]]] = {
    errors.NodeTimeout: errors.SignerTimeout, errors.MethodNotFound: UnsupportedBySigner, errors.MalformedReply: BadSignature,
}  # fmt: skip
_SAID: Final[dict[tuple[str, ...], type[SignerError]]] = {  # in the words of an error that has no code of its own
    ("denied", "rejected", "declined"): errors.UserRejected,
    ("account", "unknown", "not found", "no key"): errors.KeyUnusable,
}


class RemoteSigner:
    """Signs with the key of `address` on a remote signer. Nothing is asked before the first signature, and nothing twice.

    `api`: "web3signer" (its JSON-RPC), "web3signer-rest" (which hashes what it is sent, so it signs everything), or "clef".
    `headers`: for a token. `client`: an own `httpx.Client`, for TLS with client certificates, say; left open by `close`.
    `timeout`: seconds for an answer: on Clef a person gives it. A web3signer signs for the chain it was started for.
    """

    def __init__(
        self,
        url: str,
        address: AddressLike,
        *,
        headers: Mapping[str, str] | None = None,
        client: "httpx.Client | None" = None,
        api: Api = "web3signer",
        timeout: float = 60.0,
    ) -> None:
        """No I/O. Raises InputError for what is no http(s) URL, no address, or no such api."""
        if api not in {"web3signer", "web3signer-rest", "clef"}:
            raise errors.InputError(f"api: expected 'web3signer', 'web3signer-rest' or 'clef', got {api!r}")
        self._address, self._api, self._timeout = Address(address), api, timeout
        self._url, self._headers, self._given = url.partition("?"), dict(headers or {}), client
        # once: a person may be asked, and a second prompt for one transaction would be another order
        limits = Limits(attempts=1, timeout=timeout, response_bytes=1 << 20)
        self._node = HttpTransport(url, client=client, headers=headers, limits=limits)
        self._public_key = ""

    @property
    def address(self) -> Address:
        """The account it signs for."""
        return self._address

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can sign; the JSON-RPC of web3signer knows no access lists."""
        return _CAPABILITIES if self._api == "web3signer" else _CAPABILITIES | {Capability.EIP2930}

    def accounts(self) -> list[Address]:
        """The accounts that the remote signer has keys for; Clef asks its user. Raises SignerError."""
        if self._api == "web3signer-rest":
            return list(self._public_keys())
        return list(self._ask(_METHODS[self._api][0], (), list[Address]))

    # ------------------------------------------------------------ signing
    def sign_transaction(self, tx: Transaction) -> Signature:
        """Sign a transaction; one of type 0x71 as typed data. Raises TransactionChanged and other SignerErrors."""
        tx.check_signable()
        if isinstance(tx, Eip712Transaction):
            return check_signature(tx.signing_hash(), self.sign_typed_data(tx.typed_data()), self._address)
        if self._api == "web3signer-rest":
            return self._hashed(tx.unsigned_bytes())
        if self._api == "web3signer" and (isinstance(tx, Eip2930Transaction) or getattr(tx, "access_list", None)):
            raise UnsupportedBySigner("web3signer's eth_signTransaction drops access lists: use api='web3signer-rest'")
        if tx.chain_id is None:
            raise UnsupportedBySigner("a remote signer signs no legacy transaction without a chain id (EIP-155)")
        answer = self._ask(_METHODS[self._api][1], (_json(tx, self._address),), Any)
        raw: Any = cast("dict[str, Any]", answer).get("raw") if isinstance(answer, dict) else answer
        try:
            signed, signature = parse_transaction(raw)
        except (errors.InputError, BadSignature) as error:
            self._refuse(f"what it signed is no transaction: {error}", error)
        if signed != tx:
            raise errors.TransactionChanged(_differences(tx, signed))
        return check_signature(tx.signing_hash(), signature or self._refuse("it did not sign"), self._address)

    def sign_typed_data(self, data: "TypedData") -> Signature:
        """Sign EIP-712 typed data. Raises SignerError."""
        if self._api == "web3signer-rest":
            message = b"" if data.primary_type == DOMAIN else data.struct_hash()
            return self._hashed(b"\x19\x01" + data.domain_separator() + message)
        answer = self._ask(_METHODS[self._api][2], (str(self._address), data.to_dict()), str)
        return self._checked(data.digest(), answer)

    def sign_message(self, message: bytes) -> Signature:
        """Sign an EIP-191 personal message. Raises SignerError."""
        digest, text = message_hash(message), to_hex(message)
        if self._api == "web3signer-rest":
            return self._hashed(b"\x19Ethereum Signed Message:\n%d" % len(message) + message)
        if self._api == "clef":
            return self._checked(digest, self._ask("account_signData", ("text/plain", str(self._address), text), str))
        # it puts the prefix before it, so that this is for messages alone: what is no message never goes this way
        return self._checked(digest, self._ask("eth_sign", (str(self._address), text), str))

    # ------------------------------------------------------------ JSON-RPC
    def _ask(self, method: str, params: tuple[object, ...], kind: Any) -> Any:
        (reply,) = self._node.ask([Request(method, params)])
        if not isinstance(reply, Exception):
            try:
                return msgspec.json.decode(reply, type=kind, dec_hook=lambda kind, told: kind(told))
            except msgspec.MsgspecError as error:
                self._refuse(f"{method}: {error}", error)
        raise _mapped(reply) from reply

    def _checked(self, digest: bytes, text: str) -> Signature:
        try:
            raw = hex_bytes(text, "signature")
        except errors.InputError as error:
            self._refuse(str(error), error)
        if len(raw) != 65:
            self._refuse(f"expected a signature of 65 bytes, got {len(raw)}")
        return fitting(digest, int.from_bytes(raw[:32]), int.from_bytes(raw[32:64]), self._address, repr(self))

    # ------------------------------------------------------------ REST: web3signer's openapi-specs/eth1/web3signer.yaml
    def _hashed(self, content: bytes) -> Signature:
        """The signature over keccak256 of the content, which web3signer takes itself."""
        if not self._public_key:
            found = self._public_keys()
            if self._address not in found:
                raise errors.KeyUnusable(f"{self!r} has no key of {self._address}, but of {', '.join(map(str, found))}")
            self._public_key = found[self._address]
        answer = self._http("POST", f"sign/{self._public_key}", {"data": to_hex(content)})
        return self._checked(keccak256(content), answer.strip().strip('"'))

    def _public_keys(self) -> dict[Address, str]:
        try:
            keys = msgspec.json.decode(self._http("GET", "publicKeys"), type=list[str])
            points = {key: hex_bytes(key, "public key")[-64:] for key in keys}
        except (msgspec.MsgspecError, errors.InputError) as error:
            self._refuse(f"publicKeys: {error}", error)
        return {Address(bytes(keccak256(point)[12:])): key for key, point in points.items()}

    def _http(self, verb: str, path: str, body: dict[str, str] | None = None) -> str:
        import httpx

        base, *query = self._url  # the query, a token say, stays behind the path
        url = f"{base.rstrip('/')}/api/v1/eth1/{path}{''.join(query)}"
        try:
            with nullcontext(self._given) if self._given else httpx.Client() as client:
                answer = client.request(verb, url, json=body, headers=self._headers, timeout=self._timeout)
        except httpx.TimeoutException as error:
            raise errors.SignerTimeout(f"{self!r}: no answer in {self._timeout} s") from error
        except httpx.HTTPError as error:
            raise SignerUnavailable(f"{self!r}: {type(error).__name__}; nothing is known to be signed") from error
        if answer.status_code != 200:
            raise _of_status(answer.status_code, repr(self))
        return answer.text

    # ------------------------------------------------------------ the end
    def _refuse(self, text: str, error: Exception | None = None) -> NoReturn:
        raise BadSignature(f"{self!r}: {text}") from error

    def close(self) -> None:
        """Close the connections, but for those of a client that was given."""
        self._node.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"RemoteSigner({self._node!r}, {self._address}, api={self._api!r})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a RemoteSigner is not pickled or copied: it holds connections, and perhaps a token")


def _json(tx: Transaction, sender: Address) -> dict[str, Any]:
    """A transaction as JSON-RPC has it: all of it, so that nothing is left for the signer to fill in."""
    found: dict[str, Any] = {"from": str(sender)}
    for name in tx.__struct_fields__:
        value = getattr(tx, name)
        first, *words = _NAMES.get(name, name).split("_")
        key = first + "".join(word.capitalize() for word in words)
        if name == "access_list":
            entries = [{"address": str(a), "storageKeys": list(map(str, keys))} for a, keys in value]
            found |= {key: entries} if entries or isinstance(tx, Eip2930Transaction) else {}
        elif value is not None:
            found[key] = hex(value) if isinstance(value, int) else str(value) if name == "to" else to_hex(value)
    return found


def _differences(asked: Transaction, signed: Transaction) -> dict[str, tuple[object, object]]:
    if type(asked) is not type(signed):
        return {"type": (type(asked).__name__, type(signed).__name__)}
    pairs = {name: (getattr(asked, name), getattr(signed, name)) for name in asked.__struct_fields__}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _mapped(error: Exception) -> Exception:
    if isinstance(error, errors.HttpStatusError):
        return _of_status(error.status, str(error))
    kind = _KINDS.get(type(error), SignerUnavailable)
    if type(error) is errors.RpcError:
        said = [words for words in _SAID if any(word in error.message.lower() for word in words)]
        kind = _SAID[said[0]] if said else kind
    return kind(str(error)) if isinstance(error, errors.NodeError) else error


def _of_status(status: int, where: str) -> SignerError:
    denied, missing = status in {401, 403, 407}, status in {400, 404}
    kind = errors.AccessDenied if denied else errors.KeyUnusable if missing else SignerUnavailable
    return kind(f"{where}: HTTP status {status}")
