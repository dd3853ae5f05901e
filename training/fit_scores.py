"""python -m training.fit_scores --run RUN/best.pt --scores heat_gmm,reclag,she --out DIR.

Fits anomaly scores on training frames of a network and writes DIR/NAME.safetensors each, with
what it was fitted on. --stored DIR takes features of training.precompute_features instead of
reading frames. --set reclag.beta=2 changes a number. --scores all takes every score.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import torch
import tyro

from training.command_line import check_writable, say
from training.fit_data import FitData
from training.precompute_features import expected_of, lines_about, precompute
from training.read_network import ReadNetwork, read_network
from training.scores.feature_store import StoredFeatures, open_features
from training.scores.fitted_state import num_bytes, require_same, save_score
from training.scores.readings import ScoreError
from training.scores.registry import SCORES, score_kind, with_changes, with_everywhere
from training.scores.score import ScoreSettings

ALL: Final = 'all'


@dataclass(frozen=True, kw_only=True)
class FitArguments:
    """Which scores, of which network, on what."""

    run: Path
    """Checkpoint of a run (.pt), or a published ESPNetv2 file (.pth)."""
    scores: str
    """Names with commas between; or all, which leaves out what cannot be fitted and says why."""
    out: Path
    """Folder for the fitted states."""
    features: str = 'penultimate'
    """Feature maps by name, as in training.precompute_features. heat_el and heat always read the
    map that the classifier reads."""
    stored: Path | None = None
    """Folder of training.precompute_features, for the scores that read --features."""
    data: FitData = field(default_factory=FitData)
    """What to fit on where nothing is stored."""
    set: tuple[str, ...] = ()
    """Changes such as reclag.beta=2."""
    leave_out_empty_classes: bool = False
    """Fit although a class has no correctly classified pixel: it is then never looked up."""
    memory_bound_mib: int = 512
    """Most memory that the statistics of a score may take."""
    seed: int = 0
    """Of samples and trainings."""
    num_threads: int = 0
    """0 is every core."""


def fit_scores(
    stream: StoredFeatures, settings: dict[str, ScoreSettings], out: Path, *, takes_all: bool
) -> None:
    """Fit and save each score, and say what on, and a line about each.

    Args:
        stream: what to fit on.
        settings: of each score.
        out: folder for the states.
        takes_all: whether a score that cannot be fitted is said and left out; otherwise it ends
            the fit, and what came before it stays.

    Raises:
        ScoreError, MemoryError: the message names the score.
    """
    say('\n'.join(lines_about(stream)))
    for name, each in settings.items():
        try:
            score = score_kind(name).score_class.fit(stream, each).eval()
        except (ScoreError, MemoryError) as error:
            if not takes_all:
                raise type(error)(f'{name}: {error}') from error
            say(f'left out: {name}: {error}')
            continue
        path = save_score(name, score, stream.fitted_on, out)
        say(f'{path}: {num_bytes(score) / 1e6:.2f} MB')


def chosen_settings(arguments: FitArguments) -> dict[str, ScoreSettings]:
    """Return the settings of the scores asked for.

    Raises:
        ScoreError: an unknown score or number.
    """
    names = list(SCORES) if arguments.scores == ALL else arguments.scores.split(',')
    settings = with_changes({name: score_kind(name).settings for name in names}, arguments.set)
    return {
        name: with_everywhere(
            settings[name],
            seed=arguments.seed,
            memory_bound_mib=arguments.memory_bound_mib,
            leaves_out_empty_classes=arguments.leave_out_empty_classes,
        )
        for name in names
        if score_kind(name).is_fitted
    }


def run(arguments: FitArguments) -> None:
    """Fit, and say what comes of it."""
    if arguments.num_threads:
        torch.set_num_threads(arguments.num_threads)
    settings = chosen_settings(arguments)
    network = read_network(arguments.run)
    network.check_features(arguments.features)
    check_writable(arguments.out)
    for features, some in by_features(settings, network, arguments.features).items():
        with _stream(arguments, network, features) as stream:
            fit_scores(stream, some, arguments.out, takes_all=arguments.scores == ALL)


def by_features(
    settings: dict[str, ScoreSettings], network: ReadNetwork, features: str
) -> dict[str, dict[str, ScoreSettings]]:
    """Return the settings of the scores sorted by the feature maps that they read."""
    found: dict[str, dict[str, ScoreSettings]] = {}
    for name, each in settings.items():
        reads_input = score_kind(name).score_class.reads_classifier_input
        read = (network.classifier_input if reads_input else None) or features
        found.setdefault(read, {})[name] = each
    return found


@contextmanager
def _stream(
    arguments: FitArguments, network: ReadNetwork, features: str
) -> Iterator[StoredFeatures]:
    """Open what is stored of these features, or gather them for as long as they are needed."""
    if arguments.stored is not None and features == arguments.features:
        stream = open_features(arguments.stored)
        require_same(stream.fitted_on, expected_of(network, features), arguments.stored)
        yield stream
        return
    with tempfile.TemporaryDirectory(dir=arguments.out) as folder:
        yield precompute(network, features, arguments.data, Path(folder))


def main(argv: Sequence[str] | None = None) -> None:
    arguments = tyro.cli(FitArguments, args=argv, prog='training.fit_scores', description=__doc__)
    try:
        run(arguments)
    except (OSError, ValueError, MemoryError) as error:
        sys.exit(f'error: {error}')


if __name__ == '__main__':
    main()
