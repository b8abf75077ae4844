"""One document of a YAML file with the lines on which its values stand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

CLOUDFORMATION = "AWSTemplateFormatVersion"
Path = Sequence[str | int]  # of a value: the keys and indices that lead to it


class NotYaml(Exception):
    """A text that is no YAML, or that says one thing twice; `line` counts from 1."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message, line)
        self.message = message
        self.line = line


@dataclass(frozen=True)
class Document:
    """`value` as PyYAML's safe loader, and so Ray, reads it; kubectl and docker differ in nothing that is used here."""

    value: Any
    node: yaml.Node

    def line(self, path: Path) -> int:
        """The line of the key or entry at `path`, or of the nearest one around it that is there."""
        found, node = self.node, self.node
        for step in path:
            inner = _inner(node, step)
            if inner is None:
                break
            found, node = inner
        return int(found.start_mark.line) + 1

    def texts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Every text in the document with its path."""
        yield from _texts(self.value, ())

    def mappings(self) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
        """Every mapping in the document with its path, the outer ones first."""
        yield from _mappings(self.value, ())


class _WithTags(yaml.SafeLoader):
    """Takes the tags of CloudFormation, such as `!Sub`, for what stands behind them."""


def _untagged(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else None


_WithTags.add_multi_constructor("!", _untagged)


def read_documents(text: str) -> tuple[Document, ...]:
    """The documents of a YAML text that are not empty; NotYaml where it is none or a key stands twice in a mapping."""
    loader = (_WithTags if CLOUDFORMATION in text else yaml.SafeLoader)(text)
    documents = []
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is None:
                continue
            _refuse_twice(node)
            document = Document(loader.construct_document(node), node)
            _refuse_endless(document.value)
            documents.append(document)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise NotYaml(f"it is not YAML: {error.problem}", mark.line + 1 if mark else None) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise NotYaml(f"it is not YAML: {str(error).splitlines()[0] if str(error) else 'nested too deeply'}") from error
    finally:
        loader.dispose()
    return tuple(document for document in documents if document.value is not None)


def _refuse_twice(root: yaml.Node) -> None:
    seen, todo = set(), [root]
    while todo:
        node = todo.pop()
        if id(node) in seen:  # an alias leads to the same node again
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            todo.extend(node.value)
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
            for index, key in enumerate(keys):
                if key in keys[:index]:
                    raise NotYaml(f"the key `{key}` stands twice", node.value[index][0].start_mark.line + 1)
            todo.extend(value for _, value in node.value)


def _refuse_endless(value: Any) -> None:
    try:
        json.dumps(value, default=str, skipkeys=True)
    except ValueError as error:
        raise NotYaml("an anchor in it holds itself") from error


def _inner(node: yaml.Node, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """Where `step` of a node begins, and what stands there."""
    if isinstance(node, yaml.MappingNode):
        return next((pair for pair in node.value if pair[0].value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None


def _texts(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    for step, inner in _steps(value):
        yield from _texts(inner, (*path, step))


def _mappings(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    if isinstance(value, dict):
        yield path, value
    for step, inner in _steps(value):
        yield from _mappings(inner, (*path, step))


def _steps(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    if isinstance(value, list):
        yield from enumerate(value)
