"""Which rule serves which suite and kind."""

from collections.abc import Mapping

from tests.vectors.runner import Rule
from tests.vectors.suites import encodings, keys, proofs, protocol, v33

SUITES: Mapping[str, Mapping[str | None, Rule]] = {
    **encodings.SUITES,
    **keys.SUITES,
    **protocol.SUITES,
    **proofs.SUITES,
    **v33.SUITES,
}
