"""A fitted score as a safetensors file that knows what it was fitted on."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from training.scores.readings import ScoreError
from training.scores.registry import score_kind
from training.scores.score import AnyScore, ScoreSettings

FORMAT: Final = 1
_KEY: Final = 'score'


@dataclass(frozen=True, kw_only=True)
class FittedOn:
    """What a score belongs to; it means nothing elsewhere."""

    network_sha256: str
    """Of the weights."""
    class_names: tuple[str, ...]
    """Of the network, in the order of its ids."""
    features: str
    """Which feature maps it reads."""
    data: str
    """What it was fitted on, for people."""
    examples_per_class: tuple[int, ...]
    """Inliers offered, in the order of the classes."""
    num_outliers: int
    """Outliers offered."""

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> 'FittedOn':
        """Return what `dataclasses.asdict` and JSON made of it."""
        tuples = {key: tuple(each) for key, each in values.items() if isinstance(each, list)}
        return cls(**{**values, **tuples})


def save_score(name: str, score: AnyScore, fitted_on: FittedOn, folder: Path) -> Path:
    """Write FOLDER/NAME.safetensors.

    Raises:
        OSError: it cannot be written.
    """
    document = {
        'format': FORMAT,
        'name': name,
        'settings': asdict(score.settings),
        'fitted_on': asdict(fitted_on),
    }
    path = folder / f'{name}.safetensors'
    tensors = {key: each.contiguous() for key, each in score.state_dict().items()}
    partial = path.with_name(f'{path.name}.partial')
    save_file(tensors, partial, metadata={_KEY: json.dumps(document)})
    partial.replace(path)
    return path


def load_score(path: Path) -> tuple[str, AnyScore, FittedOn]:
    """Read name, score and what it was fitted on.

    Raises:
        FileNotFoundError: there is no such file.
        ScoreError: it is no fitted score, or of another version.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f'no fitted state {path}: make it with python -m training.fit_scores --scores '
            f'{path.stem}'
        )
    try:
        with safe_open(path, 'pt') as file:
            text = (file.metadata() or {}).get(_KEY, '')
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        document = json.loads(text)
        if document['format'] != FORMAT:
            raise ScoreError(
                f'{path} has format {document["format"]!r}, expected {FORMAT}; fit it again'
            )
        kind = score_kind(document['name'])
        settings = _settings(type(kind.settings), document['settings'])
        score = kind.score_class.from_tensors(settings, tensors).eval()
        fitted_on = FittedOn.from_json(document['fitted_on'])
    except ScoreError:
        raise
    except (SafetensorError, json.JSONDecodeError, KeyError, TypeError, RuntimeError) as error:
        raise ScoreError(
            f'{path} is no fitted score of this version ({type(error).__name__}: {error}); fit it '
            'again with python -m training.fit_scores'
        ) from error
    return document['name'], score, fitted_on


def require_same(fitted_on: FittedOn, expected: FittedOn, path: Path) -> None:
    """Refuse state of another network, other classes, or other feature maps.

    Raises:
        ScoreError: the message says which.
    """
    for field_name, what in (
        ('network_sha256', 'another network'),
        ('class_names', 'another label set'),
        ('features', 'other feature maps'),
    ):
        found, wanted = getattr(fitted_on, field_name), getattr(expected, field_name)
        if found != wanted:
            raise ScoreError(
                f'{path} was fitted on {what}: {_short(found)} instead of {_short(wanted)}; fit '
                'it again for this network with python -m training.fit_scores'
            )


def num_bytes(score: AnyScore) -> int:
    """Return the size of the fitted state."""
    return sum(each.numel() * each.element_size() for each in score.state_dict().values())


def _settings(kind: type[Any], values: Mapping[str, Any]) -> ScoreSettings:
    """Return a settings dataclass from what `asdict` made of it."""
    default = kind()
    found: dict[str, Any] = {}
    for each in fields(default):
        now = getattr(default, each.name)
        value = values[each.name]
        found[each.name] = _settings(type(now), value) if is_dataclass(now) else value
    settings: ScoreSettings = kind(**found)
    return settings


def _short(value: Any) -> str:
    text = ', '.join(value) if isinstance(value, tuple) else str(value)
    return text if len(text) <= 60 else f'{text[:57]}...'
