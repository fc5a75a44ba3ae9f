"""Vectors of v33 in the form they were made in: groups, each with how it was checked, made cases of the shared format."""

from collections.abc import Iterator, Mapping
from typing import Any

Case = dict[str, Any]

# What tells about the run and computes nothing, or is of v34 and of flows between chains, which zkcore does not serve
TOLD = {
    "_about", "addresses", "topics", "message_layout_of_base_case", "unbundle", "defaults", "atomic", "v34", "v34_reverts",
    "chain_batch_root_8_leaves", "gas_on_anvil_with_stand_in_vaults",
}  # fmt: skip
_WITHDRAWAL = {
    "sender", "receiver", "amount", "l2_token", "origin_chain", "origin_token", "salt", "execution", "unbundler",
    "token_metadata", "tx_number", "message_index", "batch", "proof", "l2_logs",
}  # fmt: skip
_TOLD_OF_A_WITHDRAWAL = {"l2_events_in_order", "l1_events_in_order", "l1_logs", "expected_status", "logs_root"}


def cases(groups: Mapping[str, Any]) -> list[Case]:
    """Every case of every group that is no mere telling. An unknown group is a case that fails, of an unknown kind."""
    return [case for name, group in groups.items() if name not in TOLD for case in _of_group(name, group, groups)]


def _of_group(name: str, group: Any, groups: Mapping[str, Any]) -> Iterator[Case]:
    values = group["v"] if isinstance(group, dict) else group
    about = groups.get("_about", {})
    chains = {"chain_id": str(about.get("chain_id", 8022833)), "l1_chain_id": str(about.get("l1_chain_id", 11155111))}
    match name:
        case "withdrawals":
            router = groups["addresses"]["l1_asset_router"]
            for kind, value in values.items():
                given = {
                    **chains,
                    "l1_asset_router": router,
                    **{key: _plain(value[key]) for key in _WITHDRAWAL & set(value)},
                }
                told = _WITHDRAWAL | _TOLD_OF_A_WITHDRAWAL
                expected = {key: _plain(member) for key, member in value.items() if key not in told}
                yield _case(f"withdrawal, {kind}", "withdrawal", given, expected)
        case "reverts":
            for kind, data in values.items():
                if isinstance(data, str) and data.startswith("0x"):
                    yield _case(f"revert, {kind}", "revert", {"data": data}, {"again": data})
        case "message_root_proof_v33_with_timestamp":
            given = {key: _plain(values[key]) for key in ("chain_id", "batch", "index", "leaf", "proof")}
            expected = {key: _plain(member) for key, member in values.items() if key not in given}
            yield _case("a proof by the message root", "message_root_proof", given, expected)
        case "erc7930" | "attributes" | "minimal_l2_gas_v33_plus":
            outputs = {"erc7930": "bytes", "attributes": "bytes", "minimal_l2_gas_v33_plus": "minimal"}
            for place, value in enumerate(values):
                given = {key: _plain(member) for key, member in value.items() if key != outputs[name]}
                yield _case(f"{name} {place}", name, given, {outputs[name]: _plain(value[outputs[name]])})
        case _:
            yield _case(name, name, {}, {})


def _case(name: str, kind: str, given: Case, expected: Case) -> Case:
    return {"name": name, "input": {"kind": kind, **given}, "expect": expected}


def _plain(value: Any) -> Any:
    """In the form of the shared files: numbers as decimal strings."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, list) else value
