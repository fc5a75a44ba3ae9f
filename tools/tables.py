"""The tables of the pages that are made from the code: phases, errors with cause and remedy, the pinned chains.

`python -m tools.tables --write` puts them between their marks in the pages; a test finds those that are out of date.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import zkcore.errors
from tools.reference import attributes
from zkcore import known_chains
from zkcore.words import PHASES

ROOT = Path(__file__).resolve().parents[1]
_MARKED = re.compile(r"(<!-- made by tools/tables.py: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

# what to do about each error; what it means is its docstring's to say
REMEDIES: dict[str, str] = {
    "InputError": "Correct the value: the text names it, and what was expected.",
    "InsufficientBaseCost": "Give a higher `mint_value`, or leave it out; a plan that was made before: prepare it anew, fees have moved.",
    "L2GasLimitTooLow": "Leave `l2_gas_limit` out, or give `minimum` or more.",
    "L2GasLimitTooHigh": "Leave `l2_gas_limit` out, or give `maximum` or less.",
    "UnsupportedProtocol": "Nothing here helps before zkcore knows that version: see [Protocol versions](protocol-versions.md).",
    "PlanTampered": "Do not sign it. Have it made anew, and find out who changed it.",
    "ChainIdMismatch": "Check `chain=` and the URLs; with `swapped`, give `l1=` and `l2=` the other way round.",
    "JournalError": "Free the disk, or mend the path or its rights; what was not recorded was not sent: ask again.",
    "NodeError": "Ask again, or another node.",
    "NodeTimeout": "Ask again: to submit the same plan again is safe. If it stays: another node, or a longer `Limits(timeout=)`.",
    "RateLimited": "Wait `retry_after` seconds; a smaller `Limits(batch=)`, or a second node in the list.",
    "NodeUnreachable": "Check the URL and the line; a list of nodes goes on with the next one.",
    "HttpStatusError": "Look at `status`: 401 and 403 want a key, 404 another path.",
    "RpcError": "Read `message`: it is the node's own. Another node may do it.",
    "MethodNotFound": "Use a node that has it: [Nodes](nodes.md) tells what each method is needed for.",
    "NodesDisagree": "Read what each says. One of them lies or lags: find out which, before you go on.",
    "SendUncertain": "Do **not** order it anew. Wait on `handle`, submit `signed`, call `resume_all()`, or ask again under its reference.",
    "MalformedReply": "Use another node; tell its operator the method and the field.",
    "NoContract": "Check the address, and that the node is of this chain and has caught up.",
    "UntrustedBridgehub": "Name the bridgehub, after checking it: `bridgehub=`, or a profile; `trust_l2=True` takes the node's word.",
    "AddressMismatch": "Do not use this profile, or this node, before you know which of them is wrong.",
    "InvalidProof": "Do not use this node; report it. The withdrawal itself is not harmed.",
    "InvalidBundle": "Do not use this node; report it.",
    "L2HashMismatch": "Do not use this node; report it.",
    "BaseCostMismatch": "Do not use this node; if others say the same, the chain has a new rule: update zkcore.",
    "ChainError": "Read which it is: each has its own remedy.",
    "Reverted": "Read `name` and the advice in the text; `data` has the raw bytes.",
    "InsufficientBalance": "Send the account what is `missing`, or move less; `MAX` is all that can be moved.",
    "InsufficientAllowance": "Leave `approve=True`, or approve it first.",
    "NotCovered": "`cancel()` it, and order it again: see [Deposit](deposit.md).",
    "UnknownChain": "Check the chain id and the bridgehub: the chain may settle elsewhere.",
    "NotDeployed": "Look at the transaction: the address holds nothing, or another code. Deploy it anew with another salt or nonce.",
    "TransactionFailed": "Read `reason`; the fee is spent, the value is not. Order it anew if it is still wanted.",
    "DepositFailed": "With `claimable`: [Claim failed deposit](claim-failed-deposit.md). Else the value is at the refund recipient on L2.",
    "NotReady": "Wait: `reason` says for what.",
    "AlreadyFinalized": "Nothing: it is done.",
    "WithdrawalCancelled": "Nothing: whoever may unbundle it has taken it back.",
    "FeeTooHigh": "Look at what the node says gas costs. If that is right, raise the ceiling that the text names, in `FeePolicy`.",
    "FeeTooLow": "Gas has become dearer since it was planned: plan it anew, or name higher fees in `TxOptions`.",
    "NothingToClaim": "Nothing is left on L1: `reason` says where the value is.",
    "NonceTaken": "Prepare a new plan; if you did not send the other transaction, somebody else has this key.",
    "WaitTimeout": "Wait again, or resume the handle later: nothing is lost.",
    "SignerError": "Nothing was sent. Ask again when the signer is ready.",
    "NoSigner": "Give the wallet a signer, or sign its plan elsewhere: [Offline signing](offline-signing.md).",
    "UserRejected": "Nothing was sent. Ask again if it was meant.",
    "BlindSigningRequired": "Compare the hash on the screen with the preview, and consent once: `allow_blind_signing=True`.",
    "WrongDevice": "Check device, passphrase and path, or which key the service has.",
    "DeviceNotFound": "Plug it in and unlock it; on Linux, check its udev rules: [Ledger](ledger.md), [Trezor](trezor.md).",
    "DeviceBusy": "Close the other program: the vendor's own, a browser's tab.",
    "DeviceLocked": "Enter its PIN.",
    "DeviceFault": "Reject what the screen still shows, reconnect, ask again.",
    "FirmwareTooOld": "Update the device or its app with the vendor's program.",
    "NotPaired": "Pair it: [Trezor](trezor.md).",
    "InvalidDefinition": "Leave the definition out: the device then shows the chain's number instead of its name.",
    "AppNotOpen": "Open the Ethereum app on the device.",
    "UnsupportedBySigner": "Use another signer, or an ordinary transaction: `signer.capabilities` tells what it can sign.",
    "BadSignature": "It was not used. Ask again; if it stays, report it.",
    "TransactionChanged": "Do not use that signer before you know why: `changes` names the fields.",
    "SignerTimeout": "Ask again; reject what a screen still shows first.",
    "SignerUnavailable": "Ask again later: nothing was signed.",
    "AccessDenied": "Give it the credentials or the permission that the text names.",
    "KeyUnusable": "Enable the key, or name another: it must be secp256k1 and for signing.",
}
_BRANCHES = {
    "InputError": "What you gave. Nothing was signed or sent; it is a `ValueError` too.",
    "NodeError": "A node did not answer, or lied. It is never to be read as an answer.",
    "ChainError": "The chains said no.",
    "SignerError": "The key or the device.",
}


def errors() -> str:
    """Every error below its branch: what it means, what to do, what it carries."""
    kinds = {name: getattr(zkcore.errors, name) for name in zkcore.errors.__all__ if name != "ZkCoreError"}
    out: list[str] = []
    for branch, words in _BRANCHES.items():
        out.append(f"### {branch}\n\n{words}\n\n| error | what it means | what to do |\n|---|---|---|\n")
        for name, kind in kinds.items():
            if issubclass(kind, kinds[branch]):
                means = " ".join((kind.__doc__ or "").split()).replace("|", "\\|")
                kept = ", ".join(f"`{one}`" for one in attributes(kind))
                means += f" Carries {kept}." if kept else ""
                out.append(f"| [`{name}`](reference/errors.md#{name}) | {means} | {REMEDIES[name]} |\n")
        out.append("\n")
    return "".join(out)


_DEPOSIT = (
    "L1_PENDING L1_DROPPED L1_UNKNOWN L1_REPLACED L1_FAILED L1_INCLUDED L2_PENDING L2_EXECUTED L2_FAILED UNKNOWN"
).split()
_WITHDRAWAL = (
    "L2_PENDING L2_FAILED BATCH_PENDING PROOF_PENDING READY FINALIZING FINALIZED CANCELLED BLOCKED UNKNOWN"
).split()


def deposit_phases() -> str:
    """The phases of a deposit or a call from L1."""
    return _phases(_DEPOSIT)


def withdrawal_phases() -> str:
    """The phases of a withdrawal."""
    return _phases(_WITHDRAWAL)


def _phases(names: list[str]) -> str:
    rows = [(f"`{name}`", *PHASES[name]) for name in names]
    body = "".join(
        f"| {name} | {means} | {lasts} | {f'`{then}`' if '()' in then and ' ' not in then else then} |\n"
        for name, means, lasts, then in rows
    )
    return f"| phase | it means | it lasts | then |\n|---|---|---|---|\n{body}"


def chains() -> str:
    """Every pinned chain, by ecosystem."""
    out: list[str] = []
    ecosystems = dict.fromkeys(one.ecosystem for one in known_chains())
    for ecosystem in ecosystems:
        here = [one for one in known_chains() if one.ecosystem == ecosystem]
        out.append(
            f"### {ecosystem}, on L1 {here[0].l1_chain_id}\n\n{here[0].source}\n\nBridgehub `{here[0].bridgehub}`.\n\n"
        )
        out.append("| `chain=` | L2 chain id | deposits |\n|---|---|---|\n")
        out += [f'| `"{one.name}"` | {one.l2_chain_id} | {one.no_deposits or "yes"} |\n' for one in here]
        out.append("\n")
    return "".join(out)


TABLES: dict[str, Callable[[], str]] = {
    "errors": errors,
    "deposit_phases": deposit_phases,
    "withdrawal_phases": withdrawal_phases,
    "chains": chains,
}


def filled(text: str) -> str:
    """A page with its tables made anew."""
    return _MARKED.sub(lambda mark: f"{mark[1]}\n{TABLES[mark[2]]().strip()}\n\n{mark[3]}", text)


def main() -> int:
    """Write the pages whose tables are out of date, or name them."""
    old = [page for page in (ROOT / "docs").rglob("*.md") if filled(text := page.read_text(encoding="utf-8")) != text]
    for page in old:
        sys.stdout.write(f"{page.relative_to(ROOT)}\n")
        if "--write" in sys.argv:
            page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
    return int(bool(old) and "--write" not in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
