"""`ferray` whose workers on Ray train nothing: `python -m bench.idle_sweep sweep SPACE ...`."""

from __future__ import annotations

import ferray.launch.ray  # noqa: F401  # first: it sets what Ray reads when it is imported
from bench.idle_trainable import Idle
from ferray.cli import main
from ferray.launch import _tune

if __name__ == "__main__":
    setattr(_tune, "BundleTrainable", Idle)  # noqa: B010  # a name of that module's for a class of another
    main()
