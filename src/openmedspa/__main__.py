"""`python -m openmedspa`: the command line, for where no script is installed."""

import sys

from openmedspa.cli import main

if __name__ == "__main__":
    sys.exit(main())
