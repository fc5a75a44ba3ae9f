"""The pictures of the site and of the README, as SVG: `python -m tools.pictures`. Legible on white and on black.

The terminal's is the real output of a real deposit; the plot is drawn by zkcore's own `base_cost`.
"""

import contextlib
import io
import sys
from collections.abc import Sequence
from html import escape
from pathlib import Path

IMAGES = Path(__file__).resolve().parents[1] / "docs/images"
# each on a ground of its own, so that the page's may be white or black
_STYLE = """<style>
text { font: 14px ui-sans-serif, system-ui, sans-serif; fill: #1f2937; }
.small { font-size: 12px; fill: #4b5563; } .mono { font-family: ui-monospace, monospace; }
.ground { fill: #f8fafc; } .box { fill: #fff; stroke: #64748b; stroke-width: 1.5; } .hot { stroke: #4f46e5; stroke-width: 2.5; }
.line { stroke: #4f46e5; stroke-width: 2; fill: none; } .axis { stroke: #94a3b8; fill: none; } .head { fill: #4f46e5; }
</style>"""


def svg(width: int, height: int, title: str, *parts: str) -> str:
    """A picture with its ground."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">\n'
        f"<title>{escape(title)}</title>\n{_STYLE}\n"
        '<defs><marker id="a" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="head" d="M0 0L10 5L0 10z"/></marker></defs>\n'
        f'<rect class="ground" width="{width}" height="{height}" rx="8"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def box(x: int, y: int, width: int, *lines: str, hot: bool = False) -> str:
    """A box with lines of text, the first the larger."""
    height = 24 + 18 * len(lines)
    text = "".join(
        f'<text x="{x + width // 2}" y="{y + 25 + 18 * place}" text-anchor="middle"{"" if place == 0 else small}>{escape(line)}</text>'
        for place, line in enumerate(lines)
        for small in [' class="small"']
    )
    return f'<rect class="box{" hot" if hot else ""}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>{text}'


def arrow(x1: int, y1: int, x2: int, y2: int, label: str = "", *, above: int = 8) -> str:
    """An arrow, with what it carries."""
    told = f'<text class="small" x="{(x1 + x2) // 2}" y="{(y1 + y2) // 2 - above}" text-anchor="middle">{escape(label)}</text>'
    return f'<path class="line" d="M{x1} {y1}L{x2} {y2}" marker-end="url(#a)"/>{told if label else ""}'


def deposit() -> str:
    """A deposit's way."""
    return svg(
        760,
        330,
        "A deposit's way",
        '<text x="20" y="110">L1</text><text x="20" y="270">L2</text><path class="axis" stroke-dasharray="5 5" d="M20 185H740"/>',
        box(60, 20, 130, "your account", "signs a plan"),
        arrow(190, 50, 285, 50, "request"),
        box(285, 20, 150, "bridgehub", "checks value and fee", hot=True),
        arrow(435, 50, 530, 50),
        box(530, 20, 170, "the chain's diamond", "holds the queue"),
        arrow(615, 80, 615, 225, ""),
        '<text class="small" x="625" y="150">NewPriorityRequest:</text><text class="small" x="625" y="166">the L2 transaction</text>',
        box(530, 225, 170, "L2 runs it", "receipt, or DepositFailed"),
        arrow(530, 255, 440, 255, "batch"),
        box(270, 225, 170, "batch", "sealed, proved, executed"),
        arrow(330, 225, 330, 85, ""),
        '<text class="small" x="195" y="150">its root stands on L1</text>',
        '<text class="small" x="60" y="310">The L2 hash is computed here, from the event on L1: no L2 node is asked for it.</text>',
    )


def proof() -> str:
    """A leaf's way to the root."""
    level = [box(40 + 170 * place, 190, 150, name, kind, hot=place == 1) for place, (name, kind) in enumerate(
        [("leaf", "another"), ("your message", "leaf"), ("leaf", "another"), ("leaf", "another")]
    )]  # fmt: skip
    return svg(
        760,
        300,
        "A proof",
        *level,
        box(130, 105, 150, "hash of both", hot=True),
        box(470, 105, 150, "hash of both"),
        box(300, 20, 150, "root", "on L1", hot=True),
        arrow(115, 190, 190, 149),
        arrow(285, 190, 225, 149),
        arrow(455, 190, 530, 149),
        arrow(625, 190, 560, 149),
        arrow(205, 105, 330, 82),
        arrow(545, 105, 420, 82),
        '<text class="small" x="40" y="282">The proof is what stands beside the path: the leaf on the left, and the hash on the right.</text>',
    )


def base_cost_plot() -> str:
    """The base cost of a request, by the L1 gas price."""
    from zkcore import format_units, gwei
    from zkcore.protocol.fees import FeeParams, base_cost

    params = FeeParams(
        pubdata_pricing_mode="rollup", batch_overhead_l1_gas=1_000_000, max_pubdata_per_batch=120_000,
        max_l2_gas_per_batch=80_000_000, priority_tx_max_pubdata=99_000, minimal_l2_gas_price=250_000_000,
        multiplier_nominator=1, multiplier_denominator=1,
    )  # fmt: skip
    prices = range(101)
    costs = [base_cost(params, gwei(str(price)), 1_000_000) for price in prices]
    top = max(costs)

    def at(price: int, cost: int) -> str:
        return f"{80 + price * 640 / 100:.1f} {260 - cost * 220 / top:.1f}"

    curve = "M" + "L".join(at(price, cost) for price, cost in zip(prices, costs, strict=True))
    marks = [
        f'<text class="small" x="{80 + price * 6.4:.0f}" y="280" text-anchor="middle">{price}</text>'
        for price in range(0, 101, 20)
    ]
    heights = [
        f'<text class="small" x="74" y="{264 - 220 * part // 4}" text-anchor="end">{format_units(top * part // 4 // 10**14 * 10**14, 18)}</text>'
        for part in range(5)
    ]
    return svg(
        760,
        320,
        "The base cost of a request of 1,000,000 L2 gas, by the L1 gas price",
        '<path class="axis" d="M80 40V260H720"/>',
        f'<path class="line" d="{curve}"/>',
        *marks,
        *heights,
        '<text class="small" x="400" y="306" text-anchor="middle">L1 gas price, in gwei</text>',
        '<text class="small" x="80" y="26">base cost of 1,000,000 L2 gas at 800 gas per byte, in ether</text>',
    )


def terminal(lines: Sequence[str]) -> str:
    """What a terminal shows."""
    rows = "".join(
        f'<text class="mono" xml:space="preserve" style="fill:{"#a5b4fc" if line.startswith((">>>", "$")) else "#e5e7eb"};font-size:13px" x="20" y="{50 + 19 * place}">{escape(line)}</text>\n'
        for place, line in enumerate(lines)
    )
    height = 70 + 19 * len(lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 {height}" width="700" height="{height}" role="img">\n'
        "<title>A deposit, printed</title>\n<style>.mono { font-family: ui-monospace, SFMono-Regular, Menlo, monospace; }</style>\n"
        f'<rect width="700" height="{height}" rx="8" fill="#111827"/>\n'
        '<circle cx="22" cy="20" r="6" fill="#f87171"/><circle cx="42" cy="20" r="6" fill="#fbbf24"/><circle cx="62" cy="20" r="6" fill="#34d399"/>\n'
        f"{rows}</svg>\n"
    )


def printed() -> list[str]:
    """What a real deposit on the devnet prints."""
    from signers import PrivateKeySigner
    from zkcore import ETH, Wallet, ether
    from zkcore.testing.devnet import Devnet

    told = io.StringIO()
    with Devnet() as net, contextlib.redirect_stdout(told):
        signer = PrivateKeySigner(net.accounts[0].private_key)
        with Wallet(signer, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
            print('>>> print(wallet.quote_deposit(ETH, ether("0.1")))')
            print(wallet.quote_deposit(ETH, ether("0.1")))
            print('>>> deposit = wallet.deposit(ETH, ether("0.1"))')
            deposit = wallet.deposit(ETH, ether("0.1"))
            print(">>> print(deposit.wait())")
            print(deposit.wait())
    return told.getvalue().splitlines()


def main() -> int:
    """Draw all of them."""
    pictures = {
        "deposit": deposit(), "proof": proof(), "base-cost": base_cost_plot(), "terminal": terminal(printed()),
    }  # fmt: skip
    for name, picture in pictures.items():
        (IMAGES / f"{name}.svg").write_text(picture, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
