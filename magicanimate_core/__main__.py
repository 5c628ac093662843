"""python -m magicanimate_core animate --help"""

import sys

from .cli import main

sys.exit(main())
