"""python -m magicanimate_core animate --help"""

import sys

from .command.cli import main

sys.exit(main())
