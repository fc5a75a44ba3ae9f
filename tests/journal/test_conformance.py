"""What every journal does: one suite, over SQLite and PostgreSQL (conftest.py)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from msgspec.structs import replace

from tests.wallet.test_plans import SIGNED
from zkcore.errors import PlanTampered
from zkcore.journal import AGAIN, MOVING, Entry
from zkcore.plans.records import record_of, record_to_json
from zkcore.types import Hash32

NONCES = [(step.transaction.chain_id or 0, step.transaction.nonce) for step in SIGNED.plan.steps]
ASKED = Entry(
    reference="invoice 7",
    state="asked",
    kind=SIGNED.kind,
    account=SIGNED.plan.sender,
    l1_chain_id=SIGNED.plan.facts.l1_chain_id,
    l2_chain_id=SIGNED.plan.facts.l2_chain_id,
    asked_at=1_000.0,
    changed_at=1_000.0,
    ask='{"deposit":{"amount":"5"}}',
)
KEPT = replace(
    ASKED,
    state="signed",
    plan=SIGNED,
    handle=record_to_json(record_of(SIGNED, "invoice 7")),
    hashes=(SIGNED.hash, SIGNED.tx_hashes[-1]),
)


def test_an_order_from_asked_to_done(journal: Any, reopen: Callable[[], Any]) -> None:
    assert journal.ask(ASKED) is None
    assert journal.find("invoice 7") == ASKED
    assert (journal.asked(), journal.pending()) == ([ASKED], [])
    assert journal.sign(KEPT, NONCES)
    assert journal.pending() == [KEPT] == reopen().pending()
    assert journal.with_hash(SIGNED.tx_hashes[-1]) == [KEPT]
    assert set(journal.taken(*NONCES[0][:1], KEPT.account, 0)) == {nonce for _, nonce in NONCES}
    assert journal.move("invoice 7", "sent", since=("signed",))
    on_l2 = Hash32(b"\x07" * 32)
    assert journal.move("invoice 7", "done", since=MOVING, note="L2_EXECUTED", hashes=[on_l2])
    assert journal.pending() == []
    (done,) = journal.history()
    assert (done.state, done.note, done.hashes) == ("done", "L2_EXECUTED", (*KEPT.hashes, on_l2))
    assert done.changed_at > ASKED.asked_at == done.asked_at
    assert journal.with_hash(on_l2) == [done]


def test_what_was_signed_is_given_back_to_who_asks_again(journal: Any) -> None:
    journal.ask(ASKED)
    journal.sign(KEPT, NONCES)
    for state in ("signed", "uncertain", "sent", "claimable", "done"):
        journal.move("invoice 7", state, since=(*MOVING, "signed"))
        kept = journal.ask(replace(ASKED, ask="something else"))
        assert (kept.state, kept.plan) == (state, SIGNED)


@pytest.mark.parametrize("state", AGAIN)
def test_what_never_left_may_be_signed_anew(journal: Any, state: Any) -> None:
    journal.ask(ASKED)
    journal.move("invoice 7", state, since=("asked",))
    assert journal.ask(replace(ASKED, ask="anew")) is None
    assert journal.find("invoice 7").ask == "anew"


def test_a_nonce_is_one_orders(journal: Any, reopen: Callable[[], Any]) -> None:
    journal.ask(ASKED)
    assert journal.sign(KEPT, NONCES)
    assert journal.sign(KEPT, NONCES)  # once more, it is its own
    other = replace(KEPT, reference="invoice 8", handle=record_to_json(record_of(SIGNED, "invoice 8")))
    reopen().ask(replace(ASKED, reference="invoice 8"))
    assert not reopen().sign(other, NONCES)
    assert journal.find("invoice 8").state == "asked"  # nothing of it was kept
    assert not reopen().sign(other, [(NONCES[0][0], 999), NONCES[0]])
    assert 999 not in journal.taken(NONCES[0][0], KEPT.account, 0)
    journal.move("invoice 7", "refused", since=("signed",), free=True)
    assert journal.sign(other, NONCES)


def test_a_state_is_left_only_for_one_that_may_follow(journal: Any) -> None:
    journal.ask(ASKED)
    assert not journal.move("invoice 7", "sent", since=("signed",))
    assert not journal.move("nobody's", "sent", since=("asked",))
    assert journal.find("invoice 7").state == "asked"


def test_what_is_told_again_has_not_changed(journal: Any) -> None:
    journal.ask(ASKED)
    journal.sign(KEPT, NONCES)
    journal.move("invoice 7", "sent", since=MOVING, note="L1_PENDING")
    before = journal.find("invoice 7").changed_at
    journal.move("invoice 7", "sent", since=MOVING, note="L1_PENDING", handle=KEPT.handle)
    assert journal.find("invoice 7").changed_at == before
    journal.move("invoice 7", "sent", since=MOVING, note="L1_INCLUDED")
    assert journal.find("invoice 7").changed_at >= before


def test_dropping_frees_the_nonces(journal: Any) -> None:
    journal.ask(ASKED)
    journal.sign(KEPT, NONCES)
    journal.drop(KEPT)
    assert (journal.pending(), journal.find("invoice 7").state) == ([], "dropped")
    assert not journal.taken(NONCES[0][0], KEPT.account, 0)


def test_only_one_has_a_lease_until_it_gives_it_back(journal: Any, reopen: Callable[[], Any]) -> None:
    other = reopen()
    assert journal.lease("nonces")
    assert not other.lease("nonces")
    assert other.lease("another")
    other.release("nonces")  # not its own
    assert not other.lease("nonces")
    journal.release("nonces")
    assert other.lease("nonces")
    other.close()
    assert journal.lease("nonces")
    journal.release("nonces")
    journal.release("nonces")


def test_many_leases_at_once_are_those_that_are_free(journal: Any, reopen: Callable[[], Any]) -> None:
    other, names = reopen(), {f"order {i}" for i in range(700)}
    assert other.lease_all(["order 7", "order 8"]) == {"order 7", "order 8"}
    assert journal.lease_all(iter(sorted(names))) == names - {"order 7", "order 8"}
    assert journal.lease_all(names | {"another"}) == (names - {"order 7", "order 8"}) | {"another"}  # ours are ours
    assert other.lease_all(names) == {"order 7", "order 8"}
    assert journal.lease_all([]) == set()
    journal.release(*names)  # those that are not ours as well: they stay the other's
    journal.release()
    assert journal.lease("order 7") is False
    assert other.lease_all(names | {"another"}) == names
    other.close()
    assert journal.lease_all(names) == names


def test_who_went_on_with_an_older_reading_is_refused(journal: Any, reopen: Callable[[], Any]) -> None:
    """A lease that was lost unawares, two that replace one request: the journal decides, not the lease."""
    journal.ask(ASKED)
    assert journal.sign(KEPT, NONCES)
    stranger = replace(KEPT, hashes=(*KEPT.hashes, Hash32(b"\x01" * 32)))
    assert reopen().sign(stranger, ())  # it replaces what it has read
    assert not journal.sign(replace(KEPT, note="late"), ())
    assert not journal.sign(replace(KEPT, hashes=(*KEPT.hashes, Hash32(b"\x02" * 32))), ())
    assert journal.find("invoice 7") == stranger
    for state in ("done", "dropped", "replaced", "failed", "refused"):
        journal.move("invoice 7", state, since=(*MOVING, "done", "dropped", "replaced", "failed"))
        assert not journal.sign(stranger, ()), state


def test_a_handle_is_changed_by_who_has_read_it(journal: Any) -> None:
    journal.ask(ASKED)
    assert not journal.move("invoice 7", "sent", since=("asked",), was=KEPT.handle)  # there is none yet
    journal.sign(KEPT, NONCES)
    assert not journal.move("invoice 7", "sent", since=MOVING, was="another", handle="lost")
    assert journal.find("invoice 7") == KEPT
    assert journal.move("invoice 7", "sent", since=MOVING, was=KEPT.handle)
    assert journal.move("invoice 7", "done", since=MOVING)


def test_what_is_in_flight_has_its_bytes(journal: Any) -> None:
    journal.ask(ASKED)
    with journal._transaction() as execute:
        execute("update orders set state = 'sent'", ())
    assert journal.pending() == []
    assert list(journal.unreadable) == ["invoice 7"]


def test_of_many_that_ask_at_once_one_signs(reopen: Callable[[], Any]) -> None:
    """Connections of their own, all opening an empty journal, asking for one reference, and taking one nonce."""
    journals = [reopen() for _ in range(8)]

    def order(place: int) -> bool:
        entry = replace(ASKED, reference=f"order {place}")
        assert journals[place].ask(entry) is None
        handle = record_to_json(record_of(SIGNED, entry.reference))
        signed: bool = journals[place].sign(replace(KEPT, reference=entry.reference, handle=handle), NONCES)
        return signed

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(order, range(8))) == 1
        held = list(pool.map(lambda journal: journal.lease("all"), journals))
    assert sum(held) == 1
    assert len(journals[0].history()) == 8


def test_what_does_not_read_is_told_and_hides_nothing(journal: Any) -> None:
    journal.ask(ASKED)
    journal.sign(KEPT, NONCES)
    journal.ask(replace(ASKED, reference="another", asked_at=2_000.0))
    with journal._transaction() as execute:
        execute("update orders set plan = ? where reference = ?", ("{", "invoice 7"))
    assert [entry.reference for entry in journal.history()] == ["another"]
    assert list(journal.unreadable) == ["invoice 7"]
    with pytest.raises(PlanTampered, match="invoice 7"):
        journal.find("invoice 7")


def test_a_text_with_a_question_mark_is_a_value(journal: Any) -> None:
    odd = replace(ASKED, reference="who? %s 'quoted' ; -- what", ask="?%s")
    assert journal.ask(odd) is None
    assert journal.find(odd.reference) == odd


def test_nonces_are_freed_where_that_is_said_and_the_state_changed(journal: Any) -> None:
    journal.ask(ASKED)
    journal.sign(KEPT, NONCES)
    taken = {nonce for _, nonce in NONCES}
    assert journal.move("invoice 7", "sent", since=("signed",))
    assert set(journal.taken(NONCES[0][0], KEPT.account, 0)) == taken
    assert not journal.move("invoice 7", "refused", since=("signed",), free=True)
    assert set(journal.taken(NONCES[0][0], KEPT.account, 0)) == taken
    assert journal.move("invoice 7", "refused", since=("sent",), free=True)
    assert set(journal.taken(NONCES[0][0], KEPT.account, 0)) == set()


def test_who_reads_does_not_wait_for_who_writes(journal: Any, reopen: Callable[[], Any]) -> None:
    journal.ask(ASKED)
    journal.sign(KEPT, NONCES)
    writer = reopen()
    with writer._transaction() as execute:
        execute("update orders set note = 'not told yet'", ())
        assert journal.find("invoice 7") == KEPT
        assert journal.with_hash(SIGNED.hash) == [KEPT]
        assert set(journal.taken(NONCES[0][0], KEPT.account, 0)) == {nonce for _, nonce in NONCES}
        assert journal.pending() == journal.history() == [KEPT]
    assert journal.find("invoice 7").note == "not told yet"


def test_leaving_the_block_closes_it(reopen: Callable[[], Any]) -> None:
    other = reopen()
    with reopen() as journal:
        assert journal.lease("nonces")
        assert not other.lease("nonces")
    assert other.lease("nonces")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("handle = null", "its parts contradict one another"),
        ("plan = null", "its parts contradict one another"),
        ("plan = null, handle = null", "its parts contradict one another"),  # and it may move money
        ("hashes = ''", "its parts contradict one another"),  # what it sent is not among them
        ("kind = 'withdrawal'", "its plan is another one's"),
        ("account = '0x0000000000000000000000000000000000000007'", "its plan is another one's"),
        ("l1_chain_id = 7", "its handle has another l1_chain_id"),
        ("l2_chain_id = 7", "its handle has another l2_chain_id"),
    ],
)
def test_parts_of_two_orders_are_no_order(
    journal: Any, change: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    journal.ask(ASKED)
    journal.sign(KEPT, NONCES)
    with journal._transaction() as execute:
        execute(f"update orders set {change}", ())
    told = f"the journal's entry 'invoice 7' cannot be read: {why}"
    with pytest.raises(PlanTampered, match=f"^{told}$"):
        journal.find("invoice 7")
    assert caplog.messages == []
    assert journal.history() == []
    assert journal.unreadable == {"invoice 7": told}
    assert caplog.messages == [told]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
