"""One JSON document on stdout, or a sentence."""

from __future__ import annotations

import io
import math
import sys

import pytest

from ferray.cli.terminal.output import print_json, show_text
from ferray.errors import DataError


@pytest.mark.parametrize("document", [{"trials": [{"value": math.nan}]}, {"value": math.inf}, [1.0, -math.inf]])
def test_a_number_that_json_has_no_word_for_is_a_sentence(document: object, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataError, match="a number that is not finite"):
        print_json(document)
    assert capsys.readouterr().out == ""


def test_a_text_is_on_its_way_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(pipe)))
    show_text("epoch 1\n")
    assert pipe.getvalue() == b"epoch 1\n"
