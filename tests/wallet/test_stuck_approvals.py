"""An approval that L1 does not include holds up nobody, and whoever has the order's handle can replace it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from signers import PrivateKeySigner
from tests.wallet.conftest import Open
from tests.wallet.test_crash import run_until
from tests.wallet.test_keeper import Both
from tests.wallet.tools import AMOUNT, BASE_ERC20, ERA, CountingSigner, count, sends, wallet_of
from zkcore import ETH, Journal, ether, gwei
from zkcore.errors import (
    InputError,
    InsufficientAllowance,
    NonceTaken,
    NotCovered,
    PlanTampered,
    RpcError,
    TransactionFailed,
)
from zkcore.flows.l1 import TxOptions
from zkcore.plans.plan import sign_plan
from zkcore.rpc.http import HttpTransport
from zkcore.testing.devnet import Devnet, Failure
from zkcore.testing.devnet.deploy import artifact
from zkcore.transactions import parse_transaction
from zkcore.types import Hash32, to_hex
from zkcore.wallet.keeper import Keeper, KeeperPolicy
from zkcore.wallet.nonces import REGISTER


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zkcore.wallet.submission._APPROVED", 0.05)
    monkeypatch.setattr("zkcore.wallet.delivery._PAUSE", 0.001)


@pytest.fixture
def stops(net: Devnet, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """L1 mines no more once it is sent so many transactions: the request waits, and its approvals do not."""
    inner, left = net.l1.methods["eth_sendRawTransaction"], [0]

    def send(raw: str) -> str:
        left[0] -= 1
        if not left[0]:
            net.l1.mining = False
        return str(inner(raw))

    monkeypatch.setitem(net.l1.methods, "eth_sendRawTransaction", send)

    def after(sends: int) -> None:
        net.l1.mining, left[0] = True, sends

    return after


Stops = Callable[[int], None]
WHOLE = ether("1")  # of the base token on L2, to be told from what is given back of fees


class Counting:
    """L1; `then` is called before each transaction that it is sent."""

    def __init__(self, net: Devnet, then: Any) -> None:
        self.inner, self.sends, self.then = HttpTransport(net.l1_url), 0, then

    def ask(self, requests: Any, **more: Any) -> Any:
        return self.inner.ask(requests, **more)

    def send_raw(self, raw: bytes, **more: Any) -> Any:
        self.sends += 1
        self.then(self.sends)
        return self.inner.send_raw(raw, **more)

    def close(self) -> None:
        self.inner.close()


def jump(net: Devnet) -> None:
    """Fees jump: nothing that was signed before is included by itself."""
    net.l1.base_fee *= 4


def mined(net: Devnet) -> None:
    net.l1.mining = True
    net.mine()


def waits(net: Devnet) -> list[tuple[int, str]]:
    """What waits on L1 of the first account: nonce, and what it calls."""
    of = [one for one in net.l1.pool if one.sender == net.accounts[0].address]
    return sorted((one.nonce, one.transaction.data[:4].hex()) for one in of)


def arrived(net: Devnet, token: Any, amount: int = AMOUNT) -> None:
    wallet = wallet_of(net)
    assert wallet.get_balance(token) == amount
    assert wallet.get_l1_allowance(token) == 0


@ERA
@pytest.mark.parametrize("symbol", ["DAI", "USDT"])
def test_it_holds_up_nobody_and_its_handle_speeds_it_up(net: Devnet, open_wallet: Open, symbol: str) -> None:
    wallet, token = open_wallet(net), net.tokens[symbol]
    net.l1.mining = False
    deposit = wallet.deposit(token, AMOUNT)
    assert deposit.status().phase == "L1_PENDING"
    other = open_wallet(net).deposit(ETH, AMOUNT)  # another wallet of the account
    assert [nonce for nonce, _ in waits(net)] == [0, 1, 2]
    jump(net)
    net.mine(2)
    assert count(net) == 0  # stuck, all of it
    for handle in (deposit, other):
        handle.speed_up()
    mined(net)
    assert [handle.wait(timeout=30).status for handle in (deposit, other)] == [1, 1]
    assert count(net) == 3
    arrived(net, token)


@pytest.mark.parametrize("net", ["era-eth", "zksync-os-eth"], indirect=True)
def test_another_process_speeds_it_up(net: Devnet, tmp_path: Path) -> None:
    token = net.tokens["DAI"]
    with Journal(tmp_path / "journal") as journal:
        net.l1.mining = False
        handle = wallet_of(net, journal=journal).deposit(token, AMOUNT, reference="first")
    jump(net)
    REGISTER.forget()
    with Journal(tmp_path / "journal") as journal:
        elsewhere = wallet_of(net, journal=journal)
        (entry,) = elsewhere.in_flight()
        faster: Any = elsewhere.resume(entry.handle or "")
        faster.speed_up()
        faster.speed_up()  # and again, of what was sped up
        assert [one.reference for one in elsewhere.in_flight()] == ["first"]  # one order
        mined(net)
        assert faster.wait(timeout=30).status == 1
        assert journal.pending() == []
        assert elsewhere.deposit(token, AMOUNT, reference="first").l1_tx_hash == faster.l1_tx_hash
    assert handle.wait(timeout=30).status == 1  # the handle of before finds what took the place of what it knows
    assert count(net) == 2
    arrived(net, token)


@ERA
def test_a_handle_is_enough_where_no_journal_is_shared(net: Devnet) -> None:
    token = net.tokens["DAI"]
    net.l1.mining = False
    kept = wallet_of(net).deposit(token, AMOUNT).to_json()
    jump(net)
    REGISTER.forget()
    elsewhere: Any = wallet_of(net).resume(kept)
    elsewhere.speed_up()
    mined(net)
    assert elsewhere.wait(timeout=30).status == 1
    assert count(net) == 2
    arrived(net, token)


@ERA
def test_what_stays_as_it_is_is_not_signed_again(net: Devnet) -> None:
    """Only what is replaced is signed: the approval, and the request, each once."""
    signer = CountingSigner(net)
    wallet = wallet_of(net, signer)
    net.l1.mining = False
    deposit = wallet.deposit(net.tokens["DAI"], AMOUNT)
    before = [parse_transaction(raw)[0] for raw in sends(net)]
    signer.signed.clear()
    deposit.speed_up()
    assert [(one.nonce, one.data[:4]) for one in signer.signed] == [(one.nonce, one.data[:4]) for one in before]
    for new, old in zip(signer.signed, before, strict=True):
        assert (new.to, new.nonce) == (old.to, old.nonce)
        for name in ("max_fee_per_gas", "max_priority_fee_per_gas"):
            assert 8 * getattr(new, name) >= 9 * getattr(old, name)
    assert signer.signed[0].data == before[0].data  # exactly what was approved
    assert len(sends(net)) == 4


@ERA
def test_the_approval_of_before_may_win(net: Devnet) -> None:
    """Whichever of the approvals is included, the request behind it runs once."""
    wallet = wallet_of(net)
    net.l1.mining = False
    deposit = wallet.deposit(net.tokens["DAI"], AMOUNT)
    approval, request = (bytes.fromhex(raw.removeprefix("0x")) for raw in sends(net))
    deposit.speed_up()
    for pending in list(net.l1.pool):
        net.l1.drop(pending.hash)
    for raw in (approval, request):
        wallet._nodes["l1"].send_raw(raw)
    mined(net)
    assert deposit.wait(timeout=30).status == 1
    assert count(net) == 2
    arrived(net, net.tokens["DAI"])


@ERA
def test_cancelled_it_frees_both_nonces(net: Devnet, open_wallet: Open) -> None:
    wallet, token = open_wallet(net), net.tokens["DAI"]
    held = wallet.get_l1_balance(token)
    net.l1.mining = False
    deposit = wallet.deposit(token, AMOUNT)
    jump(net)
    cancelled = deposit.cancel()
    assert waits(net) == [(0, ""), (1, "")]
    mined(net)
    assert cancelled.wait(timeout=30).status == 1
    net.mine(3)
    with pytest.raises(TransactionFailed, match="never included"):
        deposit.wait(timeout=30)
    assert [entry.state for entry in REGISTER.journal.history()] == ["replaced", "done"]
    assert wallet.get_l1_balance(token) == held
    assert wallet.get_l1_allowance(token) == 0
    assert wallet.deposit(token, AMOUNT).wait(timeout=30).status == 1


@ERA
def test_a_request_is_sped_up_once_its_approval_is_in(net: Devnet, open_wallet: Open, stops: Stops) -> None:
    """What it takes itself is not counted against the allowance that it had approved."""
    token = net.tokens["DAI"]

    wallet = wallet_of(net)
    stops(2)
    deposit = wallet.deposit(token, AMOUNT)
    assert count(net) == 1
    jump(net)
    open_wallet(net).resume(deposit.to_json()).speed_up()
    mined(net)
    assert deposit.wait(timeout=30).status == 1
    assert count(net) == 2
    arrived(net, token)


@ERA
def test_keepers_speed_it_up(net: Devnet, tmp_path: Path) -> None:
    token = net.tokens["DAI"]
    with Journal(tmp_path / "journal") as journal:
        wallet = wallet_of(net, journal=journal)
        net.l1.mining = False
        deposit = wallet.deposit(token, AMOUNT)
        jump(net)
        keeper = Keeper([wallet], policy=KeeperPolicy(replace_after=1e-6))
        (done,) = keeper.round()
        assert done.errors == ()
        assert len(done.ordered) == 1
        mined(net)
        assert count(net) == 2
        assert deposit.wait(timeout=30).status == 1
        assert journal.pending() == []
    arrived(net, token)


@ERA
def test_killed_while_it_is_sped_up(net: Devnet, tmp_path: Path) -> None:
    """At every boundary: another process goes on, and all is paid once."""
    token, boundary, killed = net.tokens["DAI"], 0, True
    while killed:
        boundary += 1
        snapshot = net.snapshot()
        path = tmp_path / f"journal {boundary}"
        with Journal(path) as journal:
            wallet = wallet_of(net, journal=journal)
            net.l1.mining = False
            deposit = wallet.deposit(token, AMOUNT)
            jump(net)
            killed = run_until(wallet, deposit._faster(None), boundary, after=True)
        REGISTER.forget()
        with Journal(path) as journal:
            (handle,) = wallet_of(net, journal=journal).resume_all()
            handle.speed_up()
            mined(net)
            assert handle.wait(timeout=30).status == 1
            assert journal.pending() == []
        assert count(net) == 2
        arrived(net, token)
        net.l1.mining = True
        net.revert(snapshot)
        REGISTER.forget()
    assert boundary > 10


@ERA
def test_an_approval_that_fails_sends_nothing_more(net: Devnet, open_wallet: Open) -> None:
    wallet, token = open_wallet(net), net.tokens["DAI"]
    plan = wallet.prepare_deposit(token, AMOUNT)
    approval = plan.steps[0]
    starved = replace(approval, transaction=replace(approval.transaction, gas_limit=30_000))
    with pytest.raises(TransactionFailed):
        wallet.submit(replace(plan, steps=(starved, plan.steps[1])))
    assert len(sends(net)) == 1
    assert wallet.in_flight() == []
    assert wallet.deposit(token, AMOUNT).wait(timeout=30).status == 1


@ERA
def test_an_approval_that_fails_when_the_request_is_behind_it_is_told_as_its_end(
    net: Devnet, open_wallet: Open
) -> None:
    """The deposit fails on L1 for its gas alone; nothing is paid, nor left in flight."""
    wallet, token = open_wallet(net), net.tokens["DAI"]
    held = wallet.get_l1_balance(token)
    plan = wallet.prepare_deposit(token, AMOUNT)
    starved = replace(plan.steps[0], transaction=replace(plan.steps[0].transaction, gas_limit=30_000))
    net.l1.mining = False
    deposit = wallet.submit(replace(plan, steps=(starved, plan.steps[1])), reference="one")
    mined(net)
    with pytest.raises(TransactionFailed):
        deposit.wait(timeout=30)
    assert [entry.state for entry in REGISTER.journal.history()] == ["failed"]
    assert wallet.get_l1_balance(token) == held
    assert wallet.deposit(token, AMOUNT, reference="two").wait(timeout=30).status == 1
    arrived(net, token)


@ERA
def test_one_that_others_went_on_with_is_not_called_failed(net: Devnet, tmp_path: Path) -> None:
    """Its approval fails, and by then a keeper has sent the request: what becomes of that is what became of the order."""
    token = net.tokens["DAI"]
    wallet_of(net).approve(token, AMOUNT).wait(timeout=30)
    with Journal(tmp_path / "journal") as journal:

        def then(sent: int) -> None:
            if sent == 1:
                with Journal(tmp_path / "journal") as theirs:
                    wallet_of(net, journal=theirs).resume_all()

        wallet = wallet_of(net, l1=Counting(net, then), journal=journal)
        plan = wallet.prepare_deposit(token, 2 * AMOUNT)
        steps = [replace(one, transaction=replace(one.transaction, gas_limit=23_000)) for one in plan.steps[:-1]]
        deposit = wallet.submit(replace(plan, steps=(*steps, plan.steps[-1])))
        with pytest.raises(TransactionFailed):
            deposit.wait(timeout=30)
        assert [entry.state for entry in journal.history()] == ["failed"]


@ERA
def test_many_of_one_wallet_wait_once(net: Devnet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind one that waits none waits: what they take together is the time of one."""
    import asyncio
    from time import monotonic

    from zkcore import AsyncWallet

    monkeypatch.setattr("zkcore.wallet.submission._APPROVED", 1.0)
    token = net.tokens["DAI"]

    async def main() -> list[Any]:
        key = PrivateKeySigner(net.accounts[0].private_key)
        async with AsyncWallet(key, chain=net.profile, l1=net.l1_url, l2=net.l2_url) as wallet:
            deposits = await asyncio.gather(*[wallet.deposit(token, AMOUNT + at) for at in range(4)])
            assert monotonic() - begun < 4
            mined(net)
            return list(await asyncio.gather(*[one.wait(timeout=30) for one in deposits]))

    net.l1.mining, begun = False, monotonic()
    assert [receipt.status for receipt in asyncio.run(main())] == [1] * 4
    arrived(net, token, 4 * AMOUNT + 6)


@ERA
def test_an_edited_handle_has_nothing_else_approved(net: Devnet) -> None:
    wallet, token = wallet_of(net), net.tokens["DAI"]
    net.l1.mining = False
    deposit = wallet.deposit(token, AMOUNT)
    record = deposit._record
    for approvals in ((record.approvals[0], record.approvals[0]), (record.signed,)):
        edited: Any = wallet.resume(
            type(deposit)(wallet, replace(record, approvals=approvals, reference=None)).to_json()
        )
        signed = len(sends(net))
        with pytest.raises((InputError, PlanTampered)):
            edited.speed_up()
        assert len(sends(net)) == signed


# ---------------------------------------------------------------- where L2 is paid in an ERC-20
def arrived_once(wallet: Any, base: Any) -> None:
    """The whole deposit is there once; and so is the next one, for no nonce is left out."""
    assert wallet.get_balance(base) // WHOLE == 1
    assert wallet.deposit(base, WHOLE).wait(timeout=30).status == 1
    assert wallet.get_balance(base) // WHOLE == 2


@BASE_ERC20
@pytest.mark.parametrize("symbol", ["BASE", "ETH", "DAI"])
@pytest.mark.parametrize("waits_too", [True, False], ids=["approval waits", "approval is in"])
def test_where_l2_is_paid_in_an_erc20_it_is_sped_up(
    net: Devnet, open_wallet: Open, stops: Stops, symbol: str, waits_too: bool
) -> None:
    """With an approval of more: the one that waits is raised; behind one that is in, another takes the nonce of the request."""
    token = ETH if symbol == "ETH" else net.tokens[symbol]
    signer, base = CountingSigner(net), net.tokens["BASE"]
    steps = len(wallet_of(net).prepare_deposit(token, WHOLE).steps)
    wallet = open_wallet(net, signer)
    stops(1 if waits_too else steps)
    deposit = wallet.deposit(token, WHOLE)
    first = deposit.l1_tx_hash
    jump(net)
    signer.signed.clear()
    deposit.speed_up()
    *approvals, request = signer.signed
    assert request.nonce == steps - 1 + (not waits_too)
    assert len(approvals) == (steps - 1 if waits_too else 1)
    assert deposit._record.replaced == (first,)
    assert [nonce for nonce, _ in waits(net)] == [each.nonce for each in signer.signed]
    mined(net)
    assert deposit.wait(timeout=30).status == 1
    assert wallet.get_l1_allowance(base) == 0
    assert wallet.get_balance(token) >= WHOLE
    assert count(net) == steps + (not waits_too)
    assert REGISTER.journal.pending() == []
    assert wallet.deposit(token, WHOLE).wait(timeout=30).status == 1


@BASE_ERC20
def test_a_call_is_sped_up_too(net: Devnet, open_wallet: Open, stops: Stops) -> None:
    wallet = open_wallet(net)
    stops(2)
    call = wallet.request_execute(net.accounts[3].address, l2_value=WHOLE)
    jump(net)
    call.speed_up()
    mined(net)
    assert call.wait(timeout=30).status == 1
    assert wallet.get_l1_allowance(net.tokens["BASE"]) == 0


def only(net: Devnet, *raws: str) -> None:
    """These are all that waits."""
    for pending in list(net.l1.pool):
        net.l1.drop(pending.hash)
    for raw in raws:
        net.l1.eth_sendRawTransaction(raw)


@BASE_ERC20
@pytest.mark.parametrize("sent", ["both", "neither"])
def test_what_it_takes_the_place_of_may_win(net: Devnet, open_wallet: Open, stops: Stops, sent: str) -> None:
    """The old request is included, where the approval was to be: the new one behind it pays nothing, and is called nothing."""
    wallet, base = open_wallet(net), net.tokens["BASE"]
    stops(2)
    deposit = wallet.deposit(base, WHOLE)
    old, first = sends(net)[-1], deposit.l1_tx_hash
    deposit.speed_up()
    only(net, *([old, sends(net)[-1]] if sent == "both" else [old]))
    mined(net)
    assert deposit.wait(timeout=30).status == 1
    assert deposit.l1_tx_hash == first
    assert wallet.get_balance(base) // WHOLE == 1
    (entry,) = REGISTER.journal.history()
    assert entry.state == "done"
    for late in (deposit.speed_up, deposit.cancel):
        with pytest.raises(NonceTaken):
            late()
    assert wallet.deposit(base, WHOLE).wait(timeout=30).status == 1  # behind it, and no nonce is left out
    assert wallet.get_balance(base) // WHOLE == 2


@BASE_ERC20
def test_a_cancellation_of_both_nonces_is_not_believed_where_the_old_request_won(
    net: Devnet, open_wallet: Open, stops: Stops
) -> None:
    wallet, base = open_wallet(net), net.tokens["BASE"]
    stops(2)
    deposit = wallet.deposit(base, WHOLE, reference="one")
    old = sends(net)[-1]
    deposit.speed_up()
    cancelled = deposit.cancel()
    only(net, old, sends(net)[-1])
    mined(net)
    assert cancelled.wait(timeout=30).status == 1
    assert deposit.wait(timeout=30).status == 1
    assert [entry.state for entry in REGISTER.journal.history()] == ["done", "done"]
    wallet.deposit(base, WHOLE, reference="one")  # it is paid
    assert wallet.get_balance(base) // WHOLE == 1


@BASE_ERC20
def test_it_is_cancelled_under_both_nonces(net: Devnet, open_wallet: Open, stops: Stops) -> None:
    wallet, base = open_wallet(net), net.tokens["BASE"]
    stops(2)
    deposit = wallet.deposit(base, WHOLE)
    deposit.speed_up()
    cancelled = deposit.cancel()
    assert waits(net) == [(1, ""), (2, "")]
    mined(net)
    assert cancelled.wait(timeout=30).status == 1
    net.mine(3)
    with pytest.raises(TransactionFailed, match="never included"):
        deposit.wait(timeout=30)
    assert wallet.deposit(base, WHOLE).wait(timeout=30).status == 1


@pytest.fixture
def when_sent(net: Devnet, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], object]], None]:
    """What is done right after L1 has taken the next transaction, of which it has mined nothing yet."""
    inner, acts = net.l1.methods["eth_sendRawTransaction"], list[Callable[[str], object]]()

    def send(raw: str) -> str:
        tx_hash = str(inner(raw))
        if acts:
            acts.pop()(tx_hash)
        return tx_hash

    monkeypatch.setitem(net.l1.methods, "eth_sendRawTransaction", send)
    return acts.append


WhenSent = Callable[[Callable[[str], object]], None]


def in_its_place(net: Devnet, raw: str) -> Callable[[str], None]:
    """Another transaction is included in the place of the one that was sent."""

    def act(sent: str) -> None:
        net.l1.drop(Hash32(sent))
        net.l1.mining = True
        net.l1.eth_sendRawTransaction(raw)
        net.l1.mining = False

    return act


@ERA
def test_an_approval_in_whose_place_another_is_included_sends_nothing_more(
    net: Devnet, open_wallet: Open, when_sent: WhenSent
) -> None:
    """By a wallet that shares nothing with this one."""
    wallet, key = open_wallet(net), PrivateKeySigner(net.accounts[0].private_key)
    other = sign_plan(wallet.prepare_l1_transfer(net.accounts[3].address, 1), key).raw_transactions[0]
    net.l1.mining = False
    when_sent(in_its_place(net, "0x" + other.hex()))
    with pytest.raises(NonceTaken):
        wallet.deposit(net.tokens["DAI"], AMOUNT, reference="one")
    assert len(sends(net)) == 1
    assert wallet.in_flight() == []
    mined(net)
    assert wallet.deposit(net.tokens["DAI"], AMOUNT, reference="one").wait(timeout=30).status == 1
    arrived(net, net.tokens["DAI"])


@BASE_ERC20
def test_the_old_request_wins_while_it_is_sped_up(
    net: Devnet, open_wallet: Open, stops: Stops, when_sent: WhenSent
) -> None:
    """The new one is not sent, nothing is left out, and what the order is told is what the old one came to."""
    wallet, base = open_wallet(net), net.tokens["BASE"]
    stops(2)
    deposit = wallet.deposit(base, WHOLE, reference="one")
    when_sent(in_its_place(net, sends(net)[-1]))
    with pytest.raises(NonceTaken):
        deposit.speed_up()
    assert len(sends(net)) == 3
    mined(net)
    assert deposit.wait(timeout=30).status == 1
    assert [entry.state for entry in REGISTER.journal.history()] == ["done"]
    assert wallet.deposit(base, WHOLE, reference="two").wait(timeout=30).status == 1
    assert wallet.get_balance(base) // WHOLE == 2
    assert count(net) == 4


@BASE_ERC20
@pytest.mark.parametrize("waits_too", [True, False], ids=["approval waits", "approval is in"])
@pytest.mark.parametrize("refused", [0, 1], ids=["approval", "request"])
def test_nodes_refuse_a_part_of_it(
    net: Devnet, open_wallet: Open, stops: Stops, when_sent: WhenSent, waits_too: bool, refused: int
) -> None:
    """What was sent stands, or what is signed: and the order is sped up again, and paid once."""
    wallet, base = open_wallet(net), net.tokens["BASE"]
    stops(1 if waits_too else 2)
    deposit = wallet.deposit(base, WHOLE, reference="one")
    jump(net)

    def refuse(_: str) -> None:
        net.faults.add(Failure(-32000, "intrinsic gas too low"), node="l1", method="eth_sendRawTransaction", times=1)

    refuse("") if refused == 0 else when_sent(refuse)
    with pytest.raises(RpcError, match="intrinsic gas"):
        deposit.speed_up()
    (entry,) = wallet.in_flight()
    assert entry.state == ("signed" if refused else "sent")
    if refused == 0:
        deposit.speed_up()
    else:  # by whoever goes on with it
        (deposit,) = wallet.resume_all()
    mined(net)
    assert deposit.wait(timeout=30).status == 1
    assert wallet.in_flight() == []
    assert wallet.deposit(base, WHOLE, reference="two").wait(timeout=30).status == 1
    assert wallet.get_balance(base) // WHOLE == 2


@BASE_ERC20
@pytest.mark.parametrize("why", ["another waits behind", "no approval was wanted", "it was so before"])
def test_where_no_nonce_is_left_it_is_refused_by_name(net: Devnet, open_wallet: Open, stops: Stops, why: str) -> None:
    base, signer = net.tokens["BASE"], CountingSigner(net)
    wallet = open_wallet(net, signer)
    stops(2)
    if why == "no approval was wanted":
        exactly = wallet.prepare_deposit(base, WHOLE).steps[0].transaction
        wallet.approve(base, int.from_bytes(exactly.data[-32:])).wait(timeout=30)
    deposit = wallet.deposit(base, WHOLE, approve=why != "no approval was wanted")
    others = [open_wallet(net).deposit(base, WHOLE)] if why == "another waits behind" else []
    if why == "it was so before":  # its approval is in, and may yet make room for the request of before
        deposit.speed_up()
        net.l1.drop(deposit.l1_tx_hash)
        net.mine(1)
    signed = len(signer.signed)
    jump(net)
    with pytest.raises(NotCovered, match=r"cancel\(\) it, and order it again") as refused:
        deposit.speed_up()
    assert isinstance(refused.value, InsufficientAllowance)
    assert refused.value.needed > refused.value.allowance > 0
    assert len(signer.signed) == signed
    cancelled = deposit.cancel()
    for other in others:
        other.speed_up()
    mined(net)
    assert cancelled.wait(timeout=30).status == 1
    net.mine(3)
    assert wallet.deposit(base, WHOLE).wait(timeout=30).status == 1


@BASE_ERC20
def test_a_token_that_wants_an_approval_of_nothing_first_is_refused_by_name(
    net: Devnet, open_wallet: Open, stops: Stops
) -> None:
    """The approval of nothing would have the nonce of the request of before, and the one of more another: both could be paid."""
    base, wallet = net.tokens["BASE"], open_wallet(net)
    net.l1.rpc("anvil_setCode", str(base), to_hex(artifact("TetherLike", "runtime")))
    stops(2)
    deposit = wallet.deposit(base, WHOLE)
    jump(net)
    with pytest.raises(NotCovered):
        deposit.speed_up()
    deposit.cancel()
    mined(net)
    assert wallet.get_balance(base) // WHOLE == 0
    assert wallet.deposit(base, WHOLE).wait(timeout=30).status == 1


@BASE_ERC20
def test_behind_an_approval_that_waits_it_is_refused_by_name(net: Devnet, open_wallet: Open) -> None:
    """An approval of another order, of more than both would take: the request of before could be paid, and the new one too."""
    base, wallet = net.tokens["BASE"], open_wallet(net)
    exactly = wallet.prepare_deposit(base, WHOLE).steps[0].transaction
    wallet.approve(base, int.from_bytes(exactly.data[-32:])).wait(timeout=30)
    net.l1.mining = False
    wallet.approve(base, 100 * WHOLE)
    deposit = wallet.deposit(base, WHOLE)
    assert [nonce for nonce, _ in waits(net)] == [1, 2]
    jump(net)
    with pytest.raises(NotCovered):
        deposit.speed_up()
    net.l1.base_fee //= 4
    mined(net)
    assert deposit.wait(timeout=30).status == 1
    assert wallet.get_balance(base) // WHOLE == 1


@BASE_ERC20
@pytest.mark.parametrize(
    ("after", "waits_too"), [(True, True), (False, False)], ids=["approval waits", "approval is in"]
)
def test_killed_between_the_two(net: Devnet, tmp_path: Path, stops: Stops, after: bool, waits_too: bool) -> None:
    """At every boundary of a speed_up with an approval of its own: another process goes on, and it is paid once."""
    base, boundary, killed = net.tokens["BASE"], 0, True
    while killed:
        boundary += 1
        snapshot = net.snapshot()
        path = tmp_path / f"journal {boundary}"
        with Journal(path) as journal:
            wallet = wallet_of(net, journal=journal)
            stops(1 if waits_too else 2)
            deposit = wallet.deposit(base, WHOLE)
            jump(net)
            killed = run_until(wallet, deposit._faster(None), boundary, after=after)
        REGISTER.forget()
        with Journal(path) as journal:
            elsewhere = wallet_of(net, journal=journal)
            (handle,) = elsewhere.resume_all()
            if boundary % 2 or not handle._record.replaced:
                handle.speed_up()
            mined(net)
            assert handle.wait(timeout=30).status == 1
            assert journal.pending() == []
            arrived_once(elsewhere, base)
        net.revert(snapshot)
        REGISTER.forget()
    assert boundary > 10


@BASE_ERC20
@pytest.mark.parametrize("how", ["once", "again", "handle alone", "keeper", "the second of two first"])
def test_other_ways_to_the_same(net: Devnet, open_wallet: Open, stops: Stops, how: str) -> None:
    """Its approval is in. What of it waits is replaced again, from anywhere, and paid once."""
    wallet, base = open_wallet(net), net.tokens["BASE"]
    stops(2)
    deposits = [wallet.deposit(base, WHOLE)]
    jump(net)
    if how == "keeper":
        keeper = Both([wallet], policy=KeeperPolicy(replace_after=1e-6))
        assert [(one.errors, len(one.ordered)) for one in keeper.round()] == [((), 1)]
    elif how == "handle alone":
        kept = deposits[0].to_json()
        REGISTER.forget()
        deposits = [wallet.resume(kept)]
    if how == "the second of two first":
        deposits.insert(0, wallet.deposit(base, WHOLE))
        net.l1.base_fee *= 2
        deposits[0].speed_up()
        with pytest.raises(NotCovered):
            deposits[1].speed_up()
        deposits[1].cancel()
    elif how != "keeper":
        deposits[0].speed_up()
    if how == "again":
        jump(net)
        deposits[0].speed_up()
        assert len(deposits[0]._record.replaced) == 2
    mined(net)
    assert deposits[0].wait(timeout=30).status == 1
    assert wallet.get_l1_allowance(base) == 0
    arrived_once(wallet, base)


@BASE_ERC20
def test_it_is_moved_again_once_what_is_below_is_final(net: Devnet, open_wallet: Open, stops: Stops) -> None:
    wallet, base = open_wallet(net), net.tokens["BASE"]
    stops(2)
    deposit = wallet.deposit(base, WHOLE)
    deposit.speed_up()
    only(net, sends(net)[2])
    net.mine(1)
    only(net, sends(net)[3])  # the approval is in, and the request waits behind it
    jump(net)
    net.mine(80)
    deposit.speed_up()
    assert [nonce for nonce, _ in waits(net)] == [2, 3]
    mined(net)
    assert deposit.wait(timeout=30).status == 1
    arrived_once(wallet, base)


@BASE_ERC20
def test_where_more_is_approved_the_request_is_sped_up_with_it(net: Devnet, open_wallet: Open) -> None:
    wallet, base = open_wallet(net), net.tokens["BASE"]
    net.l1.mining = False
    deposit = wallet.deposit(base, WHOLE, approve=ether("100"))
    jump(net)
    deposit.speed_up()
    mined(net)
    assert deposit.wait(timeout=30).status == 1
    assert count(net) == 2


@BASE_ERC20
def test_a_mint_value_that_is_enough_for_the_new_fees_stays(net: Devnet, open_wallet: Open) -> None:
    """The caller's own, larger than what was needed: it is kept, and what is approved is enough."""
    wallet, to = open_wallet(net), net.accounts[3].address
    quote = wallet.quote_request_execute(to, l2_value=WHOLE)
    mint = 10 * quote.mint_value
    net.l1.mining = False
    call = wallet.request_execute(to, l2_value=WHOLE, mint_value=mint)
    jump(net)
    call.speed_up(l1=TxOptions(max_fee_per_gas=5 * net.l1.base_fee, max_priority_fee_per_gas=gwei("3")))
    mined(net)
    assert call.wait(timeout=30).status == 1
    assert wallet.get_l1_allowance(net.tokens["BASE"]) == 0
    assert count(net) == 2
