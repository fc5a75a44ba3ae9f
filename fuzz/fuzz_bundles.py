"""Bundles as L2 nodes show them and as devices are asked to sign them: refused by name, or written as the same bytes."""

import atheris

with atheris.instrument_imports(include=["zkcore"]):
    from harness import fuzz, require

    from zkcore.errors import InputError
    from zkcore.protocol.assets import BridgeMint, TransferData, ntv_asset_id
    from zkcore.protocol.bundles import (
        BundleRequest,
        BundleWithdrawal,
        interoperable_address,
        parse_interoperable_address,
    )
    from zkcore.types import ETH, Address, Hash32


def check(data: bytes) -> None:
    kind, rest = data[:1], data[1:]
    try:
        if kind == b"\x00":
            chain, address = parse_interoperable_address(rest)
            require(interoperable_address(chain, address) == rest, rest)
        elif kind == b"\x01":
            request = BundleRequest.decode(rest)
            require(BundleRequest.decode(request.encode()) == request, request)
        else:
            withdrawal = BundleWithdrawal.decode(rest)
            require(withdrawal.encode() == rest, withdrawal)
            require(len(set(withdrawal.hashes)) == 2, withdrawal)
            _ = withdrawal.mint, withdrawal.executor
    except InputError:
        return


L1, L2 = 11155111, 8022833
ALICE, BOB = Address(b"\xa1" * 20), Address(b"\xb0" * 20)
SALT = Hash32(b"\x07" * 32)
REQUEST = BundleRequest(
    l1_chain_id=L1,
    asset_id=ntv_asset_id(L1, ETH),
    transfer=TransferData(5, BOB, ALICE),
    value=5,
    salt=SALT,
    executor=BOB,
    unbundler=ALICE,
)
WITHDRAWAL = BundleWithdrawal(
    source_chain_id=L2,
    l1_chain_id=L1,
    l1_asset_router=ALICE,
    asset_id=REQUEST.asset_id,
    transfer_data=BridgeMint(
        original_caller=ALICE, receiver=BOB, origin_token=ETH, amount=5, metadata=b"\x01"
    ).encode(),
    salt=SALT,
    sender_salt=SALT,
    execution_address=interoperable_address(L1, BOB),
    unbundler_address=interoperable_address(L2, ALICE),
)
SEEDS = [
    b"\x00" + interoperable_address(L1, BOB),
    b"\x01" + REQUEST.encode(),
    b"\x02" + WITHDRAWAL.encode(),
]

if __name__ == "__main__":
    fuzz(check, SEEDS)
