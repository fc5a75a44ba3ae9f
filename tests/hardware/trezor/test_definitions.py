"""Network definitions from each kind of source, and bad ones."""

import io
import random
import tarfile
import urllib.request
from contextlib import suppress
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import pytest
from trezorlib import messages

from signers import TrezorSigner
from signers.testing.trezor import FakeTrezor
from signers.trezor import Definitions
from signers.trezor.definitions import VENDOR_URL, NetworkDefinition
from tests.hardware.trezor.defined import encoded, written
from tests.hardware.trezor.scenes import transfer
from zkcore.errors import InputError, InvalidDefinition

INNER = "eth/chain-id/{}/network.dat"


def folder(tmp_path: Path, **files: bytes) -> Path:
    for chain_id, data in files.items():
        path = tmp_path / INNER.format(chain_id.lstrip("c"))
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    return tmp_path


@pytest.mark.parametrize("prefix", ["", "./"])
@pytest.mark.parametrize("mode", ["w", "w:xz"])
def test_tar(tmp_path: Path, prefix: str, mode: Any) -> None:
    path = tmp_path / "definitions.tar"
    with tarfile.open(path, mode) as archive:
        data = encoded()
        info = tarfile.TarInfo(prefix + INNER.format(324))
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
        directory = tarfile.TarInfo(prefix + INNER.format(300))
        directory.type = tarfile.DIRTYPE
        archive.addfile(directory)
    source = Definitions.of(path)
    found = source.network(324)
    assert found is not None
    assert (found.unit, found.slip44, found.name, found.encoded) == ("ZKE", 60, "ZKsync", data)
    assert source.network(300) is source.network(301) is None


def test_folder(tmp_path: Path) -> None:
    source = Definitions.of(folder(tmp_path, c324=encoded(), c300=encoded(chain_id=301), c302=b"junk"))
    assert source.network(324) == source.network(324)
    assert source.network(1) is None
    with pytest.raises(InvalidDefinition, match=r"network\.dat defines chain 301, expected chain 300"):
        source.network(300)
    with pytest.raises(InvalidDefinition, match=r"302.network\.dat is no definition"):
        source.network(302)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "requires a buffer of at least 12 bytes"),
        (encoded()[:12], "index out of range"),
        (encoded()[:-1], "bytes for [0-9]+, magic b'trzd1', type 0"),
        (encoded() + b"\0", "bytes for [0-9]+, magic b'trzd1', type 0"),
        (encoded(magic=b"trzd2"), "magic b'trzd2'"),
        (encoded(symbol="x" * 1000), "index out of range"),
        (encoded(kind=1), "type 1"),
        (encoded()[:12] + b"\xff" + encoded()[13:], "Error"),
    ],
    ids=str,
)
def test_a_bad_file_is_named(data: bytes, text: str) -> None:
    with (
        written(data) as path,
        pytest.raises(InvalidDefinition, match=f"network.dat is no definition of a network for a Trezor .*{text}"),
    ):
        Definitions.of(path)


def test_whatever_the_bytes_are_they_are_read_or_refused() -> None:
    chance = random.Random(324)
    read = 0
    for _ in range(3000):
        data = bytearray(encoded(signed=False))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(45)
            data[at : at + chance.randint(0, 2)] = chance.randbytes(chance.randint(0, 2))
        with suppress(InvalidDefinition):
            read += NetworkDefinition.parse(bytes(data), "somewhere").chain_id >= 0
    assert read


def test_no_source(tmp_path: Path) -> None:
    assert Definitions.of(None).network(324) is None
    same = Definitions.of(None)
    assert Definitions.of(same) is same
    with pytest.raises(InputError, match="there is no "):
        Definitions.of(tmp_path / "nothing")
    with pytest.raises(InputError, match="expected a path or an https:// URL, got 'http://x'"):
        Definitions.of("http://x")


def test_url(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    answers: dict[str, bytes | Exception] = {
        VENDOR_URL + INNER.format(324): encoded(),
        VENDOR_URL + INNER.format(301): URLError("unreachable"),
        VENDOR_URL + INNER.format(302): HTTPError("", 500, "oops", Message(), io.BytesIO()),
    }

    def urlopen(url: str, timeout: float) -> Any:
        asked.append(url)
        answer = answers.get(url, HTTPError(url, 404, "not found", Message(), io.BytesIO()))
        if isinstance(answer, Exception):
            raise answer
        return io.BytesIO(answer)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    source = Definitions.of(VENDOR_URL)
    for _ in range(2):
        assert source.network(324) is not None
        assert source.network(300) is None
    assert len(asked) == 2
    with pytest.raises(InvalidDefinition, match=r"301/network\.dat cannot be fetched .*without definitions="):
        source.network(301)
    with pytest.raises(InvalidDefinition, match="HTTP Error 500"):
        source.network(302)


def sent(device: FakeTrezor) -> Any:
    return [m for m in device.received if isinstance(m, messages.EthereumSignTxEIP1559)][-1].definitions


@pytest.mark.parametrize("model", ["T1B1", "T3T1"])
def test_what_is_sent(tmp_path: Path, model: str) -> None:
    device = FakeTrezor(model)
    definitions = folder(
        tmp_path, c324=encoded(), c1=encoded(chain_id=1, symbol="EVIL"), c300=encoded(chain_id=300, slip44=9)
    )
    signer = TrezorSigner.connect(transport=device, definitions=definitions)
    signer.sign_transaction(transfer(chain_id=324))
    assert sent(device).encoded_network == encoded()
    signer.sign_transaction(transfer(chain_id=1))
    assert sent(device) is None  # the firmware knows it
    signer.sign_transaction(transfer(chain_id=299))
    assert sent(device) is None
    assert [signer.unit(chain_id) for chain_id in (324, 1, 299, 11_155_111)] == ["ZKE", "ETH", "UNKN", "tSEP"]
    testnet = TrezorSigner.connect("m/44'/1'/0'/0/0", transport=device, definitions=definitions)
    testnet.sign_transaction(transfer(chain_id=300))
    assert sent(device) is None  # it would have the firmware refuse the path
    assert testnet.unit(300) == "UNKN"
    testnet.sign_transaction(transfer(chain_id=324))
    assert sent(device) is not None


def test_a_bad_definition_is_refused_before_the_device_is_asked(tmp_path: Path) -> None:
    device = FakeTrezor()
    signer = TrezorSigner.connect(transport=device, definitions=folder(tmp_path, c324=encoded(chain_id=9)))
    before = len(device.received)
    with pytest.raises(InvalidDefinition, match="defines chain 9"):
        signer.sign_transaction(transfer())
    assert len(device.received) == before
    assert signer.sign_transaction(transfer(chain_id=300))
