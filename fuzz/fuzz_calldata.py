"""Calldata, revert data and bridge messages: refused, or decoded to what encodes to the same bytes."""

import atheris

with atheris.instrument_imports(include=["zkcore"]):
    from harness import fuzz, require

    from zkcore import assets, contracts
    from zkcore.errors import InputError
    from zkcore.priority import CanonicalTransaction
    from zkcore.types import Address, Hash32

FUNCTIONS = list(contracts.functions().values())
DECODERS = [
    assets.TransferData.decode,
    assets.SecondBridgeDeposit.decode,
    assets.BridgeMint.decode,
    assets.parse_withdrawal_message,
    CanonicalTransaction.decode,
]


def check(data: bytes) -> None:
    if not data:
        return
    choice, data = data[0], data[1:]
    if choice < len(DECODERS):
        try:
            value = DECODERS[choice](data)
        except InputError:
            return
        require(value.encode() == data, value)
        return
    function = FUNCTIONS[choice % len(FUNCTIONS)]
    calldata = function.selector + data
    try:
        arguments = function.decode_arguments(calldata)
    except InputError:
        return
    require(function.encode(*arguments) == calldata, arguments)


A, H = Address(b"\x35" * 20), Hash32(b"\x11" * 32)
TRANSFER = assets.TransferData(5, A, A)
MINT = assets.BridgeMint(original_caller=A, receiver=A, origin_token=A, amount=5, metadata=b"\x01" * 40)
TRANSACTION = CanonicalTransaction(
    tx_type=255, from_address=A, to=A, gas_limit=1, max_fee_per_gas=2, nonce=3, value=4, data=b"\x01", factory_deps=(H,)
)
ENCODED = [
    TRANSFER.encode(),
    assets.SecondBridgeDeposit(asset_id=H, transfer=TRANSFER).encode(),
    MINT.encode(),
    assets.AssetWithdrawal(origin_chain_id=324, asset_id=H, transfer_data=MINT.encode()).encode(),
    TRANSACTION.encode(),
]
SEEDS = [bytes([place]) + data for place, data in enumerate(ENCODED)]
SEEDS += [b"\x01" + assets.SecondBridgeDeposit(asset_id=None, transfer=TRANSFER).encode()]
SEEDS += [b"\x03" + assets.BaseTokenWithdrawal(receiver=A, amount=5).encode()]
DIRECT = contracts.BRIDGEHUB.request_l2_transaction_direct
REQUEST = DIRECT.encode((324, 5, A, 1, b"\x01" * 40, 10**6, 800, [bytes(32)], A))
SEEDS += [bytes([len(FUNCTIONS) + FUNCTIONS.index(DIRECT)]) + REQUEST[4:]]

if __name__ == "__main__":
    fuzz(check, SEEDS)
