"""Texts of settings: which signs they may have, said in words where one has others."""

from __future__ import annotations

import re

import yaml
from pydantic import AfterValidator


def sign_pattern(what: str, signs: str, pattern: str) -> AfterValidator:
    """A check of a text against a pattern; `what` is what it should be, `signs` what such a thing is made of."""
    wanted = re.compile(pattern)

    def checked(text: str) -> str:
        if not wanted.fullmatch(text):
            raise ValueError(f"is `{text}`, {what} has {signs}")
        return text

    return AfterValidator(checked)


def _plain(text: str) -> str:
    """A text that YAML reads as itself where it stands without quotes, unlike `on`, `007` and `a:`."""
    try:
        is_itself = yaml.safe_load(text) == text
    except yaml.YAMLError:
        is_itself = False
    if not is_itself:
        raise ValueError(f"is `{text}`, which YAML does not read as a text")
    return text


PLAIN = AfterValidator(_plain)
