"""What any sweep on Ray waits for: torch and timm imported, Ray started, both imported in one actor, a batch trained.

python -m bench.bare_start

prints the time of day at which the batch was trained. No ferray, no W&B, no dashboard: the floor of `bench/startup.py`.
"""

from __future__ import annotations

import time

import ray
import timm
import torch


class Trainer:
    """The least that trains."""

    def train(self) -> float:
        """One step of a ResNet-18 on 32 images of 64 px; the time of day after it. Its process imports both anew."""
        torch.set_num_threads(1)
        network = timm.create_model("resnet18", pretrained=False, num_classes=7)
        optimizer = torch.optim.AdamW(network.parameters())
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(torch.rand(32, 3, 64, 64)), torch.zeros(32, dtype=torch.long))
        torch.autograd.backward(loss)
        optimizer.step()
        return time.time()


def main() -> None:
    ray.init(address="local", include_dashboard=False, logging_level="ERROR")
    trainer = ray.remote(num_cpus=1)(Trainer).remote()
    print(ray.get(trainer.train.remote()))
    ray.shutdown()


if __name__ == "__main__":
    main()
