"""Plans, signatures and proofs as files: show, sign, send, proof, hash."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import msgspec
import typer

from zkcore.cli.exits import Exit, StopError
from zkcore.cli.options import command
from zkcore.cli.sending import send
from zkcore.errors import InputError
from zkcore.types import check_nesting

if TYPE_CHECKING:
    from zkcore.cli.run import Run
    from zkcore.plans.preview import Preview

__all__ = ["register"]

_File = Annotated[str, typer.Argument(metavar="FILE", help="A file, or - for stdin.")]
_Output = Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Where the result goes.")]


def _read(path: str) -> str:
    if path == "-":
        import sys

        text = sys.stdin.read()
    else:
        text = Path(path).read_text(encoding="utf-8")
    check_nesting(text)
    return text


def _plan(text: str) -> Any:
    """A plan, signed or not. Raises InputError."""
    from zkcore import Plan, SignedPlan

    try:
        loaded: Any = json.loads(text)
    except ValueError as error:
        raise InputError(f"this is not the JSON of a plan: {error}") from error
    signed = isinstance(loaded, dict) and "signatures" in loaded
    return (SignedPlan if signed else Plan).from_json(text.strip())


# ---------------------------------------------------------------- show
def show(
    run: "Run",
    what: Annotated[str, typer.Argument(metavar="FILE|HEX", help="A file, or hex; - for stdin.")],
) -> None:
    """What a plan, a raw transaction, calldata, typed data or a handle says, decoded from its bytes."""
    text = what if what.lower().startswith("0x") and not Path(what[:200]).exists() else _read(what)
    kind, shown, more = _shown(run, text.strip())
    fields = [{"label": f.label, "value": f.value, "depth": f.depth} for f in shown.fields]
    run.voice.give({"shows": kind, "title": shown.title, "fields": fields, **more})
    rows = run.voice.rows([(field.label, field.value, field.depth) for field in shown.fields])
    run.voice.tell([shown.title, *rows])


def _shown(run: "Run", text: str) -> tuple[str, "Preview", dict[str, Any]]:
    from zkcore import TypedData, preview
    from zkcore.plans.preview import Field, Preview

    known = run.known if run.settings.text("chain") else None
    if not text.startswith("{"):
        return _hex(text, known)
    loaded = cast("dict[str, Any]", msgspec.json.decode(text))
    if "zkcore_plan" in loaded:
        plan = _plan(text)
        more: dict[str, Any] = {"plan_hash": plan.hash, "plan_kind": plan.kind}
        signed = hasattr(plan, "signatures")
        if signed:
            more["tx_hashes"] = plan.tx_hashes
        seen = getattr(plan, "plan", plan).preview(known)
        return (
            ("signed plan", msgspec.structs.replace(seen, title=f"{seen.title}, signed"), more)
            if signed
            else ("plan", seen, more)
        )
    if "zkcore_handle" in loaded:
        from zkcore.plans.records import record_from_json

        record = record_from_json(text)
        rows = tuple(Field(name, str(getattr(record, name))) for name in record.__struct_fields__)
        return "handle", Preview(f"Handle: {record.kind}", rows), {"kind": record.kind}
    return "typed data", preview(TypedData.parse(loaded), known), {}


def _hex(text: str, known: Any) -> tuple[str, "Preview", dict[str, Any]]:
    from zkcore import parse_transaction, preview
    from zkcore.plans.preview import Preview
    from zkcore.transactions import LegacyTransaction
    from zkcore.types import Address, hex_bytes

    data = hex_bytes(text, "hex")
    try:
        transaction, signature = parse_transaction(data)
    except InputError as error:
        if len(data) % 32 != 4:  # a selector and words
            raise InputError(f"this is neither a transaction nor calldata: {error}") from error
    else:
        more: dict[str, Any] = {"signing_hash": transaction.signing_hash()}
        if signature is not None:
            more |= {"tx_hash": transaction.hash(signature), "sender": transaction.sender(signature)}
        return "signed transaction" if signature else "transaction", preview(transaction, known), more
    chain_id = None if known is None else known.l1_chain_id
    nobody = Address(bytes(20))  # without one it would be init code
    bare = LegacyTransaction(chain_id=chain_id, nonce=0, gas_price=0, gas_limit=0, to=nobody, value=0, data=data)
    fields = preview(bare, known).fields
    labels = [field.label for field in fields]
    return "calldata", Preview("Calldata", fields[labels.index("call") : labels.index("on a device")]), {}


# ---------------------------------------------------------------- sign, send
def sign(
    run: "Run",
    file: _File,
    expect: Annotated[
        str | None, typer.Option("--expect", metavar="HASH", help="The plan's hash, as it was approved.")
    ] = None,
    output: _Output = None,
) -> None:
    """Sign a plan, without any node. What is signed is shown first; `--expect` says which hash was approved."""
    from zkcore import sign_plan
    from zkcore.cli.signing import opened

    plan = _plan(_read(file))
    if hasattr(plan, "signatures"):
        raise StopError(f"{file}: it is signed already", Exit.USAGE, f"zkcore send {file}")
    run.voice.preview(plan.preview(run.known if run.settings.text("chain") else None))
    if expect is None:
        run.ask("sign?")
    with opened(run, required=True, anyone=False) as signer:
        signed = sign_plan(plan, signer, expected_hash=expect)
    content = signed.to_json()
    result: dict[str, Any] = {"plan_hash": signed.hash, "tx_hashes": signed.tx_hashes}
    if output is None:
        run.voice.give({**result, "signed_plan": content})
        run.voice.tell(content)
        return
    Path(output).write_text(content + "\n", encoding="utf-8")
    run.voice.give({**result, "file": output})
    run.voice.tell(f"{output}: zkcore send {output}")


def send_file(run: "Run", file: _File) -> int:
    """Send a signed plan; a plan that is not signed yet is signed first. Sent again, it is paid once."""
    plan = _plan(_read(file))
    unsigned = getattr(plan, "plan", plan)
    needs = not hasattr(plan, "signatures")
    with run.wallet(signs=needs, of=None if needs else unsigned.sender) as wallet:
        return send(run, wallet, plan)


# ---------------------------------------------------------------- proofs and hashes
def proof(
    run: "Run",
    what: Annotated[str, typer.Argument(metavar="HASH", help="The L2 transaction.")],
    index: Annotated[int, typer.Option("--index", metavar="N", help="Which of its messages.")] = 0,
) -> None:
    """Fetch the proof of a message of L2, or of how a request from L1 ended, and verify it against the root on L1."""
    from zkcore.errors import InvalidProof

    with run.wallet(anyone=True) as wallet:
        try:
            found: Any = wallet.get_message_proof(what, index)
        except InputError:  # it sends no message: a request from L1 has a proof of its own
            found = wallet.get_priority_op_confirmation(what)
        else:
            if not wallet.verify_message(found):
                raise InvalidProof("the L2 node's proof does not lead to the root on L1")
    run.voice.give({"proof": found, "verified": True})
    rows = [(name, str(getattr(found, name)), 0) for name in found.__struct_fields__ if "proof" not in name]
    run.voice.tell(["verified against the root on L1", *run.voice.rows(rows)])


def hash_(
    run: "Run",
    what: Annotated[str, typer.Argument(metavar="HASH|FILE", help="An L1 transaction, or its receipt as JSON.")],
) -> None:
    """The L2 hashes of the requests in an L1 transaction, computed from the events of its receipt."""
    from zkcore.cli.lookup import is_hash
    from zkcore.methods import calls
    from zkcore.methods.decoding import decoder
    from zkcore.methods.replies import Receipt
    from zkcore.protocol.priority import priority_requests

    diamond = run.known.diamond if run.known else None
    if is_hash(what):
        with run.wallet(anyone=True) as wallet:
            diamond = diamond or wallet.get_bridge_addresses().diamond
            receipt = wallet.run(calls.get_receipt("l1", what))
        if receipt is None:
            raise StopError(f"{what}: L1 has no receipt of it yet", Exit.NOT_READY)
    else:
        if diamond is None:
            raise StopError("the profile names no diamond: whose events count?", Exit.USAGE, "give the hash instead")
        try:
            receipt = decoder(Receipt)(msgspec.Raw(_read(what).encode()))
        except (ValueError, msgspec.MsgspecError) as error:
            raise StopError(f"{what}: this is no receipt: {error}", Exit.USAGE) from error
    requests = priority_requests(receipt, diamond)
    if not requests:
        raise StopError(f"{what} makes no request to {diamond}", Exit.FAILED)
    run.voice.give({"l1_tx_hash": receipt.transaction_hash, "l2_tx_hashes": [one.l2_tx_hash for one in requests]})
    run.voice.tell([str(one.l2_tx_hash) for one in requests])


def register(app: typer.Typer) -> None:
    """Make the commands."""
    number = "0x5b25f5d5f5a3cf1a1d4c06ddc7d3a0e2b9f9a8d0a5cdd7a0b5f0f7f2c6b0a1d2"
    command(app, "show", example="zkcore show plan.json --chain era", options=("where",))(show)
    sign_example = f"zkcore sign plan.json --expect {number} --ledger -o signed.json"
    command(app, "sign", example=sign_example, options=("where", "who", "yes"))(sign)
    full: Any = ("where", "who", "journal", "send")
    command(app, "send", example="zkcore send signed.json --chain era", options=full)(send_file)
    command(app, "proof", example=f"zkcore proof {number} --chain era", options=("where",))(proof)
    command(app, "hash", example=f"zkcore hash {number} --chain era", options=("where",))(hash_)
