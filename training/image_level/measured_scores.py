"""Every score on every OOD set over several seeds, and its table."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from training.command_line import say
from training.evaluation.figure_names import percent
from training.evaluation.terminal_table import text_table
from training.image_level.protocol import ImageFigures, image_figures
from training.image_level.vectors import VectorStream
from training.scores.readings import Readings, ScoreError
from training.scores.registry import SCORES, score_kind, with_everywhere
from training.scores.score import ScoreSettings

NEEDS_OUTLIERS: Final = ('hopfield_boosting', 'dense_hybrid', 'fused')
PIXELS_ONLY: Final = ('pebal', 'abstention')

Measured = dict[str, dict[str, list[ImageFigures]]]
"""Score -> OOD set -> figures of each seed."""


def all_scores(*, has_outliers: bool) -> list[str]:
    """Return the scores of pictures: without auxiliary outliers not those that need them."""
    left_out = PIXELS_ONLY if has_outliers else (*PIXELS_ONLY, *NEEDS_OUTLIERS)
    return [name for name in SCORES if name not in left_out]


def measured_scores(
    settings: Mapping[str, ScoreSettings],
    stream: VectorStream,
    inliers: Readings,
    ood: Mapping[str, Readings],
    *,
    seeds: Sequence[int],
) -> Measured:
    """Fit each score for each seed, and measure it.

    Args:
        settings: of each score by name.
        stream: what they are fitted on.
        inliers: test pictures of known classes.
        ood: OOD sets by name.
        seeds: of fits and draws.

    Raises:
        ScoreError, MemoryError: a score cannot be fitted; the message names it.
    """
    found: Measured = {}
    for name, each in settings.items():
        found[name] = {ood_name: [] for ood_name in ood}
        for seed in seeds:
            try:
                seeded = with_everywhere(each, seed=seed)
                score = score_kind(name).score_class.fit(stream, seeded)
            except (ScoreError, MemoryError) as error:
                raise type(error)(f'{name}: {error}') from error
            with torch.inference_mode():
                inlier = score.energy(inliers).numpy()
                for ood_name, readings in ood.items():
                    figures = image_figures(inlier, score.energy(readings).numpy(), seed=seed)
                    found[name][ood_name].append(figures)
        say(f'{name} measured')
    return found


def tables(found: Measured) -> list[str]:
    """Return a table of each OOD set in percent: mean and deviation over seeds, best first."""
    lines = []
    for ood_name, (size, *_) in next(iter(found.values())).items():
        lines += [
            '',
            f'{ood_name}: {size.num_inliers} inliers, {size.num_outliers} outliers a draw',
        ]
        rows: list[tuple[str, ...]] = [('score', 'FPR95', '+-', 'AUROC', '+-', 'AUPR', '+-')]
        runs = {name: sets[ood_name] for name, sets in found.items()}
        for name in sorted(runs, key=lambda name: -_values(runs[name], 'auroc').mean()):
            columns = [_values(runs[name], key) for key in ('fpr95', 'auroc', 'aupr')]
            cells = [percent(each) for values in columns for each in (values.mean(), values.std())]
            rows.append((name, *cells))
        lines += text_table(rows)
    return lines


def _values(runs: Sequence[ImageFigures], key: str) -> npt.NDArray[np.float64]:
    return np.array([getattr(each, key) for each in runs], np.float64)
