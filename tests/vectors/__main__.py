"""`python -m tests.vectors PATH...`."""

import sys

from tests.vectors.runner import main

sys.exit(main(sys.argv[1:]))
