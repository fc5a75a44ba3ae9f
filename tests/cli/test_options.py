"""Options that reach the library: bridges beside the vault, the ceiling of fees on what signs nothing, signers by URI."""

import pytest

from signers import PrivateKeySigner
from tests.cli.tool import Cli
from zkcore.cli.exits import Exit
from zkcore.testing.devnet import Devnet


def test_there_and_back_by_a_bridge_beside_the_vault(cli: Cli, net: Devnet) -> None:
    pair = net.usdc_bridge()
    by = ("--bridge", f"{pair.l1_address}:{pair.l2_address}")
    assert cli("deposit", "0.5", "eth", "--yes").code == Exit.DONE
    quote = cli("quote", "deposit", "5", "usdc", *by, "--json")
    assert quote.code == Exit.DONE, quote
    sent = cli("deposit", "5", "usdc", *by, "--yes", "--json")
    assert sent.code == Exit.DONE, sent
    assert any(str(pair.l1_address) in field["value"] for field in sent.json["preview"])
    token = str(net.l2_tokens["USDC"])
    assert cli("balance", token, "--json").json["balances"][-1]["balance"] == "5000000"

    made = cli("prepare", "withdraw", "2", token, *by, "-o", "plan.json", "--json")
    assert made.code == Exit.DONE, made
    away = cli("withdraw", "2", token, *by, "--yes", "--reference", "payout", "--json")
    assert away.code == Exit.DONE, away
    number = away.json["l2_tx_hash"]
    unnamed = cli("status", number, "--journal", "none", "--json")
    assert unnamed.json["status"]["phase"] == "BLOCKED", unnamed
    assert cli("status", number, "--journal", "none", *by, "--json").json["status"]["phase"] == "READY"
    paid = cli("finalize", "payout", "--yes", "--json")  # the journal remembers by which bridge
    assert paid.code == Exit.DONE, paid
    assert cli("status", number, *by, "--json").json["status"]["phase"] == "FINALIZED"

    net.fail_next_deposit()
    lost = cli("deposit", "1", "usdc", *by, "--yes", "--reference", "lost", "--json")
    assert lost.code == Exit.FAILED, lost
    claimed = cli("claim", "lost", "--yes", "--json")
    assert claimed.code == Exit.DONE, claimed
    assert cli("balance", "usdc", "--json").json["balances"][0]["balance"] == "999997000000"


def test_a_token_of_a_bridge_leaves_by_the_vault_only_if_it_is_said(cli: Cli, net: Devnet) -> None:
    pair = net.usdc_bridge()
    by = ("--bridge", f"{pair.l1_address}:{pair.l2_address}:usdc")
    assert cli("deposit", "0.5", "eth", "--yes").code == Exit.DONE
    assert cli("deposit", "5", "usdc", *by, "--yes").code == Exit.DONE
    token = str(net.l2_tokens["USDC"])
    env = {"ZKCORE_BRIDGE": by[1]}
    wrong = cli("quote", "withdraw", "2", token, "--as-native", *by, "--json")
    assert wrong.code == Exit.USAGE, wrong  # both ways at once
    assert cli("quote", "withdraw", "2", token, "--as-native", "--json").code == Exit.DONE
    assert cli("quote", "withdraw", "2", token, "--json", env=env).code == Exit.DONE


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--bridge", "0x" + "11" * 20), "expected L1_ADDRESS:L2_ADDRESS"),
        (("--bridge", "0x" + "11" * 20 + ":0x12"), "0x12"),
        (("--bridge", "0x" + "11" * 20 + ":0x" + "22" * 20 + ":fast"), "kind: expected one of"),
        (("--bridge", "0x" + "11" * 20 + ":0x" + "22" * 20, "--bridge", "0x" + "33" * 20 + ":0x" + "44" * 20), "which"),
        (("--custom-bridge-data", "0x12"), "bridge"),
    ],
)
def test_bridges_that_are_none(cli: Cli, net: Devnet, arguments: tuple[str, ...], told: str) -> None:
    ended = cli.here("quote", "deposit", "5", "usdc", *arguments)
    assert ended.code == Exit.USAGE, ended
    assert told in ended.err


def test_a_bridge_that_is_no_contract(cli: Cli, net: Devnet) -> None:
    ended = cli.here("quote", "deposit", "5", "usdc", "--bridge", "0x" + "11" * 20 + ":0x" + "22" * 20)
    assert ended.code == Exit.NODE, ended
    assert "0x1111111111111111111111111111111111111111: there is no such contract" in ended.err


def test_of_two_nodes_one_that_is_gone_is_said(cli: Cli, net: Devnet) -> None:
    """A balance that was not told is not left out."""
    for side in ("--l1", "--l2"):
        for token in ("eth", "usdc", str(net.tokens["DAI"])):
            ended = cli.here("balance", token, side, "http://127.0.0.1:9", "--json")
            assert ended.code == Exit.NODE, (side, token, ended)


def test_bridges_of_a_network_of_the_configuration(cli: Cli, net: Devnet) -> None:
    pair = net.usdc_bridge()
    text = cli.config.read_text(encoding="utf-8")
    pinned = f'bridges = [{{ l1_address = "{pair.l1_address}", l2_address = "{pair.l2_address}", kind = "usdc" }}]'
    assert "tokens = [" in text
    text = text.replace("tokens = [", f"{pinned}, tokens = [")
    cli.config.write_text(text, encoding="utf-8")
    assert cli("deposit", "0.5", "eth", "--yes").code == Exit.DONE
    by = ("--bridge", f"{pair.l1_address}:{pair.l2_address}")
    assert cli("deposit", "5", "usdc", *by, "--yes").code == Exit.DONE
    away = cli("withdraw", "2", str(net.l2_tokens["USDC"]), *by, "--yes", "--json")
    assert away.code == Exit.DONE, away
    told = cli("status", away.json["l2_tx_hash"], "--journal", "none", "--json")
    assert told.json["status"]["phase"] == "READY", told


# ---------------------------------------------------------------- the ceiling of fees
LOW = ("--max-fee", "0.0000001")


@pytest.mark.parametrize(
    "command",
    [
        ("quote", "deposit", "0.1", "eth"),
        ("prepare", "deposit", "0.1", "eth"),
        ("quote", "execute", "0x" + "12" * 20),
        ("prepare", "execute", "0x" + "12" * 20),
        ("deposit", "0.1", "eth", "--dry-run"),
    ],
)
def test_a_ceiling_holds_for_what_signs_nothing(cli: Cli, net: Devnet, command: tuple[str, ...]) -> None:
    told = cli.here(*command, *LOW, "--json")
    assert told.code == Exit.FAILED, told
    assert told.json["error"] == "FeeTooHigh"
    assert "--max-fee" in told.json["hint"]
    assert cli.here(*command, "--max-fee", "0.1", "--json").code == Exit.DONE


@pytest.mark.parametrize("text", ["much", "-1", "1e3", ""])
def test_a_ceiling_that_is_none(cli: Cli, net: Devnet, text: str) -> None:
    told = cli.here("quote", "deposit", "0.1", "eth", "--max-fee", text)
    if text == "":
        assert told.code == Exit.DONE, told  # as if it were not given
    else:
        assert told.code == Exit.USAGE, told
        assert "Traceback" not in told.err


def test_a_ceiling_for_withdrawals_and_finalizations(cli: Cli, net: Devnet) -> None:
    assert cli("deposit", "1", "eth", "--yes").code == Exit.DONE
    for command in (("quote", "withdraw", "0.1", "eth"), ("prepare", "withdraw", "0.1", "eth")):
        assert cli.here(*command, "--max-fee", "0.000000000001", "--json").json["error"] == "FeeTooHigh"
        assert cli.here(*command, "--max-fee", "0.1").code == Exit.DONE
    away = cli("withdraw", "0.1", "eth", "--yes", "--json").json["l2_tx_hash"]
    for command in (("prepare", "finalize", away), ("finalize", away, "--yes")):
        assert cli.here(*command, *LOW, "--json").json["error"] == "FeeTooHigh", command
    assert cli("finalize", away, "--yes", "--max-fee", "0.1").code == Exit.DONE


# ---------------------------------------------------------------- signers by URI
def test_a_signer_by_its_uri(cli: Cli, net: Devnet) -> None:
    cli.env["ZKCORE_KEY_FILE"] = ""
    key = PrivateKeySigner(net.accounts[0].private_key)
    key.write_keystore(cli.home / "store.json", "open sesame", cost=2**10)
    (cli.home / "password").write_text("open sesame\n", encoding="utf-8")
    cli.env["KEY"] = net.accounts[0].private_key
    for uri in ("file:one.key", "env:KEY", "keystore:store.json?password_file=password"):
        told = cli("accounts", "--signer", uri, "--json")
        assert told.code == Exit.DONE, (uri, told)
        assert told.json["accounts"] == [{"path": "", "address": str(key.address)}]
    sent = cli("deposit", "0.1", "eth", "--signer", "env:KEY", "--yes", "--json")
    assert sent.code == Exit.DONE, sent
    assert sent.json["sender"] == str(key.address)
    by_environment = cli("withdraw", "0.01", "eth", "--yes", "--json", env={"ZKCORE_SIGNER": "file:one.key"})
    assert by_environment.code == Exit.DONE, by_environment
    for uri, words in (
        ("nothing", "expected SCHEME:"),
        ("foo:bar", "no scheme 'foo'"),
        ("env:NOBODY", "NOBODY"),
        ("file:absent.key", "absent.key"),
        (f"file:one.key?address={net.accounts[1].address}", str(net.accounts[1].address)),
    ):
        told = cli.here("accounts", "--signer", uri)
        assert told.code in {Exit.USAGE, Exit.REJECTED}, (uri, told)
        assert words in told.err, told
        assert "Traceback" not in told.err
