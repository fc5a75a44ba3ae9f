"""A process that dies between journal, signature, send and reply: nothing is lost, and nothing is sent twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from signers import PrivateKeySigner
from tests.wallet.tools import AMOUNT, ERA, count, sends, wallet_of
from zkcore import ETH
from zkcore.errors import NonceTaken
from zkcore.ethereum.signature import Signature
from zkcore.journal.sqlite import Journal
from zkcore.plans.plan import Plan, SignedPlan, sign_plan
from zkcore.testing.devnet import Devnet, Drop, Failure
from zkcore.wallet.handles import Deposit
from zkcore.wallet.nonces import REGISTER


class Killed(BaseException):
    """The process ends here. Not an Exception: nobody may catch it."""


def run_until(wallet: Any, submission: Any, boundary: int, *, after: bool) -> bool:
    """Run a submission and kill it before, or right after, carrying out its nth own effect. Whether it was killed."""
    done = 0
    carry_out = wallet._driver  # the real one; only `own` is watched

    class Dying:
        def run(self, step: Any, *, on_progress: Any = None, own: Any = None) -> Any:
            def watched(effect: Any) -> Any:
                nonlocal done
                done += 1
                if done == boundary and not after:
                    raise Killed
                answer = own(effect)
                if done == boundary:
                    raise Killed
                return answer

            return carry_out.run(step, on_progress=on_progress, own=watched)

    wallet._driver = Dying()
    try:
        wallet._run_submission(submission)
    except Killed:
        return True
    finally:
        wallet._driver = carry_out
    return False


def check_sent_once(net: Devnet, plan: Plan[Any], before: int, held: int, deposit: Deposit) -> None:
    """On the chain: every step once, the money moved once, in blocks under just its nonces."""
    assert deposit.wait(timeout=30).status == 1
    assert count(net) == before + len(plan.steps)
    raws = sends(net)
    assert len(set(raws)) == len(plan.steps)  # the same bytes may have been sent again; other bytes never
    assert wallet_of(net).get_l1_balance(net.tokens["DAI"]) == held - AMOUNT


@ERA
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("boundary", range(1, 15))
@pytest.mark.parametrize("kept", ["journal", "plan"])
def test_killed_at_every_boundary(net: Devnet, tmp_path: Path, boundary: int, after: bool, kept: str) -> None:
    """With a journal, `pending()` knows it; without one, the signed plan that was stored does."""
    journal = Journal(tmp_path / "journal") if kept == "journal" else None
    wallet = wallet_of(net, journal=journal)
    before, held = count(net), wallet.get_l1_balance(net.tokens["DAI"])
    plan = wallet.prepare_deposit(net.tokens["DAI"], AMOUNT)
    # prepare, sign, store, submit; with a journal, the wallet signs
    stored: Any = plan if journal else sign_plan(plan, PrivateKeySigner(net.accounts[0].private_key))
    killed = run_until(wallet, wallet._submitting(stored), boundary, after=after)
    signing = ["sign", "sign"] if journal else []
    covering = ["taken", "pending"] if journal else []  # what is signed already is not looked at for its allowance
    effects = ["hold", "find", "find", "hold", *covering, "ask", *signing, "signed", "send", "send", "sent", "free"]
    assert killed == (boundary <= len(effects))
    if journal is not None:
        journal.close()
    REGISTER.forget()
    # another process
    again = Journal(tmp_path / "journal") if journal else None
    survivor = wallet_of(net, journal=again)
    if again is None:
        handle = survivor.submit(SignedPlan.from_json(stored.to_json()))
    else:
        asked, signed = effects.index("ask") + 1, effects.index("signed") + 1
        written = boundary > signed or (boundary == signed and after)
        entries = again.pending()
        assert len(entries) == written
        assert len(again.asked()) == (not written and (boundary > asked or (boundary == asked and after)))
        if written:
            assert entries[0].plan.hash == plan.hash
            (handle,) = survivor.resume_all()
        else:
            assert survivor.resume_all() == []  # what was never signed is not signed by a resume
            assert not sends(net)
            handle = survivor.submit(plan)
    check_sent_once(net, plan, before, held, handle)
    if again is not None:
        assert again.pending() == []  # it has come to its end
        again.close()


CHILD = """
import os, signal, sys
from signers import PrivateKeySigner
from zkcore import Wallet
from zkcore.protocol.chains import ChainProfile
from zkcore.plans.plan import Plan
from zkcore.journal.sqlite import Journal
l1, l2, hub, l1_id, l2_id, journal, plan_file, boundary, after = sys.argv[1:]
profile = ChainProfile(bridgehub=hub, l1_chain_id=int(l1_id), l2_chain_id=int(l2_id))
wallet = Wallet(PrivateKeySigner.from_env("KEY"), chain=profile, l1=l1, l2=l2, journal=Journal(journal))
plan = Plan.from_json(open(plan_file, encoding="utf-8").read())
driver, done = wallet._driver, 0

class Dying:
    def run(self, step, *, on_progress=None, own=None):
        def watched(effect):
            global done
            done += 1
            if done == int(boundary) and after == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            answer = own(effect)
            if done == int(boundary):
                os.kill(os.getpid(), signal.SIGKILL)
            return answer
        return driver.run(step, on_progress=on_progress, own=watched)

wallet._driver = Dying()
wallet._run_submission(wallet._submitting(plan))
print("lived")
"""


@ERA
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")
def test_kill_9_at_every_boundary(net: Devnet, tmp_path: Path) -> None:
    """Real processes, really killed: after the journal, the signature, the journal again, the send, its reply."""
    boundaries = [(number, "after") for number in range(5, 10)]
    children: list[Any] = []
    plans: list[Plan[Any]] = []
    for who, (number, when) in enumerate(boundaries):
        plan = wallet_of(net, who).prepare_deposit(ETH, AMOUNT)
        plans.append(plan)
        (tmp_path / f"plan{who}").write_text(plan.to_json(), encoding="utf-8")
        profile = net.profile
        arguments = [net.l1_url, net.l2_url, str(profile.bridgehub), str(profile.l1_chain_id), str(profile.l2_chain_id)]
        arguments += [str(tmp_path / f"journal{who}"), str(tmp_path / f"plan{who}"), str(number), when]
        environment = os.environ | {"KEY": str(net.accounts[who].private_key), "PYTHONPATH": os.pathsep.join(sys.path)}
        children.append(
            subprocess.Popen([sys.executable, "-c", CHILD, *arguments], env=environment, stdout=subprocess.DEVNULL)
        )
    assert {child.wait(60) for child in children} == {-signal.SIGKILL}
    for who, plan in enumerate(plans):
        with Journal(tmp_path / f"journal{who}") as journal:
            survivor = wallet_of(net, who, journal=journal)
            (handle,) = survivor.resume_all() or [survivor.submit(plan)]
            assert handle.wait(timeout=30).status == 1
            assert count(net, who) == 1
            assert journal.pending() == []
    assert len(set(sends(net))) == len(plans)


@ERA
@pytest.mark.parametrize(
    "lost", [Drop(after=True), Drop(), Failure(-32000, "already known")], ids=["reply", "request", "known"]
)
def test_a_send_whose_reply_is_lost(net: Devnet, lost: Any) -> None:
    wallet = wallet_of(net)
    net.faults.add(lost, node="l1", method="eth_sendRawTransaction", times=1)
    plan = wallet.prepare_deposit(ETH, AMOUNT)
    assert wallet.submit(plan).wait(timeout=30).status == 1
    assert count(net) == 1
    assert len(set(sends(net))) == 1


# ---------------------------------------------------------------- signed again, it may be another transaction
class Moody:
    """As a KMS: its second signature of the same is another one, and as good."""

    def __init__(self, net: Devnet) -> None:
        self._inner = PrivateKeySigner(net.accounts[0].private_key)
        self.address, self.capabilities = self._inner.address, self._inner.capabilities
        self.signed = 0
        self._key = bytes.fromhex(str(net.accounts[0].private_key).removeprefix("0x"))

    def sign_transaction(self, tx: Any) -> Signature:
        from Crypto.Util.number import inverse
        from eth_keys.backends.native.jacobian import fast_multiply
        from eth_keys.constants import SECPK1_G, SECPK1_N

        self.signed += 1
        k = 0x1234567 + self.signed
        x, y = fast_multiply(SECPK1_G, k)
        digest, key = int.from_bytes(tx.signing_hash()), int.from_bytes(self._key)
        s = inverse(k, SECPK1_N) * (digest + x % SECPK1_N * key) % SECPK1_N
        odd = y % 2
        if s > SECPK1_N // 2:
            s, odd = SECPK1_N - s, 1 - odd
        return Signature(x % SECPK1_N, s, odd)


@ERA
def test_a_signer_with_other_signatures_each_time_sends_once(net: Devnet, tmp_path: Path) -> None:
    signer: Any = Moody(net)
    plan = wallet_of(net, signer).prepare_deposit(ETH, AMOUNT)
    one, other = sign_plan(plan, signer), sign_plan(plan, signer)
    assert one.tx_hashes != other.tx_hashes
    with Journal(tmp_path / "journal") as journal:
        wallet = wallet_of(net, signer, journal=journal)
        signed = signer.signed
        first = wallet.submit(plan)
        second = wallet_of(net, signer, journal=journal).submit(plan)  # the journal has it, signed: nobody signs again
        assert signer.signed == signed + 1
        assert second.l1_tx_hash == first.l1_tx_hash
        assert [entry.state for entry in journal.pending()] == ["sent"]
        assert first.wait(timeout=30).status == 1
        assert journal.pending() == []
    with pytest.raises(NonceTaken):  # without a journal: another transaction, under a nonce that is used
        wallet_of(net, signer).submit(plan)
    assert count(net) == 1
