"""The modules whose mutants are run, each with the tests that must notice."""

_VECTORS = "tests/vectors/test_vectors.py"
_EXACT = "tests/unit/test_exact.py"
_ENCODINGS = (_EXACT, "tests/property/test_encodings.py", _VECTORS)
# the other tests of that file start processes of their own, which have the module unchanged
_NESTING = tuple(
    f"tests/unit/test_nesting.py::test_{name}"
    for name in (
        "what_is_flat_is_taken",
        "what_is_deeper_is_told",
        "the_limit_is_two_hundred_to_the_bracket",
        "an_unclosed_bracket_is_what_the_parser_refuses",
    )
)

TARGETS: dict[str, tuple[str, ...]] = {
    "zkcore/types.py": ("tests/unit/test_types.py", *_NESTING, _EXACT),
    "zkcore/ethereum/rlp.py": ("tests/unit/test_rlp.py", *_ENCODINGS),
    "zkcore/ethereum/signature.py": (
        "tests/unit/test_signature_bytes.py",
        "tests/unit/test_signer.py",
        _EXACT,
        "tests/unit/test_private_key.py",
    ),
    "zkcore/transactions/_base.py": ("tests/unit/test_transactions.py", "tests/unit/test_chain_zero.py", *_ENCODINGS),
    "zkcore/transactions/legacy.py": ("tests/unit/test_transactions.py", *_ENCODINGS),
    "zkcore/transactions/eip2930.py": ("tests/unit/test_transactions.py", *_ENCODINGS),
    "zkcore/transactions/eip1559.py": ("tests/unit/test_transactions.py", *_ENCODINGS),
    "zkcore/transactions/eip712.py": (
        "tests/unit/test_transactions.py",
        "tests/unit/test_signature_bytes.py",
        *_ENCODINGS,
    ),
    "zkcore/transactions/_bytecode.py": ("tests/unit/test_addresses.py", _EXACT, _VECTORS),
    "zkcore/transactions/parse.py": ("tests/unit/test_transactions.py", *_ENCODINGS),
    "zkcore/protocol/addresses.py": ("tests/unit/test_addresses.py", _EXACT, _VECTORS),
    "zkcore/protocol/fees.py": ("tests/unit/test_fees.py", "tests/unit/test_fee_policy.py", _EXACT, _VECTORS),
    "zkcore/protocol/priority.py": ("tests/unit/test_priority.py", _EXACT, _VECTORS),
    "zkcore/protocol/assets.py": ("tests/unit/test_assets.py", _EXACT, _VECTORS),
    "zkcore/protocol/proofs.py": ("tests/unit/test_proofs.py", _EXACT, _VECTORS),
    "zkcore/ethereum/abi.py": ("tests/unit/test_abi.py", _EXACT, _VECTORS),
    "zkcore/ethereum/eip712.py": ("tests/unit/test_eip712.py", "tests/unit/test_eip712_edges.py", _EXACT, _VECTORS),
    "zkcore/plans/records.py": ("tests/wallet/test_plans.py", _EXACT),
    "zkcore/plans/plan.py": ("tests/wallet/test_plans.py", _EXACT),
    "zkcore/wallet/nonces.py": ("tests/wallet/test_register.py",),
    "zkcore/wallet/submission.py": (
        "tests/wallet/test_idempotent.py",
        "tests/wallet/test_nonces.py",
        "tests/wallet/test_together.py",
    ),
    "zkcore/journal/entries.py": ("tests/journal/test_conformance.py", _EXACT),
    "zkcore/journal/sql.py": ("tests/journal/test_conformance.py", "tests/journal/test_migrations.py"),
    "zkcore/journal/sqlite.py": (
        "tests/journal/test_sqlite.py",
        "tests/journal/test_conformance.py",
        "tests/journal/test_migrations.py",
    ),
}

# Of these the whole takes hours: so many of their mutants, chosen by a fixed seed (`--sample 0`: every one).
SAMPLES: dict[str, int] = {"zkcore/wallet/submission.py": 40}
