"""Every score by name, and its settings from the command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from training.scores.abstention import AbstentionEnergy
from training.scores.dense_hybrid import DenseHybrid, DenseHybridSettings
from training.scores.entropy import Entropy
from training.scores.free_energy import FreeEnergy, FreeEnergySettings
from training.scores.fused import FusedEnergy, FusedSettings
from training.scores.gaussian_mixture import GaussianSettings
from training.scores.he import He, HeSettings
from training.scores.heat import Heat, HeatSettings
from training.scores.heat_el import HeatEl, HeatElSettings
from training.scores.heat_gmm import HeatGmm, HeatGmmSettings
from training.scores.heat_gmm_std import HeatGmmStd, HeatGmmStdSettings
from training.scores.hopfield_boosting import HopfieldBoosting, HopfieldBoostingSettings
from training.scores.hopfield_energy import ModernHopfieldEnergy, ModernHopfieldSettings
from training.scores.hopfield_retrieval import HopfieldRetrieval
from training.scores.knn import NearestSettings, NearestStored
from training.scores.mahalanobis import Mahalanobis
from training.scores.max_logit import MaxLogit
from training.scores.max_softmax import MaxSoftmax
from training.scores.pebal import PebalEnergy, PebalSettings
from training.scores.readings import ScoreError
from training.scores.reclag import RecLag, RecLagSettings
from training.scores.score import AnyScore, ScoreSettings, SettingsT
from training.scores.she import She, SheSettings
from training.scores.standardised_max_logit import StandardisedMaxLogit

_HOW_FITTED: Final = frozenset(each.name for each in fields(ScoreSettings))


@dataclass(frozen=True)
class ScoreKind:
    """A score and the settings it has under its name."""

    score_class: type[AnyScore]
    settings: ScoreSettings
    is_fitted: bool = True
    """Whether it holds numbers from data."""


SCORES: Final[Mapping[str, ScoreKind]] = MappingProxyType(
    {
        'max_softmax': ScoreKind(MaxSoftmax, ScoreSettings(), is_fitted=False),
        'max_logit': ScoreKind(MaxLogit, ScoreSettings(), is_fitted=False),
        'standardised_max_logit': ScoreKind(StandardisedMaxLogit, ScoreSettings()),
        'entropy': ScoreKind(Entropy, ScoreSettings(), is_fitted=False),
        'free_energy': ScoreKind(FreeEnergy, FreeEnergySettings(), is_fitted=False),
        'pebal': ScoreKind(PebalEnergy, PebalSettings(), is_fitted=False),
        'abstention': ScoreKind(AbstentionEnergy, ScoreSettings(), is_fitted=False),
        'he': ScoreKind(He, HeSettings()),
        'he_agnostic': ScoreKind(He, HeSettings(is_class_conditional=False)),
        'she': ScoreKind(She, SheSettings()),
        'she_cosine': ScoreKind(She, SheSettings(is_cosine=True)),
        'she_agnostic': ScoreKind(She, SheSettings(is_class_conditional=False)),
        'reclag': ScoreKind(RecLag, RecLagSettings()),
        'hopfield_energy': ScoreKind(ModernHopfieldEnergy, ModernHopfieldSettings()),
        'hopfield_retrieval': ScoreKind(HopfieldRetrieval, ModernHopfieldSettings()),
        'hopfield_boosting': ScoreKind(HopfieldBoosting, HopfieldBoostingSettings()),
        'heat_gmm': ScoreKind(HeatGmm, HeatGmmSettings()),
        'heat_gmm_std': ScoreKind(HeatGmmStd, HeatGmmStdSettings()),
        'heat_el': ScoreKind(HeatEl, HeatElSettings()),
        'heat': ScoreKind(Heat, HeatSettings()),
        'dense_hybrid': ScoreKind(DenseHybrid, DenseHybridSettings()),
        'mahalanobis': ScoreKind(Mahalanobis, GaussianSettings()),
        'knn': ScoreKind(NearestStored, NearestSettings()),
        'fused': ScoreKind(FusedEnergy, FusedSettings()),
    }
)


def score_kind(name: str) -> ScoreKind:
    """Return the kind of a name.

    Raises:
        ScoreError: there is no such score.
    """
    if name not in SCORES:
        raise ScoreError(f'there is no score {name!r}; there is {", ".join(SCORES)}')
    return SCORES[name]


def with_everywhere(settings: SettingsT, **values: Any) -> SettingsT:
    """Return settings with values of `ScoreSettings` set, also in the scores that it is made of.

    Args:
        settings: of any score.
        **values: seed, memory_bound_mib, leaves_out_empty_classes.
    """
    inner: dict[str, Any] = {
        each.name: with_everywhere(getattr(settings, each.name), **values)
        for each in fields(settings)
        if isinstance(getattr(settings, each.name), ScoreSettings)
    }
    return replace(settings, **inner, **values)


def with_changes(
    settings: Mapping[str, ScoreSettings], changes: Sequence[str]
) -> dict[str, ScoreSettings]:
    """Return settings of several scores after changes such as 'reclag.beta=5'.

    Raises:
        ScoreError: a change names no number of a score that is there, or no number follows.
    """
    changed = dict(settings)
    for change in changes:
        path, is_there, text = change.partition('=')
        name, *steps = path.split('.')
        if not is_there or not steps or name not in changed:
            raise ScoreError(
                f'{change!r} changes nothing: write SCORE.NUMBER=VALUE, such as reclag.beta=5, of '
                f'one of {", ".join(settings)}'
            )
        changed[name] = _changed(changed[name], steps, text, change)
    return changed


def differences(settings: Any, default: Any) -> list[str]:
    """Return numbers of a score that are not the default, such as 'beta=8.0 instead of 32.0'.

    How a fit was run (`ScoreSettings`) is not among them.
    """
    found = []
    for name in (each.name for each in fields(default)):
        value, usual = getattr(settings, name), getattr(default, name)
        if is_dataclass(usual):
            found += [f'{name}.{each}' for each in differences(value, usual)]
        elif value != usual and name not in _HOW_FITTED:
            found.append(f'{name}={value} instead of {usual}')
    return found


def _changed(settings: Any, steps: Sequence[str], text: str, change: str) -> Any:
    known = [each.name for each in fields(settings)]
    if steps[0] not in known:
        raise ScoreError(f'{change!r}: there is no {steps[0]!r}, only {", ".join(known)}')
    now = getattr(settings, steps[0])
    if is_dataclass(now):
        if len(steps) == 1:
            inner = ', '.join(each.name for each in fields(now))
            raise ScoreError(f'{change!r}: {steps[0]} is made of {inner}; name one of them')
        return replace(settings, **{steps[0]: _changed(now, steps[1:], text, change)})
    return replace(settings, **{steps[0]: _read(text, type(now), change)})


def _read(text: str, kind: type, change: str) -> Any:
    if kind is bool and text in ('true', 'false'):
        return text == 'true'
    try:
        if kind is not bool:
            return kind(text)
    except ValueError:
        pass
    raise ScoreError(f'{change!r}: the value must be {"true or false" if kind is bool else kind}')
