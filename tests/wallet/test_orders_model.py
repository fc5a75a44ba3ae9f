"""A model: wallets, processes and plans of one key, against a node that loses answers, lags, forgets its mempool and reorganises.

Whatever happens, what is paid is what was ordered, each once; or the caller holds an uncertain one, and that ends right.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.wallet.nodes import VAGUE, Unsure
from tests.wallet.tools import count, wallet_of
from zkcore import ETH, Journal
from zkcore.errors import NodeError, NonceTaken, SendUncertain
from zkcore.testing.devnet import Devnet
from zkcore.wallet.nonces import REGISTER

RECEIVER = 7


class Orders(RuleBasedStateMachine):
    """Two wallets over one journal, and what they were asked for."""

    net: ClassVar[Devnet]
    uncertain: ClassVar[list[SendUncertain]] = []  # over all examples

    @initialize(said=st.sampled_from([*VAGUE.values()]))
    def begin(self, said: Any) -> None:
        self.first_block = self.net.l1.block_number()
        self.snapshot = self.net.snapshot()
        self.folder = TemporaryDirectory()
        self.journal = Journal(Path(self.folder.name) / "journal")
        self.ordered: dict[str, int] = {}
        self.plans: list[tuple[str, Any, int]] = []
        self.node = Unsure(self.net, None)
        self.wallets = [wallet_of(self.net, l1=self.node, journal=self.journal) for _ in range(2)]
        self.node_turns(said, out=False, blind=0)  # each begins with one that nobody can tell of
        self.order(0, 1)

    def teardown(self) -> None:
        if not hasattr(self, "snapshot"):
            return
        try:
            self.settle()
        finally:
            for wallet in self.wallets:
                wallet.close()
            self.journal.close()
            self.folder.cleanup()
            self.net.faults.clear()
            self.net.l1.mining = True
            self.net.revert(self.snapshot)

    # ------------------------------------------------------------ what users do
    @rule(who=st.integers(0, 1), amount=st.integers(1, 3))
    def order(self, who: int, amount: int) -> None:
        name = f"order {len(self.ordered)}"
        self.ordered[name] = amount
        self.ask(who, name)

    @rule(who=st.integers(0, 1), which=st.integers(0, 100))
    def ask_again(self, who: int, which: int) -> None:
        if self.ordered:
            self.ask(who, list(self.ordered)[which % len(self.ordered)])

    def ask(self, who: int, name: str) -> None:
        to = self.net.accounts[RECEIVER].address
        try:
            self.wallets[who].deposit(ETH, self.ordered[name], to=to, reference=name)
        except SendUncertain as uncertain:
            self.uncertain.append(uncertain)
        except NodeError:  # before anything was signed
            pass

    @rule(who=st.integers(0, 1), amount=st.integers(1, 3))
    def plan(self, who: int, amount: int) -> None:
        plan = self.wallets[who].prepare_deposit(ETH, amount, to=self.net.accounts[RECEIVER].address)
        self.plans.append((f"plan {len(self.plans)}", plan, amount))

    @rule(who=st.integers(0, 1), which=st.integers(0, 100))
    def submit(self, who: int, which: int) -> None:
        if not self.plans:
            return
        name, plan, amount = self.plans[which % len(self.plans)]
        try:
            self.wallets[who].submit(plan, reference=name)
        except NonceTaken:
            return
        except SendUncertain:
            pass
        except NodeError:
            return
        self.ordered[name] = amount

    @rule(who=st.integers(0, 1))
    def resume(self, who: int) -> None:
        self.wallets[who].resume_all()

    # ------------------------------------------------------------ what happens
    @rule()
    def another_process(self) -> None:
        REGISTER.forget()
        self.journal.close()

    @rule(said=st.sampled_from([None, *VAGUE.values()]), out=st.booleans(), blind=st.integers(0, 2))
    def node_turns(self, said: Any, out: bool, blind: int) -> None:
        self.node.said, self.node.out, self.node.blind, self.node.sends = said, out, blind, 0

    @rule(mining=st.booleans())
    def mining(self, mining: bool) -> None:
        self.net.l1.mining = mining
        if mining:
            self.net.mine()

    @rule()
    def forget_the_mempool(self) -> None:
        for entry in self.journal.pending():
            for tx_hash in entry.hashes:
                with_it = self.net.l1.pool.get(tx_hash)
                if with_it is not None:
                    self.net.l1.drop(tx_hash)

    @rule()
    def reorganise(self) -> None:
        if self.net.l1.block_number() > self.first_block:
            self.net.l1.reorg(1)

    # ------------------------------------------------------------ the end
    def settle(self) -> None:
        self.node.said, self.node.blind = None, 0
        self.net.l1.mining = True
        wallet = self.wallets[0]
        for _ in range(3):
            self.net.mine()
            wallet.resume_all()
        to = self.net.accounts[RECEIVER].address
        handles = [
            wallet.deposit(ETH, amount, to=to, reference=name)
            for name, amount in self.ordered.items()
            if name.startswith("order")
        ]
        self.net.mine(3)
        for handle in handles + wallet.resume_all():
            assert handle.wait(timeout=20, poll=0.01).status == 1
        assert self.journal.pending() == []
        paid = wallet_of(self.net).get_balance(address=to)
        assert paid == sum(self.ordered.values())
        assert count(self.net) == len(self.ordered)


@pytest.fixture(scope="module")
def model_net() -> Iterator[Devnet]:
    with Devnet(l1_confirmations=2) as net:
        yield net


def test_whatever_happens_each_order_is_paid_once(model_net: Devnet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zkcore.wallet.delivery._PAUSE", 0.001)
    Orders.net = model_net
    checks = list(HealthCheck)
    run_state_machine_as_test(
        Orders,
        settings=settings(
            max_examples=12,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=checks,
        ),
    )
    assert Orders.uncertain  # there was something to survive
    for one in Orders.uncertain:
        assert one.handle.l1_tx_hash == one.signed.tx_hashes[-1]
