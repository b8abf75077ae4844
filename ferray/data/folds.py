"""Folds for cross-validation that one image more or less hardly changes. N = samples, C = classes, k = folds.

scikit-learn's StratifiedKFold and StratifiedGroupKFold deal by position: an image that is added deals all of them anew,
and a sweep that goes on would validate on images that it has trained on.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray


def stratified_folds(labels: NDArray[np.int64], draws: NDArray[np.uint64], num_folds: int) -> NDArray[np.int64]:
    """The fold of each sample, (N,): every class is spread over the folds to within one image.

    A class is cut into k runs of equal length in the order of its draws. One image more shifts the ends of the runs by
    less than one place, so that at most one image at each end moves, and only to the next fold.
    """
    folds = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels).tolist():
        rows = np.flatnonzero(labels == label)
        ordered = rows[np.argsort(draws[rows], kind="stable")]
        # Classes begin with another fold each, or the same folds would get the larger runs of all of them.
        folds[ordered] = (np.arange(len(rows)) * num_folds // len(rows) + label) % num_folds
    return folds


def group_folds(labels: NDArray[np.int64], groups: NDArray[np.str_], num_folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of each sample, (N,), all samples of a group in the same one; classes are spread as groups allow.

    Groups are dealt from the largest down, each to the fold with which it shares least: the fold's counts of its
    classes, each over the class's size squared, so that no class crowds and the squared deviation from equal shares
    grows by least. Sizes are compared by doublings and ties are broken by a hash of the name, so that one image more
    seldom changes the order.
    """
    names, group_of = np.unique(groups, return_inverse=True)
    counts = _class_counts(labels, group_of, len(names))
    weights = 1 / np.maximum(counts.sum(axis=0), 1) ** 2
    order = sorted(
        range(len(names)),
        key=lambda group: (-int(counts[group, -1]).bit_length(), _hash(f"{seed}:{names[group]}")),
    )
    loads = np.zeros((num_folds, counts.shape[1]))
    fold_of = np.empty(len(names), dtype=np.int64)
    for group in order:
        shared = loads @ (weights * counts[group])
        ties = [_hash(f"{seed}:{names[group]}:{fold}") for fold in range(num_folds)]
        fold_of[group] = min(range(num_folds), key=lambda fold: (shared[fold], ties[fold]))
        loads[fold_of[group]] += counts[group]
    return fold_of[group_of]


def _class_counts(labels: NDArray[np.int64], group_of: NDArray[np.int64], num_groups: int) -> NDArray[np.float64]:
    """Images of each group by class and, in the last column, in all: (groups, C + 1)."""
    _, class_of = np.unique(labels, return_inverse=True)
    counts = np.zeros((num_groups, int(class_of.max()) + 2))
    np.add.at(counts, (group_of, class_of), 1)
    counts[:, -1] = counts.sum(axis=1)
    return counts


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).digest()
