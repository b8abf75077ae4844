from __future__ import annotations

import numpy

from ferray.system.packages import installed_version


def test_version_is_that_of_the_installed_package() -> None:
    assert installed_version("numpy") == numpy.__version__


def test_package_that_is_not_installed_has_none() -> None:
    assert installed_version("no-such-package") == ""
