"""What people call the keys of a trial who come from another tool, or who leave out the group that a key is in."""

from __future__ import annotations

from ferray.config.trial import TrialConfig, group_keys

SYNONYMS = {
    "optimizer.lr": ("learning_rate", "initial_lr", "base_lr", "rate"),
    "optimizer.weight_decay": ("wd", "l2", "decay"),
    "optimizer": ("opt", "solver"),
    "schedule": ("scheduler", "lr_scheduler", "lr_schedule"),
    "schedule.warmup_epochs": ("warmup",),
    "batch_size": ("bs", "minibatch"),
    "epochs": ("num_epochs", "n_epochs", "max_epochs"),
    "seed": ("random_seed", "random_state"),
    "backbone": ("model", "network", "net", "arch", "architecture", "encoder"),
    "head": ("classifier", "fc"),
    "finetune": ("freeze", "frozen", "trainable"),
    "image_size": ("size", "img_size", "input_size", "imgsz", "resolution", "resize"),
    "augment": ("aug", "transforms", "transform"),
    "pixels.normalise": ("normalize", "normalization", "normalisation"),
    "pixels.grey": ("gray", "grayscale", "greyscale"),
    "imbalance": ("class_weight", "sampling", "balance"),
    "loss": ("criterion", "loss_fn", "objective_function"),
    "outliers": ("denoise", "noise", "cleaning"),
    "folds": ("cv", "kfold", "k_folds", "cross_validation"),
    "dataset": ("data", "corpus"),
    "init_from": ("checkpoint", "weights_from", "resume_from", "init"),
    "precision": ("amp", "fp16", "bf16", "mixed_precision"),
    "limit_per_class": ("limit", "max_samples"),
    "budget.trials": ("num_trials", "n_trials", "max_trials", "num_samples"),
    "budget.time_s": ("timeout", "time_budget", "time_budget_s", "max_time"),
    "objective.metric": ("monitor", "score"),
}
_KEY_OF = {word.replace("_", ""): key for key, words in SYNONYMS.items() for word in words}


def meant_key(word: str) -> str:
    """The one key of a trial that `word` is another name for, "" where there is none: `optimizer.lr` for `lr`, `LR`."""
    plain = word.lower().replace("-", "_")
    keys = [f"{field}.{key}" for field in TrialConfig.model_fields for key in group_keys(field) if key == plain]
    return keys[0] if len(keys) == 1 else _KEY_OF.get(plain.replace("_", ""), "")
