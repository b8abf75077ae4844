"""Grad-CAM: which places of an image spoke for a class. N = images, H and W = pixels, K = maps, C = classes."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ferray.training.network_classifier import NetworkClassifier


def grad_cam(classifier: NetworkClassifier, images_NHWC: Tensor, classes_N: Tensor) -> Tensor | None:
    """Heat (N, H, W) in [0, 1] on CPU: how much each place spoke for the image's class in `classes_N`.

    Computed in float32, in eval mode, from the last maps of the backbone, and scaled so that the hottest place of an
    image is 1, of one without any 0. None for a network without maps, such as one over tokens. Weights and gradients
    stay as they are. Source: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
    Localization", ICCV 2017, equations 1 and 2.
    """
    model = classifier.model.eval()
    with torch.enable_grad(), ExitStack() as hooks:
        last = _LastMaps()
        for module in model.backbone.modules():
            if next(module.parameters(), None) is not None:  # pooling has none, and its output is no place to look at
                hooks.enter_context(module.register_forward_hook(last))
        inputs_NCHW = classifier.preprocessing(images_NHWC).detach().requires_grad_()
        logits_NC = model(inputs_NCHW)
        if last.maps is None:
            return None
        chosen = logits_NC.gather(1, classes_N[:, None]).sum()
        (slopes,) = torch.autograd.grad(chosen, last.maps)
    maps_NKHW, slopes_NKHW = (_channels_first(each.detach()).float() for each in (last.maps, slopes))
    heat_NHW = (slopes_NKHW.mean(dim=(2, 3), keepdim=True) * maps_NKHW).sum(dim=1).relu()
    hottest_N11 = heat_NHW.amax(dim=(1, 2), keepdim=True)
    heat_NHW = heat_NHW / hottest_N11.clamp(min=torch.finfo(torch.float32).tiny)
    sides = (int(images_NHWC.shape[1]), int(images_NHWC.shape[2]))
    return F.interpolate(heat_NHW[:, None], size=sides, mode="bilinear", align_corners=False)[:, 0].cpu()


class _LastMaps:
    """A hook that keeps the last output with a height and a width; one of tokens after it says that it was not last."""

    def __init__(self) -> None:
        self.maps: Tensor | None = None

    def __call__(self, _: nn.Module, __: Any, output: Any) -> None:
        if not isinstance(output, Tensor):
            return
        if output.ndim == 4 and _channels_first(output).shape[2] > 1:
            self.maps = output
        elif output.ndim == 3:
            self.maps = None


def _channels_first(maps: Tensor) -> Tensor:
    """Maps of square images as (N, K, H, W), those of networks that keep them as (N, H, W, K) too."""
    is_last = maps.shape[2] != maps.shape[3] and maps.shape[1] == maps.shape[2]
    return maps.permute(0, 3, 1, 2) if is_last else maps
