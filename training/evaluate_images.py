"""python -m training.evaluate_images measure|train ...: scores of image classifiers on OOD sets.

The image-level protocol of SHE, RecLag and HEAT: scores are fitted on the training pictures, the
inlier is positive. measure --network FILE --train-set SET --test-set SET --ood NAME=SET --out DIR
prints a table for each OOD set and writes DIR/results.json. A SET is a folder of class folders, a
zip file of them, or torchvision:NAME:ROOT:train|test.
train --train-set SET --out FILE.safetensors makes a network; with --classes it is taught some of
them, and measure --unknown-classes-are-ood takes the others.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Final

import torch
import tyro

from training.command_line import check_writable, say
from training.image_level.classifiers import (
    SMALL_SIZE,
    ClassifierInfo,
    ImageClassifier,
    Kind,
    load_classifier,
    save_classifier,
)
from training.image_level.image_sets import ImageSet, open_images
from training.image_level.measured_scores import all_scores, measured_scores, tables
from training.image_level.train_classifier import (
    ClassifierTraining,
    places_of,
    train_classifier,
)
from training.image_level.vectors import fit_stream, vectors_of
from training.scores.readings import Readings
from training.scores.registry import score_kind, with_changes
from training.scores.score import ScoreSettings

UNKNOWN: Final = 'classes not taught'


@dataclass(frozen=True, kw_only=True)
class TrainArguments:
    """Train a classifier."""

    train_set: str
    """Training pictures."""
    out: Path
    """The .safetensors file to write."""
    kind: Kind = 'resnet20'
    classes: tuple[str, ...] = ()
    """Classes to teach; default: all of the set."""
    image_px: int = SMALL_SIZE
    """Side of the input."""
    test_set: str | None = None
    """Pictures that the accuracy is measured on."""
    training: ClassifierTraining = field(default_factory=ClassifierTraining)
    num_threads: int = 0
    """0 is every core."""


@dataclass(frozen=True, kw_only=True)
class MeasureArguments:
    """Measure every score of a classifier."""

    network: Path
    """A file of `train`, or a published state dict with --kind."""
    train_set: str
    """Pictures that scores are fitted on."""
    test_set: str
    """Test pictures: inliers."""
    out: Path
    """Folder for results.json."""
    ood: tuple[str, ...] = ()
    """OOD sets NAME=SET."""
    unknown_classes_are_ood: bool = False
    """Take the test pictures of classes that the network was not taught as an OOD set."""
    ood_crops: int = 0
    """Random squares taken of each picture of the --ood sets; 0 takes its middle once."""
    auxiliary: str | None = None
    """Outliers that scores may be fitted on: hopfield_boosting, dense_hybrid, fused."""
    auxiliary_crops: int = 8
    """Random squares of each of them."""
    kind: Kind | None = None
    """Of a published state dict."""
    scores: str = 'all'
    """Names with commas between."""
    set: tuple[str, ...] = ()
    """Changes such as he.beta=0.2."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Of fits and draws; figures are given as mean and standard deviation over them."""
    num_threads: int = 0
    """0 is every core."""


Command = (
    Annotated[TrainArguments, tyro.conf.subcommand('train')]
    | Annotated[MeasureArguments, tyro.conf.subcommand('measure')]
)


def train(arguments: TrainArguments) -> list[str]:
    """Train, save and return lines for the terminal."""
    images = open_images(arguments.train_set)
    check_writable(arguments.out.parent)
    classes = arguments.classes or tuple(sorted(set(images.class_of)))
    info = ClassifierInfo(kind=arguments.kind, class_names=classes, image_px=arguments.image_px)
    network = train_classifier(info, images, arguments.training, tell=say)
    save_classifier(network, arguments.out)
    lines = [f'wrote {arguments.out}: {arguments.kind}, {", ".join(classes)}']
    if arguments.test_set is not None:
        lines.append(accuracy_line(network, open_images(arguments.test_set)))
    return lines


def accuracy_line(network: ImageClassifier, images: ImageSet) -> str:
    """Return the accuracy on the test pictures of the network's classes, as text."""
    places, labels = places_of(images, network.info.class_names)
    logits = vectors_of(network, images, places).class_logits
    share = float((logits.argmax(dim=1) == labels).float().mean())
    return f'accuracy {100 * share:.1f} % of {len(labels)} test pictures'


def measure(arguments: MeasureArguments) -> list[str]:
    """Fit, measure, write and return lines for the terminal.

    Raises:
        ValueError, OSError, MemoryError: the message says what is wrong.
    """
    settings = _settings(arguments)
    train_images, test_images = open_images(arguments.train_set), open_images(arguments.test_set)
    classes = tuple(sorted(set(train_images.class_of)))
    network = load_classifier(arguments.network, kind=arguments.kind, class_names=classes)
    check_writable(arguments.out)
    places, labels = places_of(train_images, network.info.class_names)
    auxiliary = None
    if arguments.auxiliary is not None:
        outliers = open_images(arguments.auxiliary)
        everything = range(len(outliers.class_of))
        auxiliary = vectors_of(network, outliers, everything, crops=arguments.auxiliary_crops)
    stream = fit_stream(vectors_of(network, train_images, places), labels, auxiliary)
    test_places, _ = places_of(test_images, network.info.class_names)
    inliers = vectors_of(network, test_images, test_places)
    ood = _ood_sets(arguments, network, test_images)
    found = measured_scores(settings, stream, inliers, ood, seeds=arguments.seeds)
    accuracy = accuracy_line(network, test_images)
    document = {
        'direction': 'inlier is positive; FPR95 is the share of outliers accepted',
        'network': asdict(network.info),
        'accuracy': accuracy,
        'seeds': list(arguments.seeds),
        'scores': {
            name: {each: [asdict(run) for run in runs] for each, runs in sets.items()}
            for name, sets in found.items()
        },
    }
    path = arguments.out / 'results.json'
    path.write_text(json.dumps(document, indent=1) + '\n', 'utf-8')
    return [accuracy, *tables(found), f'wrote {path}']


def _settings(arguments: MeasureArguments) -> dict[str, ScoreSettings]:
    names = all_scores(has_outliers=arguments.auxiliary is not None)
    if arguments.scores != 'all':
        names = arguments.scores.split(',')
    return with_changes({name: score_kind(name).settings for name in names}, arguments.set)


def _ood_sets(
    arguments: MeasureArguments, network: ImageClassifier, test_images: ImageSet
) -> dict[str, Readings]:
    found = {}
    if arguments.unknown_classes_are_ood:
        unknown = [
            place
            for place, name in enumerate(test_images.class_of)
            if name not in network.info.class_names
        ]
        if not unknown:
            raise ValueError('the network was taught every class of the test set')
        found[UNKNOWN] = vectors_of(network, test_images, unknown)
    for spec in arguments.ood:
        name, is_there, place = spec.partition('=')
        if not is_there:
            raise ValueError(f'--ood must be NAME=SET, got {spec!r}')
        images = open_images(place)
        everything = range(len(images.class_of))
        found[name] = vectors_of(network, images, everything, crops=arguments.ood_crops)
    if not found:
        raise ValueError('no OOD set: give --ood NAME=SET or --unknown-classes-are-ood')
    return found


def main(argv: Sequence[str] | None = None) -> None:
    arguments = tyro.cli(Command, args=argv, prog='training.evaluate_images', description=__doc__)
    if arguments.num_threads:
        torch.set_num_threads(arguments.num_threads)
    try:
        lines = train(arguments) if isinstance(arguments, TrainArguments) else measure(arguments)
    except (ValueError, OSError, MemoryError) as error:
        sys.exit(f'error: {error}')
    say('\n'.join(lines))


if __name__ == '__main__':
    main()
