"""Editing YAML in place (Goose). PyYAML says where each node is; what is written is JSON on one line, which is YAML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from meta_ads_mcp.cli.install.document import (
    ALTERS_MORE,
    InvalidDocument,
    check_object,
    data_with,
    data_without,
    value_at,
)

if TYPE_CHECKING:
    from yaml.nodes import MappingNode, Node

OTHER_FORM = "the entry is written in a form that this command does not change; edit it by hand"


class YamlFormat:
    """See `TextFormat`."""

    def load(self, text: str) -> dict[str, Any]:
        import yaml  # noqa: PLC0415  only the file of Goose needs it

        try:
            data = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError) as failure:
            raise InvalidDocument(_without_quote(failure)) from None
        return {} if data is None else check_object(data)

    def set_member(self, text: str, path: Sequence[str], value: Any) -> str:
        data = self.load(text)
        if value_at(data, path) == value:
            return text
        expected = data_with({key: item or {} if key == path[0] else item for key, item in data.items()}, path, value)
        result = _set(text, path, value)
        if self.load(result) != expected:
            raise InvalidDocument(ALTERS_MORE)
        return result

    def remove_member(self, text: str, path: Sequence[str]) -> str:
        data = self.load(text)
        if value_at(data, path) is None:
            return text
        result = _remove(text, path)
        if self.load(result) != data_without(data, path):
            raise InvalidDocument(OTHER_FORM)
        return result


def _set(text: str, path: Sequence[str], value: Any) -> str:
    root = _compose(text)
    if root is None:
        return f"{text.rstrip()}\n".lstrip("\n") + _block(path, value, 0)
    node, depth = root, 0
    while True:
        pair = _pair(node, path[depth])
        if pair is None:
            return _insert(text, node, path[depth:], value)
        if depth == len(path) - 1 or not _is_mapping(pair[1]):
            inner = data_with({}, path[depth + 1 :], value) if path[depth + 1 :] else value
            return _replace(text, pair, path[depth], inner)
        node, depth = pair[1], depth + 1


def _remove(text: str, path: Sequence[str]) -> str:
    node = _compose(text)
    for name in path[:-1]:
        pair = _pair(node, name) if node is not None else None
        node = pair[1] if pair else None
    pair = _pair(node, path[-1]) if node is not None else None
    if node is None or pair is None or node.flow_style:
        raise InvalidDocument(OTHER_FORM)
    start = text.rfind("\n", 0, pair[0].start_mark.index) + 1
    end = _line_end(text, _end(pair[1]))
    if len(node.value) == 1:
        # A key without a value would be null; an empty object stays an object.
        return text[: node.start_mark.index].rstrip() + " {}\n" + text[end:]
    return text[:start] + text[end:]


def _compose(text: str) -> MappingNode | None:
    import yaml  # noqa: PLC0415  only the file of Goose needs it

    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None or (root.tag.endswith(":null") and not root.value):
        return None
    return _check_mapping(root)


def _check_mapping(node: Any) -> MappingNode:
    if not _is_mapping(node):
        raise InvalidDocument(OTHER_FORM)
    mapping: MappingNode = node
    return mapping


def _is_mapping(node: Any) -> bool:
    return str(node.tag).endswith(":map")


def _pair(node: MappingNode, name: str) -> tuple[Node, Any] | None:
    return next(((key, value) for key, value in node.value if key.value == name), None)


def _insert(text: str, node: MappingNode, path: Sequence[str], value: Any) -> str:
    """Return the text with a new member at the end of a mapping."""
    if node.flow_style:
        position = node.end_mark.index - 1
        member = f"{json.dumps(path[0])}: {dump(data_with({}, path, value)[path[0]])}"
        return text[:position].rstrip() + (", " if node.value else "") + member + text[position:]
    position = _line_end(text, _end(node))
    before = text[:position] if text[:position].endswith("\n") else text[:position] + "\n"
    return before + _block(path, value, node.value[0][0].start_mark.column) + text[position:]


def _replace(text: str, pair: tuple[Node, Any], name: str, value: Any) -> str:
    """Return the text with another value of a member. A comment behind the key stays."""
    key, old = pair
    between = text[key.end_mark.index : old.start_mark.index].partition("\n")[0].strip().removeprefix(":").strip()
    comment = f"  {between}" if between.startswith("#") else ""
    start, end = key.end_mark.index, max(_end(old), key.end_mark.index + 1)
    if isinstance(value, Mapping) and not comment and not _is_mapping(old):
        block = "".join(_block([name], item, key.start_mark.column + 2) for name, item in value.items())
        return text[:start] + ":\n" + block.rstrip("\n") + text[end:]
    return f"{text[:start]}: {dump(value)}{comment}{text[end:]}"


def _block(path: Sequence[str], value: Any, indent: int) -> str:
    """Return the lines of a member: its objects as blocks, everything else on one line."""
    head, *rest = path
    if rest:
        value = data_with({}, rest, value)
    if isinstance(value, Mapping) and any(isinstance(item, Mapping | list) for item in value.values()):
        inner = "".join(_block([name], item, indent + 2) for name, item in value.items())
        return f"{' ' * indent}{head}:\n{inner}"
    return f"{' ' * indent}{head}: {dump(value)}\n"


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _end(node: Any) -> int:
    """Return the position behind the last value in a node; a block's own mark includes what follows it."""
    if isinstance(node.value, str) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _line_end(text: str, position: int) -> int:
    """Return the start of the next line."""
    if position and text[position - 1] == "\n":
        return position
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1


def _without_quote(failure: Exception) -> str:
    mark = getattr(failure, "problem_mark", None)
    return f"line {mark.line + 1}, column {mark.column + 1}: not valid YAML" if mark else "not valid YAML"
