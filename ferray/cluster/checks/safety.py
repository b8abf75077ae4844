"""ferray's rules of safety: tokens wherever Ray starts, no secret in a file, no door to everybody, no root in a pod."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ferray.cluster.checks.document import Document
from ferray.cluster.checks.pods import containers_of, pods_of
from ferray.cluster.checks.report import Finding, NotChecked
from ferray.cluster.checks.schema_problems import Problem
from ferray.cluster.checks.shell_texts import CommandLine, command_lines
from ferray.cluster.checks.source_file import FileKind, SourceFile

NAME = "ferray's rules of safety"
TOKEN_MODE = "RAY_AUTH_MODE"
LOOPBACK = ("127.0.0.1", "localhost", "::1", "")
_SECRET_NAME = re.compile(r"(?i)(token|password|passwd|secret|api_?key|access_?key(_id)?|private_?key|credentials?)$")
# What is recognised whatever it is called: keys of AWS, of Google, of W&B's and GitHub's kind, and private keys.
_SECRET_VALUE = re.compile(
    r"\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bgh[pousr]_[A-Za-z0-9]{36}\b"
    r"|\bAIza[0-9A-Za-z_-]{35}\b"
    r"|\bwandb_v1_[A-Za-z0-9_]{40,}|[a-z][a-z0-9+.-]*://[^\s/:@]+:(?!\$)[^\s/@$<>{}]+@"
)


def applies(source: SourceFile) -> bool:
    """Whether a program reads the file."""
    return source.kind is not FileKind.TEXT


def check(source: SourceFile) -> Iterator[Finding | NotChecked]:
    """What ferray promises of every file that it renders, asked of any file."""
    yield from _secret_values(source)
    calls = list(command_lines(source))
    for call in calls:
        yield from _call_findings(source, call)
    for message, line in _unguarded(source, calls):
        yield source.finding(NAME, message, line)
    for document in source.documents:
        for path, message in (*_named_secrets(document), *_pod_problems(document.value)):
            yield source.finding(NAME, message, document.line(path))
        for path, message in (*_kuberay_problems(document.value), *_open_doors(document)):
            yield source.finding(NAME, message, document.line(path))


def _secret_values(source: SourceFile) -> Iterator[Finding]:
    for number, line in enumerate(source.text.splitlines(), start=1):
        if _SECRET_VALUE.search(line):
            yield source.finding(NAME, "a key or a password stands in the file: name where it is kept instead", number)


def _call_findings(source: SourceFile, call: CommandLine) -> Iterator[Finding]:
    for assignment in (*call.variables, *(word for word in call.words[1:] if "=" in word)):
        name, _, value = assignment.partition("=")
        if _is_secret(name.lstrip("-").replace("-", "_"), value):
            yield source.finding(NAME, f"`{name}` is written into the file: take it from a file of its own", call.line)
    if not _starts_ray(call):
        return
    for word in call.words:
        option, _, value = word.partition("=")
        if option in ("--dashboard-host", "--ray-client-server-host") and value not in LOOPBACK and "$" not in value:
            yield source.finding(
                NAME, f"`{word}` opens the dashboard to its network: keep it on `127.0.0.1`", call.line
            )


def _starts_ray(call: CommandLine) -> bool:
    """Whether a call starts a part of a cluster, by `ray start` or `ray symmetric-run`."""
    words = call.behind("ray")
    return bool(words and words[0] in ("start", "symmetric-run"))


def _unguarded(source: SourceFile, calls: list[CommandLine]) -> Iterator[tuple[str, int]]:
    """Calls that start Ray while nothing before them in the file asks for tokens."""
    for call in calls:
        if not _starts_ray(call):
            continue
        before = source.text if source.kind is not FileKind.SCRIPT else "\n".join(source.text.split("\n")[: call.line])
        own = any(variable == f"{TOKEN_MODE}=token" for variable in call.variables)
        is_set = re.search(rf"(?m)^\s*(export\s+([A-Z_]+=\S+\s+)*)?{TOKEN_MODE}=token\b", _without_comments(before))
        if not own and not (is_set and source.kind is FileKind.SCRIPT):
            yield f"Ray is started without `{TOKEN_MODE}=token`: whoever reaches its ports runs code", call.line


def _without_comments(text: str) -> str:
    return re.sub(r"(?m)^\s*#.*$", "", text)


def _is_secret(name: str, value: str) -> bool:
    """Whether a variable is one that holds a secret, with a value that is no reference to where it is kept."""
    plain = value.strip("\"'")
    is_reference = not plain or plain.startswith(("$", "/", "~", "<", "file:", "%")) or "$" in plain
    return bool(_SECRET_NAME.search(name)) and not is_reference


def _named_secrets(document: Document) -> Iterator[Problem]:
    """Secrets that stand beside the variables of containers, and manifests of secrets with their contents."""
    value = document.value
    if isinstance(value, dict) and value.get("kind") == "Secret" and (value.get("data") or value.get("stringData")):
        yield ("kind",), "a secret's contents stand in the file: make it with `kubectl create secret`"
    for path, mapping in document.mappings():
        name, held = mapping.get("name"), mapping.get("value")
        if isinstance(name, str) and isinstance(held, str) and _is_secret(name, held):
            yield (*path, "value"), f"`{name}` is written into the file: refer to a secret by `valueFrom`"
        environment = mapping.get("environment")
        if isinstance(environment, dict):
            for variable, text in environment.items():
                if isinstance(text, str) and _is_secret(str(variable), text):
                    yield (*path, "environment", variable), f"`{variable}` is written into the file: use `secrets`"


def _pod_problems(value: Any) -> Iterator[Problem]:
    for path, pod in pods_of(value):
        if pod.get("hostNetwork") or pod.get("hostPID"):
            yield path, "the pod shares the network or the processes of its node"
        whole = pod.get("securityContext") or {}
        for place, container in containers_of(path, pod):
            own = container.get("securityContext") or {}
            name = container.get("name")
            if own.get("runAsNonRoot", whole.get("runAsNonRoot")) is not True:
                yield place, f"the container `{name}` may run as root: `runAsNonRoot: true` is missing"
            if own.get("privileged") or own.get("allowPrivilegeEscalation") is not False:
                yield place, f"the container `{name}` may gain rights: `allowPrivilegeEscalation: false` is missing"
            limits = (container.get("resources") or {}).get("limits") or {}
            missing = [limit for limit in ("cpu", "memory") if limit not in limits]
            if missing:
                yield place, f"the container `{name}` has no limit of {' and '.join(f'`{limit}`' for limit in missing)}"


def _kuberay_problems(value: Any) -> Iterator[Problem]:
    """A cluster that neither its operator nor its own pods start with tokens."""
    spec = value.get("spec") if isinstance(value, dict) and str(value.get("apiVersion")).startswith("ray.io/") else None
    if not isinstance(spec, dict):
        return
    path: tuple[str | int, ...] = ("spec", "rayClusterSpec") if "rayClusterSpec" in spec else ("spec",)
    cluster = spec.get("rayClusterSpec") or spec
    if (cluster.get("authOptions") or {}).get("mode") != "token":
        for place, pod in pods_of(cluster, path):
            for inner, container in containers_of(place, pod):
                variables = {entry.get("name"): entry.get("value") for entry in container.get("env") or ()}
                if inner[-2] == "containers" and variables.get(TOKEN_MODE) != "token":
                    yield inner, f"the container `{container.get('name')}` starts Ray without `{TOKEN_MODE}: token`"


def _open_doors(document: Document) -> Iterator[Problem]:
    """Services that the world reaches, ports that `docker compose` opens on every interface, groups open to all."""
    for path, mapping in document.mappings():
        if mapping.get("type") in ("NodePort", "LoadBalancer") or mapping.get("serviceType") in (
            "NodePort",
            "LoadBalancer",
        ):
            yield path, "the service is reached from outside the cluster: make it `ClusterIP` and come by a tunnel"
        for index, port in enumerate(mapping.get("ports") or () if isinstance(mapping.get("ports"), list) else ()):
            if isinstance(port, str) and ":" in port and not port.startswith(("127.0.0.1:", "[::1]:")):
                yield (*path, "ports", index), f"`{port}` is open on every interface: write `127.0.0.1:{port}`"
        for key in ("CidrIp", "CidrIpv6") if {"IpPermissions", "SecurityGroupIngress"} & set(path) else ():
            if mapping.get(key) in ("0.0.0.0/0", "::/0"):
                yield (*path, key), f"`{mapping[key]}` lets the whole world in: name the addresses that you come from"
