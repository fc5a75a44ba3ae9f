"""A text nested deeper than any of ours is refused before C code recurses into it, whatever the recursion limit is."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from zkcore.errors import InputError
from zkcore.types import check_nesting

READERS = {
    "keystore": ("from signers.keystore import decrypt", "decrypt(text, 'x')"),
    "plan": ("from zkcore import Plan", "Plan.from_json(text)"),
    "signed plan": ("from zkcore import SignedPlan", "SignedPlan.from_json(text)"),
    "handle": ("from zkcore.plans.records import record_from_json", "record_from_json(text)"),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "text", ["'[' * 1_000_000", "'{\"a\":' * 500_000", "'{\"a\":' + '[' * 500_000 + ']' * 500_000 + '}'"]
)
def test_a_deep_text_is_refused_where_the_recursion_limit_was_raised(reader: str, text: str) -> None:
    load, read = READERS[reader]
    program = f"""
import sys
{load}
from zkcore.errors import InputError
sys.setrecursionlimit(10_000_000)  # as py_ecc and others do, on import
text = {text}
try:
    {read}
except InputError as error:
    print(str(error)[:200])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "nested deeper than 200" in done.stdout


@pytest.mark.parametrize(
    "text", ["[" * 200 + "]" * 200, json.dumps(["[" * 1000, "{" * 1000, '"[\\"[' * 500]), "[[],{}]" * 500]
)
def test_what_is_flat_is_taken(text: str) -> None:
    check_nesting(text)
    check_nesting(text.encode())


def test_what_is_deeper_is_told() -> None:
    with pytest.raises(InputError, match="nested deeper than 3"):
        check_nesting("[[[[1]]]]", 3)


@pytest.mark.parametrize("kinds", ["[]", "{}", "[]{}"])
@pytest.mark.parametrize("of", [str, str.encode])
def test_the_limit_is_two_hundred_to_the_bracket(kinds: str, of: Callable[[str], bytes | str]) -> None:
    def nested(deep: int) -> str:
        pairs = [kinds[2 * (n % (len(kinds) // 2)) :][:2] for n in range(deep)]
        return "".join(pair[0] for pair in pairs) + '"[{"' + "".join(pair[1] for pair in reversed(pairs))

    check_nesting(of(nested(200)))
    with pytest.raises(InputError, match="^JSON nested deeper than 200$"):
        check_nesting(of(nested(201)))


def test_an_unclosed_bracket_is_what_the_parser_refuses() -> None:
    """As many brackets as the limit are not looked at further: no parser goes deeper than there are brackets."""
    check_nesting("[[[", 3)
    with pytest.raises(InputError, match="nested deeper than 3"):
        check_nesting("[[[{", 3)
