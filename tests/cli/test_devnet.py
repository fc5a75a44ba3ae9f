"""The real program, as a process, against a devnet: every command, for people and for programs, and every exit code."""

import os

import pytest

import zkcore
from signers import PrivateKeySigner
from tests.cli.tool import Cli
from zkcore import ETH, Wallet, ether
from zkcore.cli.exits import Exit
from zkcore.testing.devnet import Devnet

HASH = r"0x[0-9a-f]{64}"
NOBODY = "0x" + "ab" * 32


def test_deposit_and_what_tells_of_it(cli: Cli, net: Devnet) -> None:
    told = cli("deposit", "0.1", "eth", "--yes", "--reference", "order 1", "--json")
    assert told.code == Exit.DONE, told
    sent = told.json
    assert sent["kind"] == "deposit"
    assert sent["status"]["phase"] == "L2_EXECUTED"
    assert int(sent["max_total"]) > ether("0.1")
    assert any(field["value"].startswith("0.1 ETH (100000000000000000 wei)") for field in sent["preview"])
    assert told.events[-1]["phase"] == "L2_EXECUTED"
    assert "Plan: deposit" in told.err

    for what in (sent["l1_tx_hash"], sent["l2_tx_hash"], "order 1"):
        seen = cli("status", what, "--json").json
        assert seen["status"]["phase"] == "L2_EXECUTED", what
        assert seen["l1_tx_hash"] == sent["l1_tx_hash"]
    shown = cli("status", sent["l2_tx_hash"], "--journal", "none")
    assert shown.code == 0
    assert "done: it ran on L2" in shown.out
    assert cli("wait", "order 1").code == Exit.DONE
    (kept,) = cli("history", "--json").json["history"]
    assert (kept["reference"], kept["state"], kept["kind"]) == ("order 1", "done", "deposit")
    assert (kept["amount"], kept["receiver"]) == (str(ether("0.1")), str(net.accounts[0].address))
    told_of = cli("history").out
    assert "order 1" in told_of
    assert f"0.1 ETH (100000000000000000 wei) to {net.accounts[0].address}" in " ".join(told_of.split())
    assert cli("pending", "--json").json == {"pending": []}
    assert len(cli("history", "--chain", "devnet", "--json").json["history"]) == 1
    assert cli("history", "--chain", "era", "--json").json == {"history": []}  # the orders of another chain

    assert cli("hash", sent["l1_tx_hash"]).out.strip() == sent["l2_tx_hash"]
    proved = cli("proof", sent["l2_tx_hash"], "--json").json
    assert proved["verified"] is True
    assert proved["proof"]["succeeded"] is True

    again = cli("deposit", "0.1", "eth", "--reference", "order 1", "--json")  # nothing is signed: nothing is asked
    assert again.code == Exit.DONE, again
    assert (again.json["l1_tx_hash"], again.json["ordered_before"]) == (sent["l1_tx_hash"], True)
    assert "order 1 was ordered before, and is paid once: it is done in the journal" in again.err
    assert "Plan:" not in again.err
    assert "sent:" not in again.err
    for changed in (("deposit", "0.1", "eth", "--to", "0x" + "ab" * 20), ("withdraw", "0.01", "eth")):
        refused = cli(*changed, "--reference", "order 1")
        assert refused.code == Exit.USAGE
        assert "order 1 is the name of another order, a deposit" in refused.err
        assert "zkcore status 'order 1'" in refused.err
    other = cli("deposit", "0.2", "eth", "--yes", "--reference", "order 1", "--json")
    assert other.code == Exit.USAGE
    assert "order 1" in other.json["message"]
    (cli.home / "handle.json").write_text(sent["handle"], encoding="utf-8")
    assert "Handle: deposit" in cli("show", "handle.json").out


def test_withdraw_and_finalize(cli: Cli, net: Devnet) -> None:
    assert cli("deposit", "1", "eth", "--yes").code == 0
    told = cli("withdraw", "0.25", "eth", "--yes", "--json")
    assert told.code == Exit.DONE, told
    number = told.json["l2_tx_hash"]
    found = cli("withdrawals", "--json").json["withdrawals"]
    assert [(one["l2_tx_hash"], one["status"]["phase"]) for one in found] == [(number, "READY")]
    assert number in cli("withdrawals").out.replace("\n", "")
    waited = cli("wait", number, "--until", "ready", "--json")
    assert waited.json["status"]["phase"] == "READY"
    assert cli("proof", number, "--json").json["verified"] is True
    before = net.l1.rpc("eth_getBalance", str(net.accounts[0].address), "latest")
    ended = cli("finalize", number, "--yes")
    assert ended.code == Exit.DONE, ended
    assert "done: included" in ended.out
    assert int(net.l1.rpc("eth_getBalance", str(net.accounts[0].address), "latest"), 16) > int(before, 16)
    assert cli("status", number, "--json").json["status"]["phase"] == "FINALIZED"
    again = cli("finalize", number, "--yes", "--json")
    assert again.code == Exit.DONE
    assert again.json["status"]["phase"] == "FINALIZED"
    assert cli("finalize", "--all", "--yes", "--json").json == {"finalized": []}


def test_finalize_all(cli: Cli, net: Devnet) -> None:
    assert cli("deposit", "1", "eth", "--yes").code == 0
    with Wallet(
        PrivateKeySigner(net.accounts[0].private_key), chain=net.profile, l1=net.l1_url, l2=net.l2_url
    ) as wallet:
        numbers = {str(wallet.withdraw(ETH, ether("0.1")).l2_tx_hash) for _ in range(2)}
    ended = cli("finalize", "--all", "--yes", "--json")
    assert ended.code == Exit.DONE, ended
    assert {one["l2_tx_hash"] for one in ended.json["finalized"]} == numbers
    assert {one["status"]["phase"] for one in ended.json["finalized"]} == {"FINALIZED"}


def test_tokens_by_symbol_and_address(cli: Cli, net: Devnet) -> None:
    told = cli("deposit", "5", "usdc", "--yes", "--json")
    assert told.code == 0, told
    assert "you asked for 5 USDC (6 decimals, the contract says)" in told.err
    shown = cli("balance", "usdc", "--json").json["balances"]
    assert [one["balance"] for one in shown] == ["999995000000", "5000000"]
    by_address = cli("quote", "deposit", "2.5", str(net.tokens["USDC"]), "--json").json
    assert by_address["quote"]["amount"] == "2500000"
    assert cli("withdraw", "5", "usdc", "--yes", "--json").json["status"]["phase"] == "READY"
    unknown = cli("deposit", "5", "shib", "--yes")
    assert unknown.code == Exit.USAGE
    assert "nobody vouches for 'shib'" in unknown.err
    fine = cli("deposit", "0.0000001", "usdc", "--yes")
    assert fine.code == Exit.USAGE
    assert "decimals" in fine.err
    assert "ETH" in cli("balance").out


def test_quotes_and_costs_need_no_key(cli: Cli, net: Devnet) -> None:
    watched = ("--account", str(net.accounts[1].address))
    quote = cli("quote", "deposit", "0.1", "eth", *watched, "--json").json["quote"]
    assert int(quote["mint_value"]) == int(quote["base_cost"]) + ether("0.1")
    assert "max_total" in cli("quote", "deposit", "0.1", "eth", *watched).out
    called = cli("quote", "execute", str(net.accounts[2].address), "0x1234", "--l2-value", "7", *watched, "--json")
    assert called.json["quote"]["l2_value"] == "7"
    cost = cli("base-cost", "500000", "--l1-gas-price", "1000000000", "--json").json
    assert int(cost["base_cost"]) > 0


@pytest.mark.skipif(not hasattr(zkcore, "MAX"), reason="this zkcore cannot move all of it")
def test_all_of_it(cli: Cli, net: Devnet) -> None:
    told = cli("deposit", "max", "eth", "--yes", "--json")
    assert told.code == Exit.DONE, told
    assert "all that can be moved of ETH" in told.err
    left = int(net.l1.rpc("eth_getBalance", str(net.accounts[0].address), "latest"), 16)
    assert left < ether("0.01")


@pytest.mark.skipif(not hasattr(zkcore.Wallet, "deposits_in"), reason="this zkcore finds no deposits by L1 hash")
def test_a_hash_of_l1_is_enough(cli: Cli, net: Devnet) -> None:
    sent = cli("deposit", "0.1", "eth", "--yes", "--json").json
    told = cli("status", sent["l1_tx_hash"], "--journal", "none", "--json")
    assert told.code == Exit.DONE, told
    assert told.json["l2_tx_hash"] == sent["l2_tx_hash"]


def test_execute(cli: Cli, net: Devnet) -> None:
    told = cli("execute", str(net.accounts[2].address), "--l2-value", "1000", "--yes", "--json")
    assert told.code == 0, told
    assert told.json["kind"] == "execution"
    assert told.json["status"]["phase"] == "L2_EXECUTED"


def test_dry_run_and_no_signs_nothing(cli: Cli, net: Devnet) -> None:
    told = cli("deposit", "0.1", "eth", "--dry-run", "--json")
    assert told.code == 0
    assert told.json["dry_run"] is True
    asked = cli("deposit", "0.1", "eth")
    assert asked.code == Exit.USAGE
    assert "--yes" in asked.err
    assert not net.faults.requests("l1").sends


# ---------------------------------------------------------------- offline signing
def test_prepare_show_sign_send(cli: Cli, net: Devnet) -> None:
    made = cli(
        "prepare",
        "deposit",
        "0.1",
        "eth",
        "--reference",
        "offline 1",
        "--account",
        str(net.accounts[0].address),
        "-o",
        "plan.json",
        "--json",
    )
    assert made.code == 0, made
    approved = made.json["plan_hash"]
    shown = cli("show", "plan.json")
    assert "Plan: deposit" in shown.out
    assert approved in shown.out.replace("\n", "")
    wrong = cli("sign", "plan.json", "--expect", NOBODY, "-o", "signed.json", "--json")
    assert wrong.code == Exit.USAGE
    assert wrong.json["error"] == "PlanTampered"
    assert not (cli.home / "signed.json").exists()
    signed = cli("sign", "plan.json", "--expect", approved, "-o", "signed.json", "--json")
    assert signed.code == 0, signed
    assert cli("show", "signed.json", "--json").json["tx_hashes"] == signed.json["tx_hashes"]
    assert cli("show", "signed.json").out.splitlines()[0].endswith(", signed")
    sent = cli("send", "signed.json", "--yes", "--json")
    assert sent.code == 0, sent
    assert sent.json["l1_tx_hash"] == signed.json["tx_hashes"][-1]
    assert sent.json["status"]["phase"] == "L2_EXECUTED"
    again = cli("send", "signed.json", "--yes", "--json")
    assert again.json["l1_tx_hash"] == sent.json["l1_tx_hash"]
    assert len(net.faults.requests("l1").sends) == 1
    edited = (cli.home / "plan.json").read_text(encoding="utf-8").replace('"kind":"deposit"', '"kind":"execution"', 1)
    (cli.home / "edited.json").write_text(edited, encoding="utf-8")
    assert cli("sign", "edited.json", "--expect", approved).code == Exit.USAGE


def test_a_keystore_and_its_password_from_a_descriptor_or_a_file(cli: Cli, net: Devnet) -> None:
    key = PrivateKeySigner(net.accounts[0].private_key)
    key.write_keystore(cli.home / "store.json", "open sesame", cost=2**10)
    (cli.home / "password").write_text("open sesame\n", encoding="utf-8")
    by_file = cli("accounts", "--keystore", "store.json", "--password-file", "password", "--json")
    assert by_file.json["accounts"] == [{"path": "", "address": str(key.address)}]
    reads, writes = os.pipe()
    os.write(writes, b"open sesame\n")
    os.close(writes)
    by_fd = cli("accounts", "--keystore", "store.json", "--password-fd", str(reads), fds=(reads,))
    os.close(reads)
    assert by_fd.out.strip() == str(key.address)
    nobody = cli("accounts", "--keystore", "store.json")
    assert nobody.code == Exit.USAGE
    assert "--password-file" in nobody.err
    (cli.home / "password").write_text("wrong\n", encoding="utf-8")
    wrong = cli("accounts", "--keystore", "store.json", "--password-file", "password")
    assert wrong.code == Exit.USAGE
    assert "wrong password" in wrong.err
    (cli.home / "one.key").chmod(0o644)
    assert "chmod 600" in cli("accounts", "--key-file", "one.key").err


# ---------------------------------------------------------------- exit codes
def test_a_deposit_that_fails_is_1_and_is_claimed(cli: Cli, net: Devnet) -> None:
    assert cli("deposit", "5", "usdc", "--yes").code == 0
    net.fail_next_deposit()
    failed = cli("deposit", "7", "usdc", "--yes", "--json")
    assert failed.code == Exit.FAILED, failed
    assert failed.json["error"] == "DepositFailed"
    number = failed.json["l2_tx_hash"]
    assert f"zkcore claim {number}" in failed.json["hint"]
    claimed = cli("claim", number, "--yes", "--json")
    assert claimed.code == Exit.DONE, claimed
    assert claimed.json["kind"] == "claim"
    assert cli("balance", "usdc", "--json").json["balances"][0]["balance"] == "999995000000"


def test_what_is_not_there_yet_is_3(cli: Cli, net: Devnet) -> None:
    unknown = cli("status", NOBODY, "--json")
    assert unknown.code == Exit.NOT_READY
    net.l2.automatic_deposits = False  # type: ignore[attr-defined]
    late = cli("deposit", "0.1", "eth", "--yes", "--timeout", "1", "--json")
    net.l2.automatic_deposits = True  # type: ignore[attr-defined]
    assert late.code == Exit.NOT_READY, late
    assert late.json["error"] == "WaitTimeout"


def test_a_node_that_is_gone_is_5(cli: Cli, net: Devnet) -> None:
    gone = cli("balance", "--l1", "http://127.0.0.1:9", "--json")
    assert gone.code == Exit.NODE, gone
    assert gone.json["error"] == "NodeUnreachable"
    swapped = cli("balance", "--l1", net.l2_url, "--l2", net.l1_url)
    assert swapped.code == Exit.USAGE
    assert "--chain" in swapped.err
    over = cli("balance", "--l1", "http://127.0.0.1:9", "--l1", net.l1_url, "--json")
    assert over.code == Exit.DONE, over


def test_doctor(cli: Cli, net: Devnet) -> None:
    well = cli("doctor", "--json")
    assert well.code == 0, well
    told = {check["check"]: check["says"] for check in well.json["checks"]}
    assert "Era, protocol v" in told["contracts"]
    assert told["signer"] == str(net.accounts[0].address)
    ill = cli("doctor", "--l2", "http://127.0.0.1:9")
    assert ill.code == Exit.FAILED
    assert "!!  L2 node" in ill.out
    assert "ok  L1 node" in ill.out


# ---------------------------------------------------------------- settings
def test_the_environment_stands_for_options(cli: Cli, net: Devnet) -> None:
    cli.config.unlink()
    from zkcore.testing.devnet.__main__ import configuration

    (cli.home / "other.toml").write_text(configuration(net, cli.home / "one.key"), encoding="utf-8")
    env = {"ZKCORE_CONFIG": "other.toml", "ZKCORE_CHAIN": "devnet", "ZKCORE_ACCOUNT": str(net.accounts[3].address)}
    told = cli("balance", "eth", "--json", env=env)
    assert told.json["address"] == str(net.accounts[3].address)
    said = cli("--account", str(net.accounts[4].address), "balance", "eth", "--json", env=env)
    assert said.json["address"] == str(net.accounts[4].address)
    token = {"ZKCORE_L2_HEADER": "Authorization: env:TOKEN", **env}
    assert "TOKEN is not set" in cli("balance", "eth", env=token).err
    assert cli("balance", "eth", env={**token, "TOKEN": "secret"}).code == 0
    unpinned = cli("doctor", "--chain", "270", "--l1", net.l1_url, "--l2", net.l2_url, "--config", "other.toml")
    assert "--bridgehub ADDRESS, or --trust-l2" in unpinned.out.replace("\n      ", " ")
