"""ferray: hyper-parameter sweeps for facial expression recognition on a multi-GPU cluster.

What is public is named here; nothing is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ferray.apps.compare import compare
    from ferray.apps.confirm import confirm
    from ferray.apps.ensemble import JudgedEnsemble
    from ferray.apps.finished import calibrate, ensemble, evaluate, export
    from ferray.apps.options import SweepOptions, TrainOptions
    from ferray.apps.sweep import sweep
    from ferray.apps.train import TrainedTrial, train
    from ferray.artifacts.calibration import Calibration
    from ferray.config.sweep import SweepSpec
    from ferray.errors import ClusterError, ConfigError, DataError, FerrayError, SweepFailed
    from ferray.events import EpochReport, Listener
    from ferray.exports.folder import Exported
    from ferray.papers.compare import Comparison
    from ferray.results.confirmation import Confirmation
    from ferray.results.held_out import HeldOut
    from ferray.results.sweep import Sweep, Trial, load
    from ferray.training.ensemble_predictor import EnsemblePredictor, load_ensemble
    from ferray.training.predictor import Predictor, load_predictor

__version__ = "0.1.0"
__all__ = [
    "Calibration",
    "ClusterError",
    "Comparison",
    "ConfigError",
    "Confirmation",
    "DataError",
    "EnsemblePredictor",
    "EpochReport",
    "Exported",
    "FerrayError",
    "HeldOut",
    "JudgedEnsemble",
    "Listener",
    "Predictor",
    "Sweep",
    "SweepFailed",
    "SweepOptions",
    "SweepSpec",
    "TrainOptions",
    "TrainedTrial",
    "Trial",
    "__version__",
    "calibrate",
    "compare",
    "confirm",
    "ensemble",
    "evaluate",
    "export",
    "load",
    "load_ensemble",
    "load_predictor",
    "sweep",
    "train",
]

_MODULES = {
    "ferray.apps.compare": ("compare",),
    "ferray.apps.confirm": ("confirm",),
    "ferray.apps.ensemble": ("JudgedEnsemble",),
    "ferray.apps.finished": ("calibrate", "ensemble", "evaluate", "export"),
    "ferray.apps.options": ("SweepOptions", "TrainOptions"),
    "ferray.apps.sweep": ("sweep",),
    "ferray.apps.train": ("TrainedTrial", "train"),
    "ferray.artifacts.calibration": ("Calibration",),
    "ferray.config.sweep": ("SweepSpec",),
    "ferray.errors": ("ClusterError", "ConfigError", "DataError", "FerrayError", "SweepFailed"),
    "ferray.events": ("EpochReport", "Listener"),
    "ferray.exports.folder": ("Exported",),
    "ferray.papers.compare": ("Comparison",),
    "ferray.results.confirmation": ("Confirmation",),
    "ferray.results.held_out": ("HeldOut",),
    "ferray.results.sweep": ("Sweep", "Trial", "load"),
    "ferray.training.ensemble_predictor": ("EnsemblePredictor", "load_ensemble"),
    "ferray.training.predictor": ("Predictor", "load_predictor"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module `ferray` has no attribute `{name}`")
    found = globals()[name] = getattr(import_module(_MODULE_OF[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
