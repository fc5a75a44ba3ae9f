"""How much code touches money: `python -m tests.repo.money_path` prints it part by part, as an auditor would read it.

What a line of code is, and which rooms are on the money path, is `zkcore.audit`'s to say; the ceilings are the design's.
"""

import sys
from pathlib import Path

from zkcore.audit import manifest

ROOT = Path(__file__).resolve().parents[2]
# Each part with its rooms and its ceiling. A ceiling only goes down.
PARTS: dict[str, tuple[tuple[str, ...], int]] = {
    "ground": (
        ("zkcore/__init__", "zkcore/_keccak", "zkcore/errors", "zkcore/types", "zkcore/effects", "zkcore/signer"),
        722,
    ),
    "ethereum + transactions": (("zkcore/ethereum", "zkcore/transactions"), 1_184),
    "protocol": (("zkcore/protocol",), 1_996),
    "words": (("zkcore/words",), 272),
    "methods + plans": (("zkcore/methods", "zkcore/plans"), 1_644),
    "flows": (("zkcore/flows",), 4_331),
    "rpc": (("zkcore/rpc",), 742),
    "journal + wallet": (("zkcore/journal", "zkcore/wallet"), 2_962),
    "ledger": (("signers/ledger",), 718),
    "trezor": (("signers/trezor",), 812),
}
OTHER_SIGNER = 180  # any other module of `signers`


def shipped() -> list[Path]:
    """Every module that goes into the wheel, relative to the root."""
    return sorted(
        path.relative_to(ROOT) for package in ("zkcore", "signers") for path in (ROOT / package).rglob("*.py")
    )


def room(path: Path) -> str:
    return "/".join(path.with_suffix("").parts[:2])


def money_path() -> dict[str, int]:
    rooms: dict[str, int] = manifest()["rooms"]
    return rooms


def parts() -> dict[str, tuple[int, int]]:
    """The lines of each part, and its ceiling. A room that no part names is a part of its own."""
    lines = money_path()
    found = {part: (sum(lines.pop(room, 0) for room in rooms), ceiling) for part, (rooms, ceiling) in PARTS.items()}
    return found | {room: (count, OTHER_SIGNER if room.startswith("signers/") else 0) for room, count in lines.items()}


def main() -> int:
    found = parts()
    for part, (count, ceiling) in found.items():
        print(f"{count:6,}  of {ceiling:5,}  {part}")
    devices = sum(found[part][0] for part in ("ledger", "trezor"))
    total = sum(count for count, _ in found.values())
    print(f"{total:6,}  in all; {total - devices:,} without the device signers")
    return int(any(count > ceiling for count, ceiling in found.values()))


if __name__ == "__main__":
    sys.exit(main())
