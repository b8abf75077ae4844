"""One JSON document on stdout, or a sentence."""

from __future__ import annotations

import math

import pytest

from ferray.cli.terminal.output import print_json
from ferray.errors import DataError


@pytest.mark.parametrize("document", [{"trials": [{"value": math.nan}]}, {"value": math.inf}, [1.0, -math.inf]])
def test_a_number_that_json_has_no_word_for_is_a_sentence(document: object, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataError, match="a number that is not finite"):
        print_json(document)
    assert capsys.readouterr().out == ""
