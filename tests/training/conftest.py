from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this session packs its drawn faces, once."""
    return tmp_path_factory.mktemp("cache")
