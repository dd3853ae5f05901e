"""Settings to JSON beside the checkpoints, and back: the types of the fields say how."""

import json
import types
from dataclasses import MISSING, asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Settings = TypeVar('Settings')


def settings_to_json(settings: Any) -> str:
    """Return a frozen dataclass of plain values, paths, tuples and further such classes."""
    return json.dumps(asdict(settings), indent=1, default=str)


def settings_from_json(kind: type[Settings], text: str) -> Settings:
    """Return the settings that `settings_to_json` wrote.

    An entry that an earlier version did not know has its default, which is what that version did.

    Raises:
        ValueError: entries without default are missing, or some are unknown.
    """
    return _built(kind, json.loads(text), where='')


def _built(kind: type[Settings], document: dict[str, Any], *, where: str) -> Settings:
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type]
    needed = {
        each.name
        for each in fields(kind)  # type: ignore[arg-type]
        if each.default is MISSING and each.default_factory is MISSING
    }
    if not needed <= set(document) <= known:
        differing = sorted(f'{where}{each}' for each in set(document) ^ known)
        raise ValueError(
            f'settings differ in {differing} from '
            'those of this version; use the version that wrote them, or start a new run'
        )
    hints = get_type_hints(kind)
    return kind(
        **{name: _value(hints[name], each, f'{where}{name}.') for name, each in document.items()}
    )


def _value(hint: Any, value: Any, where: str) -> Any:
    """Return a JSON value as its field wants it: JSON knows no tuples, paths and classes."""
    if get_origin(hint) in (Union, types.UnionType):
        if value is None:
            return None
        [hint] = [each for each in get_args(hint) if each is not type(None)]
    if is_dataclass(hint):
        return _built(hint, value, where=where)  # type: ignore[arg-type]
    if hint is Path:
        return Path(value)
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        return tuple(_value(inner, each, where) for each in value)
    return value
