"""Who believes to have a lease and has none any more, a database that is cut off in the middle, clocks and policies apart:
whatever two of them think, an order is paid once.
"""

import time
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.wallet.test_keeper import QUICK, Both
from tests.wallet.tools import AMOUNT, ERA, CountingSigner, count, sends, wallet_of
from zkcore import ETH, ether
from zkcore.errors import JournalError, NonceTaken, SendUncertain, ZkCoreError
from zkcore.ethereum.signature import Signature
from zkcore.flows.l1 import TxOptions
from zkcore.journal import Journal
from zkcore.testing.devnet import Devnet
from zkcore.transactions import Transaction
from zkcore.wallet.keeper import KeeperPolicy
from zkcore.wallet.nonces import REGISTER


class Slow(CountingSigner):
    """Something else happens while it signs."""

    def __init__(self, net: Devnet) -> None:
        super().__init__(net)
        self.meanwhile: Any = None

    def sign_transaction(self, tx: Transaction) -> Signature:
        act, self.meanwhile = self.meanwhile, None
        if act is not None:
            act()
        return super().sign_transaction(tx)


def leases_end(path: Path) -> None:
    """As those of a connection that is cut; and what this process holds, as in another process."""
    REGISTER.forget()
    with Journal(path)._transaction() as execute:
        execute("delete from leases", ())


@pytest.fixture
def where(tmp_path: Path) -> Path:
    return tmp_path / "ops.sqlite"


@ERA
@pytest.mark.parametrize("sent", [True, False], ids=["sent", "signed"])
def test_who_was_slow_and_lost_the_lease_does_not_send(net: Devnet, open_wallet: Any, where: Path, sent: bool) -> None:
    """The other one has signed the same order meanwhile, under the same nonce, or (when that is used) the one before."""
    signer = Slow(net)
    slow, quick = open_wallet(net, signer, journal=Journal(where)), wallet_of(net, journal=Journal(where))
    to = net.accounts[7].address

    def meanwhile() -> None:
        leases_end(where)
        net.l1.mining = sent
        quick.deposit(ETH, AMOUNT, to=to, reference="invoice 1")
        net.l1.mining = True

    signer.meanwhile = meanwhile
    with pytest.raises(NonceTaken):
        slow.deposit(ETH, AMOUNT, to=to, reference="invoice 1")
    net.mine()
    again = slow.deposit(ETH, AMOUNT, to=to, reference="invoice 1")
    assert again.wait(timeout=30).status == 1
    assert count(net) == 1
    (entry,) = Journal(where).history()
    assert (entry.state, entry.hashes[1]) == ("done", again.l1_tx_hash)


@ERA
@pytest.mark.parametrize("when", ["before", "drafting", "signing"])
def test_of_two_that_replace_a_request_one_does(net: Devnet, open_wallet: Any, where: Path, when: str) -> None:
    """Each has read it as it was. Were the second one kept, the first would be nobody's, and the order be asked for anew."""
    signer = Slow(net)
    slow, quick = open_wallet(net, signer, journal=Journal(where)), wallet_of(net, journal=Journal(where))
    net.l1.mining = False
    first = slow.deposit(ETH, AMOUNT, reference="invoice 1")
    other = quick.resume(first.to_json())

    def meanwhile(*_: object) -> None:
        leases_end(where)
        other.speed_up(l1=TxOptions(max_fee_per_gas=50 * 10**9, max_priority_fee_per_gas=3 * 10**9))  # other bytes

    if when == "before":
        meanwhile()
    elif when == "signing":
        signer.meanwhile = meanwhile
    else:
        inner, acts = getattr(slow, "inner", slow), [meanwhile]
        inner._driver = replace(inner._driver, on_wave=lambda _: acts and acts.pop()())
    with nullcontext() if when == "before" else pytest.raises(NonceTaken):
        first.speed_up()
    net.l1.mining = True
    net.mine()
    keeper = Both([slow], policy=QUICK)
    keeper.until(lambda: not slow.in_flight())
    (entry,) = Journal(where).history()
    assert (entry.state, count(net)) == ("done", 1)
    assert slow.deposit(ETH, AMOUNT, reference="invoice 1").l1_tx_hash in entry.hashes
    assert count(net) == 1


@ERA
def test_a_handle_follows_what_a_keeper_elsewhere_sent_in_its_place(net: Devnet, open_wallet: Any, where: Path) -> None:
    """It knows the first transaction only, which is never included: that is no word of the order's end, and not told as one."""
    journal = Journal(where)
    wallet, elsewhere = open_wallet(net, journal=journal), wallet_of(net, journal=Journal(where))
    net.l1.mining = False
    handles = [wallet.deposit(ETH, AMOUNT, reference="invoice 1") for _ in range(3)]
    REGISTER.forget()
    elsewhere.resume(handles[0].to_json()).speed_up()
    (entry,) = journal.pending()
    assert handles[0].status().phase == "L1_PENDING"
    (same,) = journal.pending()
    assert (same.handle, same.hashes) == (entry.handle, entry.hashes)  # what is known is not forgotten
    net.l1.mining = True
    net.mine(3)
    assert handles[1].wait(timeout=30).status == 1
    assert handles[2].status().phase == "L2_EXECUTED"
    assert (journal.history()[0].state, count(net)) == ("done", 1)
    assert wallet.deposit(ETH, AMOUNT, reference="invoice 1").wait(timeout=30).status == 1
    assert count(net) == 1


class Cut(Journal):
    """Breaks off around a statement: `cut` says at which, and whether what it does is kept."""

    cut: tuple[str, bool, int] = ("", False, 0)

    def _broken(self, name: str, act: Any) -> Any:
        which, kept, times = self.cut
        if which != name or not times:
            return act()
        self.cut = (which, kept, times - 1)
        if kept:
            act()
        raise JournalError("the journal: the server closed the connection unexpectedly")

    def ask(self, *args: Any) -> Any:
        return self._broken("ask", lambda: super(Cut, self).ask(*args))

    def sign(self, *args: Any) -> Any:
        return self._broken("sign", lambda: super(Cut, self).sign(*args))

    def move(self, *args: Any, **fields: Any) -> Any:
        return self._broken("move", lambda: super(Cut, self).move(*args, **fields))

    def release(self, *names: str) -> Any:
        return self._broken("release", lambda: super(Cut, self).release(*names))

    def lease_all(self, names: Iterable[str]) -> Any:
        return self._broken("lease_all", lambda: super(Cut, self).lease_all(names))


@ERA
@pytest.mark.parametrize("kept", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("at", ["ask", "sign", "move", "release", "lease_all"])
def test_a_database_that_breaks_off_once(net: Devnet, open_wallet: Any, where: Path, at: str, kept: bool) -> None:
    """Told an error or a handle, whoever asks again (or does not) pays once, and nothing is held for ever."""
    journal = Cut(where)
    wallet = open_wallet(net, journal=journal)
    journal.cut = (at, kept, 1)
    try:
        wallet.deposit(ETH, AMOUNT, reference="invoice 1")
        told = True
    except JournalError:
        told = False
    assert told == (at in ("sign", "move", "release"))
    assert len(sends(net)) == told
    again = wallet.deposit(ETH, AMOUNT, reference="invoice 1")
    assert again.wait(timeout=30).status == 1
    Both([wallet], policy=QUICK).until(lambda: not wallet.in_flight())
    assert count(net) == 1


@ERA
def test_what_was_perhaps_written_is_uncertain(net: Devnet, open_wallet: Any, where: Path) -> None:
    """Without a reference, an error that says that nothing was signed would have it ordered, and paid, twice."""

    class Gone(Cut):
        def move(self, *args: Any, **fields: Any) -> Any:
            if self.cut[0] == "sign":
                raise JournalError("the journal: no route to host")
            return super().move(*args, **fields)

    journal = Gone(where)
    wallet = open_wallet(net, journal=journal)
    journal.cut = ("sign", True, 9)
    with pytest.raises(SendUncertain) as caught:
        wallet.deposit(ETH, AMOUNT)
    assert not sends(net)
    journal.cut = ("", False, 0)
    Both([wallet], policy=QUICK).until(lambda: not wallet.in_flight())
    assert count(net) == 1
    assert wallet.submit(caught.value.signed).wait(timeout=30).status == 1
    assert count(net) == 1


@ERA
def test_clocks_and_policies_apart(net: Devnet, open_wallet: Any, where: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes: the one that is ahead replaces early, within the ceilings; the other one tells of it; paid once."""
    real = time.time
    wallet, other = open_wallet(net, journal=Journal(where)), wallet_of(net, journal=Journal(where))
    net.l1.mining = False
    wallet.deposit(ETH, AMOUNT, reference="invoice 1")
    changes: list[str] = []
    late = Both([wallet], policy=KeeperPolicy(claim=False, finalize=False), on_change=lambda e: changes.append(e.note))
    ahead = Both([other], policy=KeeperPolicy(replace_after=300.0, dry=False))
    assert late.round()[0].ordered == ()
    monkeypatch.setattr("zkcore.wallet.keeper.time", lambda: real() + 600)
    monkeypatch.setattr("zkcore.journal.sql.time", lambda: real() + 600)
    monkeypatch.setattr("zkcore.wallet.order.time", lambda: real() + 600)
    assert ahead.round()[0].ordered == ("invoice 1",)
    monkeypatch.undo()
    assert late.round()[0].ordered == ()  # changed in the future: it waits
    net.l1.mining = True
    net.mine()
    late.until(lambda: not wallet.in_flight())
    assert "L2_EXECUTED" in changes
    assert count(net) == 1


@ERA
def test_a_damaged_entry_is_told_and_holds_up_no_other(net: Devnet, open_wallet: Any, where: Path) -> None:
    journal = Journal(where)
    wallet = open_wallet(net, journal=journal)
    for i in range(3):
        wallet.deposit(ETH, AMOUNT + i, reference=f"invoice {i}")
    with journal._transaction() as execute:
        execute("update orders set plan = replace(plan, '0x', '0y') where reference = ?", ("invoice 1",))
        execute("update orders set plan = null, handle = null where reference = ?", ("invoice 2",))
    keeper = Both([wallet], policy=QUICK)
    for _ in range(40):
        (found,) = keeper.round()
        assert sorted(str(error).split("'")[2] for error in found.errors) == ["invoice 1", "invoice 2"]
        if not wallet.in_flight():
            break
    assert wallet.deposit(ETH, AMOUNT, reference="invoice 0").wait(timeout=30).status == 1
    for i in (1, 2):  # it is not paid again
        with pytest.raises(ZkCoreError, match=f"invoice {i}"):
            wallet.deposit(ETH, AMOUNT + i, reference=f"invoice {i}")
    assert wallet.deposit(ETH, ether("0.01"), reference="another").wait(timeout=30).status == 1
    assert count(net) == 4
