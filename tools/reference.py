"""The reference, made from the docstrings: one page a room, every public name once; and the list of all signatures.

`python -m tools.reference` prints the signatures, `--write` puts them into tests/repo/signatures.txt, where a test compares
them: a change of the public face is seen.
"""

import ast
import enum
import inspect
import re
import sys
import textwrap
import types
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

ROOT = Path(__file__).resolve().parents[1]
SNAPSHOT = ROOT / "tests/repo/signatures.txt"


class Page(NamedTuple):
    """A room of the reference: its title, its first sentence, and where its names are, in order."""

    title: str
    intro: str
    places: tuple[str, ...]


_MAIN = "zkcore:"
PAGES: dict[str, Page] = {
    "wallet": Page(
        "Wallet", "Every write has a `quote_` and a `prepare_` twin with the same parameters; neither signs or sends.",
        (f"{_MAIN}Wallet AsyncWallet TxOptions FeePolicy", "zkcore.flows.quote", "zkcore.flows.transact:TxQuote",
         "zkcore.flows.approvals:Approval", "zkcore.flows.l1:Lack", "zkcore.flows.tokens:BridgeAddresses L2Token",
         "zkcore.flows.claim:PriorityOpConfirmation"),
    ),
    "handles": Page(
        "Handles and statuses", "What a write returns: it asks, waits, goes on, and serializes.",
        (f"{_MAIN}Deposit Execution Withdrawal Finalization Claim Deployment SentTransaction RequestStatus WithdrawalStatus",
         f"{_MAIN}AsyncDeposit AsyncExecution AsyncWithdrawal AsyncFinalization AsyncClaim AsyncDeployment AsyncSentTransaction",
         "zkcore.flows.status:Phase", "zkcore.flows.finalize:WithdrawalPhase", "zkcore.words:PHASES"),
    ),
    "plans": Page(
        "Plans and previews", "What is to be signed, as data and in words.",
        (f"{_MAIN}Plan SignedPlan sign_plan Preview preview", "zkcore.plans"),
    ),
    "signers": Page("Signers", "Where the key lives.", ("signers", f"{_MAIN}Signer AsyncSigner Capability Signature",
                                                          "zkcore.signer", "zkcore.testing.conformance")),
    "journal": Page("Journal and keepers", "What is in flight, and what drives it to its end.",
                    (f"{_MAIN}Journal Keeper AsyncKeeper KeeperPolicy", "zkcore.wallet.keeper", "zkcore.journal")),
    "nodes": Page("Nodes", "How nodes are reached, and what they are asked.",
                  (f"{_MAIN}HttpTransport AsyncHttpTransport Limits Transport AsyncTransport", "zkcore.rpc")),
    "chains": Page("Chains", "Which contracts on L1 belong to a chain.",
                   (f"{_MAIN}ChainProfile Token Bridge known_chains known_profile", "zkcore.protocol.chains",
                    "zkcore.protocol.pinned")),
    "values": Page("Values", "Amounts are `int` in the smallest unit; addresses and hashes are bytes that print as hex.",
                   (f"{_MAIN}ETH MAX Address AddressLike Hash32 HexLike ether gwei parse_units format_units keccak256",
                    "zkcore.types", "zkcore.ethereum.hashing", "zkcore.ethereum.signature")),
    "transactions": Page("Transactions and typed data", "Build, hash, serialize, parse; EIP-712 and EIP-191; RLP and the ABI.",
                         (f"{_MAIN}parse_transaction TypedData Paymaster", "zkcore.transactions", "zkcore.ethereum.eip712",
                          "zkcore.ethereum.eip191", "zkcore.ethereum.rlp", "zkcore.ethereum.abi")),
    "protocol": Page("Protocol", "What ZKsync demands, computed here: each rule names its source.",
                     ("zkcore.protocol.fees", "zkcore.protocol.priority", "zkcore.protocol.assets", "zkcore.protocol.addresses",
                      "zkcore.protocol.bytecode", "zkcore.protocol.paymaster", "zkcore.protocol.proofs",
                      "zkcore.protocol.settlement", "zkcore.protocol.bundles", "zkcore.protocol.reverts")),
    "methods": Page("Calls and replies", "The methods of nodes that a bridge needs, typed. `Wallet.run` runs one, or a `gather`.",
                    ("zkcore.methods.calls", "zkcore.methods.replies", "zkcore.effects")),
    "explore": Page("Explore", "More typed calls, for looking at a node: off the money path.",
                    ("zkcore.explore", "zkcore.explore.calls", "zkcore.explore.state", "zkcore.explore.replies")),
    "testing": Page("Testing", "The devnet, scripted and recorded nodes: for your tests too.",
                    ("zkcore.testing.devnet", "zkcore.testing")),
    "errors": Page("Errors", "One tree. By symptom, with causes and remedies: [When things go wrong](../errors.md).",
                   ("zkcore.errors",)),
}  # fmt: skip


class Name(NamedTuple):
    """A public name: what it is called in an import, and the object."""

    path: str
    thing: Any


def names() -> dict[str, list[Name]]:
    """The public names of each page, each once: where a name is offered twice, the first place is its home."""
    seen: set[object] = set()
    found: dict[str, list[Name]] = {}
    for page, (_, _, places) in PAGES.items():
        found[page] = []
        for place in places:
            room, _, chosen = place.partition(":")
            module = import_module(room)
            for name in chosen.split() or module.__all__:
                thing = getattr(module, name)
                key = (name, id(thing)) if _is_plain(thing) else id(thing)
                if key not in seen:
                    seen.add(key)
                    found[page].append(Name(f"{room}.{name}", thing))
    return found


def _is_plain(thing: object) -> bool:
    return not (inspect.isclass(thing) or inspect.isroutine(thing))


# ---------------------------------------------------------------- what a class has
_FOREIGN = (msgspec.Struct, object, BaseException, bytes, str, int, ValueError)


def members(cls: type) -> dict[str, Any]:
    """What a class offers beside its fields: its own, and that of bases which are not public themselves."""
    found: dict[str, Any] = {}
    for base in cls.__mro__:
        if base in _FOREIGN or not base.__module__.startswith(("zkcore", "signers")):
            continue
        if base is not cls and base in _public():
            break
        for name, value in vars(base).items():
            offered = callable(value) or isinstance(value, property | classmethod | staticmethod)
            if not name.startswith("_") and name not in fields(cls) and offered:
                found.setdefault(name, value)
    return found


def fields(cls: type) -> tuple[str, ...]:
    """The fields of a struct."""
    return tuple(getattr(cls, "__struct_fields__", ()))


_PUBLIC: set[type] = set()


def _public() -> set[type]:
    if not _PUBLIC:
        _PUBLIC.update(one.thing for page in names().values() for one in page if inspect.isclass(one.thing))
    return _PUBLIC


def documented_base(cls: type) -> type | None:
    """The first base with a heading of its own."""
    return next((base for base in cls.__mro__[1:] if base in _public()), None)


def attributes(error: type) -> list[str]:
    """What an error's constructor keeps."""
    if "__init__" not in vars(error):
        return []
    tree = ast.parse(textwrap.dedent(inspect.getsource(error)))
    found = [
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and not node.attr.startswith("_")
    ]
    return list(dict.fromkeys(found))


# ---------------------------------------------------------------- signatures
_LITERAL = re.compile(r"(Literal\[[^\]]*\])")  # its quotes are of the values
_ROOMS = re.compile(r"\b(?:zkcore|signers|typing|collections\.abc|datetime|os|pathlib)\.(?:[a-z_0-9]+\.)*(?=[A-Za-z_])")


def annotation(value: object) -> str:
    """A type as it is written, without the rooms of its names."""
    if isinstance(value, str):
        text = value.strip("\"'")
    elif isinstance(value, type) and not hasattr(value, "__args__"):
        text = value.__qualname__
    else:
        text = inspect.formatannotation(value)
    parts = _LITERAL.split(_ROOMS.sub("", text).replace("NoneType", "None"))
    return "".join(part if place % 2 else re.sub(r"[\"'~]", "", part) for place, part in enumerate(parts))


def default(value: object) -> str:
    """A default, as it is written."""
    if inspect.isroutine(value) or inspect.isclass(value):
        return value.__name__
    shown = repr(value)
    return shown if len(shown) < 60 and " at 0x" not in shown else f"{type(value).__name__}(...)"


def parameters(function: Callable[..., Any], *, bound: bool) -> tuple[list[str], str]:
    """The parameters, as they are written, and the return type."""
    shape = inspect.signature(function)
    shown: list[str] = []
    starred = False
    for place, one in enumerate(shape.parameters.values()):
        if place == 0 and bound and one.name in {"self", "cls"}:
            continue
        if one.kind is one.KEYWORD_ONLY and not starred:
            shown.append("*")
            starred = True
        if one.kind is one.VAR_POSITIONAL:
            starred = True
        mark = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
        text = f"{mark}{one.name}"
        if one.annotation is not one.empty:
            text += f": {annotation(one.annotation)}"
        if one.default is not one.empty:
            text += f"{' = ' if ':' in text else '='}{default(one.default)}"
        shown.append(text)
    returns = shape.return_annotation
    return shown, "" if returns is shape.empty else annotation(returns)


def signature(name: str, value: Any, *, wide: bool = False) -> str:
    """A callable as it would be written in a stub; `wide`: on one line."""
    kind = (
        "@classmethod\n"
        if isinstance(value, classmethod)
        else "@staticmethod\n"
        if isinstance(value, staticmethod)
        else ""
    )
    function = getattr(value, "__func__", value)
    told, returns = parameters(function, bound=not isinstance(value, staticmethod))
    head = "async def" if inspect.iscoroutinefunction(function) else "def"
    arrow = f" -> {returns}" if returns else ""
    line = f"{head} {name}({', '.join(told)}){arrow}"
    if wide:
        return kind.replace("\n", " ") + line
    if len(line) > 72:
        line = f"{head} {name}(\n" + "".join(f"    {one},\n" for one in told) + f"){arrow}"
    return kind + line


def of_class(cls: type, name: str) -> str:
    """How it is made."""
    if fields(cls) or issubclass(cls, enum.Enum) or getattr(cls, "_is_protocol", False):
        return ""
    try:
        told, _ = parameters(cls, bound=False)
    except ValueError:
        return ""
    line = f"{name}({', '.join(told)})"
    return line if len(line) <= 72 else f"{name}(\n" + "".join(f"    {one},\n" for one in told) + ")"


def struct_fields(cls: type) -> Iterator[tuple[str, str, str]]:
    """Name, type and default of each field of a struct."""
    hints: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        hints |= vars(base).get("__annotations__", {})
    for one in msgspec.structs.fields(cls):
        given = one.default is not msgspec.NODEFAULT
        shown = default(one.default) if given else "()" if one.default_factory is not msgspec.NODEFAULT else ""
        yield one.name, annotation(hints[one.name]), shown


def lines() -> Iterator[str]:
    """Every signature of the public face, a line each."""
    for page in names().values():
        for path, thing in page:
            if inspect.isclass(thing):
                made = of_class(thing, path).replace("\n    ", "").replace(",\n)", ")")
                yield f"class {made or path}"
                yield from (
                    f"{path}.{n}: {kind}{f' = {given}' if given else ''}" for n, kind, given in _fields_of(thing)
                )
                yield from (f"{path}.{name}" for name in attributes(thing) if issubclass(thing, Exception))
                for name, value in members(thing).items():
                    if isinstance(value, property):
                        yield f"{path}.{name}: {annotation(inspect.signature(value.fget).return_annotation)}"  # type: ignore[arg-type]
                    else:
                        yield signature(f"{path}.{name}", value, wide=True)
            elif inspect.isroutine(thing):
                yield signature(path, thing, wide=True)
            else:
                yield path


def _fields_of(cls: type) -> Iterator[tuple[str, str, str]]:
    return struct_fields(cls) if fields(cls) else iter(())


# ---------------------------------------------------------------- docstrings
_CODE = re.compile(r"(`+[^`]+`+)")


def undocumented() -> list[str]:
    """What has no docstring: nothing, if all is well."""
    found: list[str] = []
    for page in names().values():
        for path, thing in page:
            if _is_plain(thing):
                continue
            if not _doc(thing):
                found.append(path)
            if inspect.isclass(thing):
                found += [f"{path}.{name}" for name, value in members(thing).items() if not _doc(value)]
    return found


def _doc(thing: Any) -> str:
    function = getattr(thing, "fget", None) or getattr(thing, "__func__", thing)
    text = vars(thing).get("__doc__") if inspect.isclass(thing) else getattr(function, "__doc__", None)
    return inspect.cleandoc(text or "")


def prose(text: str, links: dict[str, str]) -> str:
    """A docstring as Markdown: what is no code is taken literally, and errors are links."""
    shown: list[str] = []
    for line in text.splitlines():
        if line.startswith("    "):
            shown.append(line)
            continue
        parts = _CODE.split(line)
        for place in range(0, len(parts), 2):
            part = re.sub(r"([*_<>\[\]|])", r"\\\1", parts[place])
            parts[place] = re.sub(
                r"\b[A-Z]\w+\b", lambda m: f"[{m[0]}]({links[m[0]]})" if m[0] in links else m[0], part
            )
        shown.append("".join(parts))
    return "\n".join(shown)


def page(key: str) -> str:
    """The Markdown of a page."""
    title, intro, _ = PAGES[key]
    links = {one.path.rpartition(".")[2]: f"errors.md#{one.path.rpartition('.')[2]}" for one in names()["errors"]}
    out = [f"# {title}\n\n{intro}\n"]
    for path, thing in names()[key]:
        short = path.rpartition(".")[2]
        out.append(f"## `{path}` {{ #{_anchor(path)} }}\n")
        if inspect.isclass(thing):
            out += _class(path, short, thing, links)
        elif inspect.isroutine(thing):
            out += [_block(signature(short, thing)), prose(_doc(thing), links) + "\n"]
        else:
            out.append(_block(f"{short} = {_value(thing)}"))
    return "\n".join(out)


def _anchor(path: str) -> str:
    room, _, short = path.rpartition(".")
    return short if room in {"zkcore", "zkcore.errors", "signers"} else path


def _block(code: str) -> str:
    return f"```python\n{code}\n```\n"


def _value(thing: object) -> str:
    if isinstance(thing, dict | frozenset) and len(thing) >= 30:
        return f"{type(thing).__name__}(...)  # of {len(thing)}"
    if isinstance(thing, dict):
        return "{" + ", ".join(map(repr, thing)) + "}"
    shown = annotation(thing) if isinstance(thing, types.UnionType) or "[" in repr(thing) else repr(thing)
    if " at 0x" in shown:
        shown = f"{type(thing).__name__}(...)"
    return "\n    ".join(textwrap.wrap(shown, 72, break_long_words=False))


def _class(path: str, short: str, cls: type, links: dict[str, str]) -> Iterator[str]:
    made = of_class(cls, short) if not issubclass(cls, Exception) else ""
    base = documented_base(cls)
    if made:
        yield _block(made)
    yield prose(_doc(cls), links) + "\n"
    if base is not None:
        yield f"Has all of `{base.__name__}`.\n" if not issubclass(cls, Exception) else f"A `{base.__name__}`.\n"
    if issubclass(cls, enum.Enum):
        yield "".join(f"* `{one.name}`\n" for one in cls)
    kept = attributes(cls) if issubclass(cls, Exception) else []
    if kept:
        yield "Attributes: " + ", ".join(f"`{name}`" for name in kept) + ".\n"
    rows = list(_fields_of(cls))
    if rows:
        table = "".join(
            f"| `{n}` | `{_cell(kind)}` | {f'`{_cell(given)}`' if given else ''} |\n" for n, kind, given in rows
        )
        yield f"| field | type | default |\n|---|---|---|\n{table}"
    twin = _twin(cls)
    for name, value in members(cls).items():
        yield f"### `{short}.{name}` {{ #{_anchor(path)}.{name} }}\n"
        if isinstance(value, property):
            kind = annotation(inspect.signature(value.fget).return_annotation)  # type: ignore[arg-type]
            yield _block(f"{name}: {kind}")
        else:
            yield _block(signature(name, value))
        yield _told(cls, name, value, twin, links) + "\n"


_FORMS = {"quote_": "What `{}` costs and does: nothing is signed or sent.",
          "prepare_": "The plan of `{}`, to preview, sign and submit: nothing is signed or sent."}  # fmt: skip


def _told(cls: type, name: str, value: Any, twin: type | None, links: dict[str, str]) -> str:
    """Its docstring, unless that stands elsewhere."""
    if twin is not None and _doc(getattr(twin, name, None)) == _doc(value):
        return f"As [`{twin.__name__}.{name}`](#{twin.__name__}.{name})."
    for form, words in _FORMS.items():
        plain = name.removeprefix(form)
        if plain != name and _doc(getattr(cls, plain, None)) == _doc(value):
            return words.format(f"{cls.__name__}.{plain}")
    return prose(_doc(value), links)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _twin(cls: type) -> type | None:
    wanted = cls.__name__.removeprefix("Async")
    return next((one for one in _public() if one.__name__ == wanted and one is not cls), None)


def index() -> str:
    """The page of pages."""
    rows = "".join(f"* [{one.title}]({key}.md): {one.intro}\n" for key, one in PAGES.items())
    return (
        "# Reference\n\nMade from the docstrings of the package. Amounts are `int` in the smallest unit; addresses are `Address` "
        f"or a 0x string, hashes `Hash32`; data classes are frozen.\n\n{rows.replace('](../', '](../')}"
    )


def main() -> int:
    """Print the signatures, or keep them."""
    text = "".join(f"{line}\n" for line in lines())
    if "--write" in sys.argv:
        SNAPSHOT.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
