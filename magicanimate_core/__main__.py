"""python -m magicanimate_core animate --help"""

import sys

from .standalone.cli import main

sys.exit(main())
