"""A trial's share of a GPU's memory, beyond which the trial itself is refused memory and not its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ferray.config.job import TrialJob
from ferray.system.late import late

if TYPE_CHECKING:
    import torch
else:
    torch = late("torch")


def keep_to_share(job: TrialJob) -> None:
    """Fence this process off from the memory of the trials beside it, where the job says that it shares a GPU."""
    if job.gpu_fraction and job.device != "cpu" and torch.cuda.is_available():
        torch.cuda.set_per_process_memory_fraction(job.gpu_fraction)


def free_bytes(device: torch.device) -> int:
    """Memory of a GPU that this process may still take: of its own share, where it has one, and of what is free."""
    free, total = torch.cuda.mem_get_info(device)
    own = int(torch.cuda.get_per_process_memory_fraction(device) * total) - torch.cuda.memory_reserved(device)
    return max(0, min(free, own))
