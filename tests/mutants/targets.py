"""The modules whose mutants are run, each with the tests that must notice."""

_VECTORS = "tests/vectors/test_vectors.py"
_EXACT = "tests/unit/test_exact.py"
_ENCODINGS = (_EXACT, "tests/property/test_encodings.py", _VECTORS)

TARGETS: dict[str, tuple[str, ...]] = {
    "zkcore/types.py": ("tests/unit/test_types.py", _EXACT),
    "zkcore/ethereum/rlp.py": ("tests/unit/test_rlp.py", *_ENCODINGS),
    "zkcore/ethereum/signature.py": (
        "tests/unit/test_signer.py",
        _EXACT,
        "tests/unit/test_private_key.py",
    ),
    "zkcore/transactions/_base.py": ("tests/unit/test_transactions.py", *_ENCODINGS),
    "zkcore/transactions/legacy.py": ("tests/unit/test_transactions.py", *_ENCODINGS),
    "zkcore/transactions/eip2930.py": ("tests/unit/test_transactions.py", *_ENCODINGS),
    "zkcore/transactions/eip1559.py": ("tests/unit/test_transactions.py", *_ENCODINGS),
    "zkcore/transactions/eip712.py": ("tests/unit/test_transactions.py", *_ENCODINGS),
    "zkcore/transactions/_bytecode.py": ("tests/unit/test_addresses.py", _EXACT, _VECTORS),
    "zkcore/transactions/parse.py": ("tests/unit/test_transactions.py", *_ENCODINGS),
    "zkcore/protocol/addresses.py": ("tests/unit/test_addresses.py", _EXACT, _VECTORS),
    "zkcore/protocol/fees.py": ("tests/unit/test_fees.py", _EXACT, _VECTORS),
    "zkcore/protocol/priority.py": ("tests/unit/test_priority.py", _EXACT, _VECTORS),
    "zkcore/protocol/assets.py": ("tests/unit/test_assets.py", _EXACT, _VECTORS),
    "zkcore/protocol/proofs.py": ("tests/unit/test_proofs.py", _EXACT, _VECTORS),
    "zkcore/plans/plan.py": ("tests/wallet/test_plans.py", _EXACT),
}
