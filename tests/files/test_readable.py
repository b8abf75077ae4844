"""Files that a process reads from elsewhere."""

from pathlib import Path

from ferray.files.readable import lend, readable_at


def test_a_path_is_the_file_on_this_machine() -> None:
    assert readable_at("weights.pt") == Path("weights.pt")


def test_a_lent_file_is_read_in_its_place(tmp_path: Path) -> None:
    lend({"weights.pt": tmp_path / "theirs.pt"})
    found = readable_at("weights.pt")
    lend({})
    assert (found, readable_at("weights.pt")) == (tmp_path / "theirs.pt", Path("weights.pt"))
