"""Deployments on L2: the calls that create a contract, what they create, and at which address. Read off the call itself.

EVM code, on both stacks: a transaction to nobody (CREATE), or a call of the deterministic deployer with the salt before the init
code (CREATE2). On Era a chain may refuse EVM code: ContractDeployer.allowedBytecodeTypesToDeploy.
EraVM code: a call of the ContractDeployer with the versioned hash of the bytecode, which goes along as a factory dep.
Source: era-contracts system-contracts/contracts/{ContractDeployer,DefaultAccount}.sol; the deterministic deployer:
https://github.com/Arachnid/deterministic-deployment-proxy.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import force_setattr

from zkcore.errors import InputError
from zkcore.ethereum.hashing import keccak256
from zkcore.protocol.addresses import create, create2, era_create, era_create2
from zkcore.protocol.bytecode import versioned_hash
from zkcore.protocol.contracts import (
    CONTRACT_DEPLOYER,
    CONTRACT_DEPLOYER_ADDRESS,
    DETERMINISTIC_DEPLOYER_ADDRESS,
    MAX_FACTORY_DEPS,
)
from zkcore.transactions import Eip712Transaction, Transaction
from zkcore.types import Address, AddressLike, Hash32, HexLike, hex_bytes

__all__ = ["DETERMINISTIC_DEPLOYER_CODE", "Created", "EraDeployment", "EraKind", "created", "deploys", "evm_deployment"]

EraKind: TypeAlias = Literal["contract", "account"]

# what must stand at the deterministic deployer's address: copies the init code behind the salt, CREATE2, gives back 20 bytes
DETERMINISTIC_DEPLOYER_CODE: Final = bytes.fromhex(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b"
    "8082525050506014600cf3"
)
_ERA: Final[dict[bytes, Any]] = {
    function.selector: function
    for function in (
        CONTRACT_DEPLOYER.create,
        CONTRACT_DEPLOYER.create2,
        CONTRACT_DEPLOYER.create_account,
        CONTRACT_DEPLOYER.create2_account,
    )
}
_ACCOUNT_VERSION: Final = 1  # AccountAbstractionVersion.Version1
_MAX_TRANSACTION: Final = (
    1_000_000  # bytes, of nodes by default: zksync-era etc/env/file_based/general.yaml, max_tx_size
)


class EraDeployment(Struct, frozen=True, kw_only=True):
    """EraVM bytecode to deploy: `calldata` is for CONTRACT_DEPLOYER_ADDRESS, from L2 or by `request_execute` from L1.

    With a `salt` by create2, else by create, whose address follows from the deployment nonce. `kind` "account": a contract
    that may be the sender of transactions. `more_deps`: other bytecodes that it deploys itself. Raises InputError for
    bytecode that cannot be hashed (of whole words, an odd number, fewer than 2**16), and for more than nodes take.
    """

    bytecode: bytes
    constructor_data: bytes = b""
    salt: Hash32 | None = None
    kind: EraKind = "contract"
    more_deps: tuple[bytes, ...] = ()

    if TYPE_CHECKING:  # what a caller may give; the fields above say what is held

        def __init__(
            self,
            *,
            bytecode: HexLike,
            constructor_data: HexLike = b"",
            salt: HexLike | None = None,
            kind: EraKind = "contract",
            more_deps: Sequence[HexLike] = (),
        ) -> None: ...

    def __post_init__(self) -> None:
        if self.kind not in ("contract", "account"):
            raise InputError(f"kind: expected 'contract' or 'account', got {self.kind!r}")
        force_setattr(self, "bytecode", hex_bytes(self.bytecode, "bytecode"))
        force_setattr(self, "constructor_data", hex_bytes(self.constructor_data, "constructor_data"))
        if self.salt is not None:
            force_setattr(self, "salt", Hash32(self.salt))
        force_setattr(self, "more_deps", tuple(hex_bytes(code, "factory_deps") for code in self.more_deps))
        if not self.bytecode:
            raise InputError("bytecode: expected EraVM bytecode, got none")
        check_factory_deps(self.factory_deps)

    @property
    def bytecode_hash(self) -> Hash32:
        """The versioned hash, by which the deployer names it."""
        return versioned_hash(self.bytecode)

    @property
    def factory_deps(self) -> tuple[bytes, ...]:
        """What has to go along: the bytecode, and the others, each once."""
        return tuple(dict.fromkeys((self.bytecode, *self.more_deps)))

    @property
    def calldata(self) -> bytes:
        """The call of the ContractDeployer."""
        given = (self.salt or bytes(32), self.bytecode_hash, self.constructor_data)
        plain, two = self.kind == "contract", self.salt is not None
        if plain:
            return (CONTRACT_DEPLOYER.create2 if two else CONTRACT_DEPLOYER.create).encode(*given)
        function = CONTRACT_DEPLOYER.create2_account if two else CONTRACT_DEPLOYER.create_account
        return function.encode(*given, _ACCOUNT_VERSION)

    def address(self, sender: AddressLike, deployment_nonce: int | None = None) -> Address:
        """Where it will stand. Without a salt it follows from the deployment nonce (`get_deployment_nonce`)."""
        if self.salt is not None:
            return era_create2(sender, self.salt, self.bytecode_hash, self.constructor_data)
        if deployment_nonce is None:
            raise InputError("deployment_nonce: without a salt the address follows from it")
        return era_create(sender, deployment_nonce)


def check_factory_deps(deps: Sequence[bytes]) -> None:
    """Raise InputError for bytecodes that cannot be hashed, and for more of them than nodes take."""
    for code in deps:
        _ = versioned_hash(code)
    if len(deps) > MAX_FACTORY_DEPS:
        raise InputError(f"factory_deps: {len(deps)} bytecodes, nodes take at most {MAX_FACTORY_DEPS} a transaction")
    if (size := sum(map(len, deps))) >= _MAX_TRANSACTION:
        raise InputError(
            f"factory_deps: {size} bytes of bytecode, and nodes take transactions below {_MAX_TRANSACTION} bytes: publish them "
            "in several, then deploy what refers to them"
        )


class Created(Struct, frozen=True, kw_only=True):
    """What a deployment creates. `address` is None where it follows from a deployment nonce that is not known.

    `code_hash`: of EVM code keccak256 of the init code, of EraVM code the versioned hash.
    """

    way: str
    address: Address | None
    code_hash: Hash32

    @property
    def is_era(self) -> bool:
        """Whether it is EraVM code."""
        return self.way.startswith("EraVM")


def evm_deployment(init_code: HexLike, salt: HexLike | None) -> tuple[Address | None, bytes]:
    """To whom, and with what: to nobody by CREATE, to the deterministic deployer by CREATE2. Raises InputError."""
    code = hex_bytes(init_code, "init_code")
    if not code:
        raise InputError("init_code: expected the code that makes the contract, got none")
    return (None, code) if salt is None else (DETERMINISTIC_DEPLOYER_ADDRESS, Hash32(salt) + code)


def deploys(to: Address | None, data: bytes) -> bool:
    """Whether a call with this is a deployment."""
    if to == CONTRACT_DEPLOYER_ADDRESS:
        return data[:4] in _ERA
    return to is None or to == DETERMINISTIC_DEPLOYER_ADDRESS


def created(tx: Transaction, sender: Address, deployment_nonce: int | None = None) -> Created:
    """What the transaction creates. Raises InputError if it is none of the deployments above."""
    deps = tx.factory_deps if isinstance(tx, Eip712Transaction) else None
    if not deploys(tx.to, tx.data) or (
        deps is not None and tx.to is None
    ):  # Era's 0x71 has no creation but by the deployer
        raise InputError(f"a call of {tx.to} with 0x{tx.data[:4].hex()} is no deployment")
    if tx.to is None:
        return Created(way="CREATE", address=create(sender, tx.nonce), code_hash=keccak256(tx.data))
    if tx.to == DETERMINISTIC_DEPLOYER_ADDRESS:
        if len(tx.data) <= 32:
            raise InputError(f"the deterministic deployer takes a salt of 32 bytes and init code, got {len(tx.data)}")
        salt, code_hash = tx.data[:32], keccak256(tx.data[32:])
        return Created(way="CREATE2", address=create2(tx.to, salt, code_hash), code_hash=code_hash)
    function = _ERA[tx.data[:4]]
    salt, code_hash, constructor_data, *_ = function.decode_arguments(tx.data)
    if code_hash not in {versioned_hash(dep) for dep in deps or ()}:
        raise InputError(f"the bytecode {Hash32(code_hash)} that it deploys is not among its factory deps")
    address: Address | None = None
    if "2" in function.name:
        address = era_create2(sender, salt, code_hash, constructor_data)
    elif deployment_nonce is not None:
        address = era_create(sender, deployment_nonce)
    return Created(way=f"EraVM {function.name}", address=address, code_hash=Hash32(code_hash))
