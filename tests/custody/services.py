"""Local stand-ins that speak a service's wire format and sign with a real key.

AWS KMS is moto's server, over HTTP. Google's and Azure's clients are the real ones, against servers of ours: gRPC with
Google's own messages, and HTTPS as in Key Vault's REST reference. web3signer and Clef: their documented JSON.
"""

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from eth_keys.main import KeyAPI

from signers import PrivateKeySigner
from zkcore.ethereum.eip712 import TypedData
from zkcore.ethereum.hashing import keccak256
from zkcore.ethereum.signature import SECP256K1_N, Signature
from zkcore.transactions import Eip1559Transaction, Eip2930Transaction, LegacyTransaction
from zkcore.types import Address

KEY = b"\x46" * 32
OTHER = b"\x47" * 32
ADDRESS = PrivateKeySigner(KEY).address
SPKI = bytes.fromhex("3056301006072a8648ce3d020106052b8104000a034200")


def sign(digest: bytes, key: bytes = KEY, *, high: bool = False) -> tuple[int, int, int]:
    made = KeyAPI().ecdsa_sign(digest, KeyAPI().PrivateKey(key))
    return (made.r, SECP256K1_N - made.s, 1 - made.v) if high else (made.r, made.s, made.v)


def der(r: int, s: int) -> bytes:
    def integer(number: int) -> bytes:
        raw = number.to_bytes(number.bit_length() // 8 + 1)
        return b"\x02" + bytes([len(raw)]) + raw

    body = integer(r) + integer(s)
    return b"\x30" + bytes([len(body)]) + body


def point(key: bytes = KEY) -> bytes:
    return PrivateKeySigner(key).public_key


class Faults:
    """What a service does otherwise: `key` signs instead, `high` s, `before` is called with each request to sign."""

    def __init__(self) -> None:
        self.key, self.high, self.signed = KEY, False, 0
        self.before: Callable[[Any], Any] | None = None

    def sign(self, digest: bytes) -> tuple[int, int, int]:
        self.signed += 1
        return sign(digest, self.key, high=self.high)


@contextmanager
def serving(
    answer: Callable[[BaseHTTPRequestHandler, bytes], tuple[int, Any]], tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """An HTTP server; `answer` gives the status and the text or JSON of each request."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, content = answer(self, body)
            raw = content.encode() if isinstance(content, str) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in getattr(self, "more", {}).items():
                self.send_header(name, value)
            self.send_header("content-type", "text/plain" if isinstance(content, str) else "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# ---------------------------------------------------------------- Google
GCP_KEY = "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"


class GcpKms:
    """KeyManagementService over gRPC."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.algorithm = "EC_SIGN_SECP256K1_SHA256"
        self.fail: Any = None  # a grpc.StatusCode

    @contextmanager
    def client(self) -> Iterator[Any]:
        import grpc
        from google.cloud import kms
        from google.cloud.kms_v1.services.key_management_service.transports import KeyManagementServiceGrpcTransport

        def public_key(request: Any, context: Any) -> Any:
            if self.fail is not None:
                context.abort(self.fail, "as it was told")
            pem = base64.encodebytes(SPKI + point()).decode()
            text = f"-----BEGIN PUBLIC KEY-----\n{pem}-----END PUBLIC KEY-----\n"
            return kms.PublicKey(pem=text, algorithm=self.algorithm, name=request.name)

        def asymmetric_sign(request: Any, context: Any) -> Any:
            if self.faults.before is not None:
                self.faults.before(context)
            r, s, _ = self.faults.sign(request.digest.sha256)
            return kms.AsymmetricSignResponse(signature=der(r, s), name=request.name)

        def method(function: Any, asked: Any, answered: Any) -> Any:
            return grpc.unary_unary_rpc_method_handler(
                function, request_deserializer=asked.deserialize, response_serializer=answered.serialize
            )

        handlers = {
            "GetPublicKey": method(public_key, kms.GetPublicKeyRequest, kms.PublicKey),
            "AsymmetricSign": method(asymmetric_sign, kms.AsymmetricSignRequest, kms.AsymmetricSignResponse),
        }
        server = grpc.server(ThreadPoolExecutor(4))
        name = "google.cloud.kms.v1.KeyManagementService"
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        try:
            yield kms.KeyManagementServiceClient(transport=KeyManagementServiceGrpcTransport(channel=channel))
        finally:
            channel.close()
            server.stop(0).wait()


# ---------------------------------------------------------------- Azure
def b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class KeyVault:
    """GET /keys/NAME/VERSION and POST .../sign, over TLS."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.curve, self.enabled = "P-256K", True
        self.fail: tuple[int, str] | None = None

    def __call__(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, Any]:
        host = request.headers["host"]
        if "authorization" not in request.headers:
            challenge = 'Bearer authorization="https://login.invalid/tenant", resource="https://vault.azure.net"'
            request.more = {"www-authenticate": challenge}  # type: ignore[attr-defined]
            return 401, {}
        if self.fail is not None:
            status, text = self.fail
            return status, {"error": {"code": "Refused", "message": text}}
        if "/sign" in request.path:
            if self.faults.before is not None:
                self.faults.before(request)
            asked = json.loads(body)
            assert asked["alg"] == "ES256K"
            value = asked["value"]
            r, s, _ = self.faults.sign(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
            return 200, {"kid": f"https://{host}/keys/treasury/v1", "value": b64url(r.to_bytes(32) + s.to_bytes(32))}
        public = point()
        jwk = {
            "kid": f"https://{host}/keys/treasury/v1", "kty": "EC", "key_ops": ["sign", "verify"], "crv": self.curve,
            "x": b64url(public[1:33]), "y": b64url(public[33:]),
        }  # fmt: skip
        return 200, {"key": jwk, "attributes": {"enabled": self.enabled}}

    @contextmanager
    def client(self, authority: Any, **options: Any) -> Iterator[tuple[str, Any]]:
        from azure.core.credentials import AccessToken
        from azure.keyvault.keys import KeyClient

        class Credential:
            def get_token(self, *_: str, **__: object) -> AccessToken:
                return AccessToken("token", 2**40)

        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(tls)
        with authority.cert_pem.tempfile() as bundle, serving(self, tls) as url:
            options = {"retry_total": 0, "connection_verify": bundle, "verify_challenge_resource": False} | options
            with KeyClient(url, Credential(), **options) as client:
                yield f"{url}/keys/treasury", client


# ---------------------------------------------------------------- web3signer and Clef
def number(text: str) -> int:
    return int(text, 16)


class Remote:
    """Both of them, and the REST form. `change` edits what is signed; web3signer signs for one chain if it is told so."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.asked: list[tuple[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.change: Callable[[dict[str, Any]], dict[str, Any]] = lambda fields: fields
        self.chain_id: int | None = None
        self.reply: Callable[[str], tuple[int, Any] | None] = lambda method: None

    def __call__(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, Any]:
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if "/api/v1/eth1/" in request.path:
            return self.rest(request.path, body)
        call = json.loads(body)
        method, params = call["method"], call["params"]
        self.asked.append((method, params))
        told = self.reply(method)
        if told is not None:
            status, content = told
            return status, {"jsonrpc": "2.0", "id": call["id"], **content} if isinstance(content, dict) else content
        if self.faults.before is not None:
            self.faults.before(request)
        return 200, {"jsonrpc": "2.0", "id": call["id"], "result": getattr(self, method)(*params)}

    def rest(self, path: str, body: bytes) -> tuple[int, Any]:
        name = path.rpartition("/api/v1/eth1/")[2]
        self.asked.append((name.partition("/")[0], json.loads(body) if body else None))
        told = self.reply(name.partition("/")[0])
        if told is not None:
            return told
        if name == "publicKeys":
            return 200, ["0x" + point(OTHER)[1:].hex(), "0x" + point()[1:].hex()]
        assert name == "sign/0x" + point()[1:].hex()
        return 200, self.signature(keccak256(bytes.fromhex(json.loads(body)["data"][2:])))

    def signature(self, digest: bytes) -> str:
        r, s, v = self.faults.sign(digest)
        return "0x" + (r.to_bytes(32) + s.to_bytes(32) + bytes([27 + v])).hex()

    def eth_accounts(self) -> list[str]:
        return [str(ADDRESS).lower()]

    account_list = eth_accounts

    def eth_signTransaction(self, asked: dict[str, Any]) -> str:  # noqa: N802
        return self.transaction(asked)

    def account_signTransaction(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"raw": self.transaction(asked), "tx": {"hash": "0x"}}

    def transaction(self, asked: dict[str, Any]) -> str:
        assert Address(asked["from"]) == ADDRESS
        fields: dict[str, Any] = {
            "nonce": number(asked["nonce"]),
            "gas_limit": number(asked["gas"]),
            "to": asked.get("to"),
            "value": number(asked["value"]),
            "data": asked["data"],
            "chain_id": self.chain_id or number(asked["chainId"]),
        }
        fields = self.change(fields)
        access = [(e["address"], e["storageKeys"]) for e in asked.get("accessList", [])]
        if "maxFeePerGas" in asked:
            fees = {"max_fee_per_gas": number(asked["maxFeePerGas"])}
            fees["max_priority_fee_per_gas"] = number(asked["maxPriorityFeePerGas"])
            tx: Any = Eip1559Transaction(**fields, **fees, access_list=access)
        elif "accessList" in asked:
            tx = Eip2930Transaction(**fields, gas_price=number(asked["gasPrice"]), access_list=access)
        else:
            tx = LegacyTransaction(**fields, gas_price=number(asked["gasPrice"]))
        return "0x" + tx.signed_bytes(Signature(*self.faults.sign(tx.signing_hash()))).hex()

    def eth_signTypedData(self, address: str, data: Any) -> str:  # noqa: N802
        assert Address(address) == ADDRESS
        return self.signature(TypedData.parse(data if isinstance(data, dict) else json.loads(data)).digest())

    account_signTypedData = eth_signTypedData  # noqa: N815

    def eth_sign(self, address: str, data: str) -> str:
        assert Address(address) == ADDRESS
        raw = bytes.fromhex(data[2:])
        return self.signature(keccak256(b"\x19Ethereum Signed Message:\n%d" % len(raw) + raw))

    def account_signData(self, kind: str, address: str, data: str) -> str:  # noqa: N802
        assert kind == "text/plain"
        return self.eth_sign(address, data)
