"""python -m training.precompute_features --run RUN/best.pt --features TAP --out DIR.

Reads training frames once, pastes outliers into every other one, and keeps a bounded number of
pixels of each class: features, logits, labels. training.fit_scores --stored DIR fits any score on
them without the network. --run also takes a published ESPNetv2 file (.pth).
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
import tyro
from tqdm import tqdm

from training.command_line import check_writable, say
from training.fit_data import FitData, fit_batches, fit_samples
from training.read_network import PixelReadings, ReadNetwork, read_network
from training.scores.feature_store import StoredFeatures, open_features, store_features
from training.scores.fitted_state import FittedOn
from training.scores.readings import FitBatch


@dataclass(frozen=True, kw_only=True)
class PrecomputeArguments:
    """Whose features, of what, and where they go."""

    run: Path
    """Checkpoint of a run (.pt), or a published ESPNetv2 file (.pth)."""
    features: str = 'penultimate'
    """Feature maps by name, joined at the stride of the first: taps of the network with commas
    between, or 'embedding' of a run's anomaly branch."""
    out: Path
    """Folder for the features."""
    data: FitData = field(default_factory=FitData)
    num_threads: int = 0
    """Of the network; 0 is every core."""


def precompute(network: ReadNetwork, features: str, data: FitData, out: Path) -> StoredFeatures:
    """Gather the features of a network's training frames.

    Raises:
        OSError, ValueError: the network, its features or the data are not there.
    """
    readings = PixelReadings(network, features).eval()
    samples = fit_samples(data, network)
    check_writable(out)
    store_features(
        _shown(fit_batches(samples, readings, data)),
        out,
        expected_of(network, features, data=data.described()),
    )
    return open_features(out)


def expected_of(network: ReadNetwork, features: str, *, data: str = '') -> FittedOn:
    """Return what fitted state must belong to, to be used with a network."""
    return FittedOn(
        network_sha256=network.sha256,
        class_names=network.class_names,
        features=features,
        data=data,
        examples_per_class=(),
        num_outliers=0,
    )


def lines_about(stored: StoredFeatures) -> list[str]:
    """Return lines for the terminal."""
    on = stored.fitted_on
    found = zip(on.class_names, on.examples_per_class, strict=True)
    missing = [name for name, count in found if count == 0]
    lines = [
        f'{sum(on.examples_per_class)} inlier and {on.num_outliers} outlier pixels of '
        f'{on.data}; {stored.width} features ({on.features})'
    ]
    if missing:
        lines.append(f'classes without a pixel: {", ".join(missing)}')
    return lines


def _shown(batches: Iterator[FitBatch]) -> 'tqdm[FitBatch]':
    return tqdm(batches, desc='frames', unit='frame', disable=None)


def run(arguments: PrecomputeArguments) -> list[str]:
    """Gather, and return lines for the terminal."""
    if arguments.num_threads:
        torch.set_num_threads(arguments.num_threads)
    network = read_network(arguments.run)
    stored = precompute(network, arguments.features, arguments.data, arguments.out)
    return [*lines_about(stored), f'wrote {arguments.out}']


def main(argv: Sequence[str] | None = None) -> None:
    arguments = tyro.cli(
        PrecomputeArguments, args=argv, prog='training.precompute_features', description=__doc__
    )
    try:
        lines = run(arguments)
    except (OSError, ValueError, MemoryError) as error:
        sys.exit(f'error: {error}')
    say('\n'.join(lines))


if __name__ == '__main__':
    main()
