"""Logits divided by a temperature, which makes answers surer or less sure and none another. N = images, C = classes."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ferray.errors import ConfigError


def tempered(logits_NC: Tensor, temperature: float) -> Tensor:
    """Logits (N, C) of which the class with the largest is the same as before, bit by bit of rounding too.

    Source: Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, section 4.2.
    """
    if temperature == 1.0:
        return logits_NC
    cooled_NC = logits_NC / temperature
    top_N1 = logits_NC.argmax(dim=1, keepdim=True)
    # Two neighbouring numbers may have one quotient, and the first of equal ones would win.
    peak_N1 = cooled_NC.gather(1, top_N1)
    below_NC = torch.nextafter(peak_N1, torch.full_like(peak_N1, -math.inf)).expand_as(cooled_NC)
    return torch.minimum(cooled_NC, below_NC).scatter(1, top_N1, peak_N1)


def refuse_temperature(temperature: float) -> None:
    """ConfigError for what logits cannot be divided by."""
    if not (isinstance(temperature, int | float) and math.isfinite(temperature) and temperature > 0):
        raise ConfigError(f"`{temperature}` is no temperature", "give a number above 0")
