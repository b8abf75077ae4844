import pytest
import torch

from ferray.errors import ClusterError
from ferray.training.precision import choose_precision


def test_auto_computes_in_float32_on_cpu() -> None:
    assert choose_precision("cpu", "auto").dtype == torch.float32


def test_an_explicit_precision_is_taken() -> None:
    assert choose_precision("cpu", "bfloat16").dtype == torch.bfloat16


def test_float32_computes_without_autocast() -> None:
    with choose_precision("cpu", "float32").autocast():
        assert not torch.is_autocast_enabled("cpu")


def test_only_float16_scales_its_loss() -> None:
    enabled = [choose_precision("cpu", name).scaler().is_enabled() for name in ("float32", "bfloat16", "float16")]
    assert enabled == [False, False, True]


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_an_absent_gpu_is_refused() -> None:
    with pytest.raises(ClusterError, match="torch finds no GPU"):
        choose_precision("cuda", "auto")
