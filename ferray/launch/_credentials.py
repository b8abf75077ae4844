"""What Tune copies from the driver's environment into workers: no keys of a cloud, and on one machine nothing."""

from __future__ import annotations

from ray.tune.execution import class_cache

# What Tune would copy from the driver's environment into every worker's `runtime_env`. Ray writes that into the logs of
# each node and shows it to all who may ask the cluster.
CREDENTIALS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"})


_COPIED, _ADDED = frozenset(class_cache.ENV_VARS_TO_PROPAGATE), dict(class_cache.DEFAULT_ENV_VARS)


def keep_credentials_here() -> None:
    """Have Tune copy none, for which it has no public way: a node uses those of its own environment or role."""
    class_cache.ENV_VARS_TO_PROPAGATE = _COPIED - CREDENTIALS
    class_cache.DEFAULT_ENV_VARS = _ADDED


def keep_environment_here() -> None:
    """Have Tune copy nothing at all: workers of this machine have this process's environment as it is.

    A worker with variables of its own gets none of the processes that Ray has started before there was a trial.
    """
    class_cache.ENV_VARS_TO_PROPAGATE, class_cache.DEFAULT_ENV_VARS = frozenset(), {}
