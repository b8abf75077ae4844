"""Texts of settings: which signs they may have, said in words where one has others."""

from __future__ import annotations

import re

from pydantic import AfterValidator


def sign_pattern(what: str, signs: str, pattern: str) -> AfterValidator:
    """A check of a text against a pattern; `what` is what it should be, `signs` what such a thing is made of."""
    wanted = re.compile(pattern)

    def checked(text: str) -> str:
        if not wanted.fullmatch(text):
            raise ValueError(f"is `{text}`, {what} has {signs}")
        return text

    return AfterValidator(checked)
