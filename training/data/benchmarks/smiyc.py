"""SegmentMeIfYouCan: RoadAnomaly21 and RoadObstacle21, of which the validation part has labels."""

from pathlib import Path
from typing import Final

from training.data.benchmarks.benchmark import Benchmark, zero_one_void
from training.data.benchmarks.layouts import REPACKED, find_pairs
from training.data.benchmarks.options import BenchmarkOptions
from training.data.labelled_set import DatasetError
from training.data.layouts import SUFFIXES, Layout, with_suffixes

# road-anomaly-benchmark leaves these out of its 30 validation images
_NOT_OFFICIAL: Final = r'(?!validation_(?:19|2[1-9]))'


def smiyc_anomaly(options: BenchmarkOptions) -> Benchmark:
    """Find the labelled images of RoadAnomaly21."""
    options.allow_only('smiyc_anomaly', 'split')
    return _track(options, name='smiyc_anomaly', folder='dataset_AnomalyTrack')


def smiyc_obstacle(options: BenchmarkOptions) -> Benchmark:
    """Find the labelled images of RoadObstacle21; only the road counts, all else is void."""
    options.allow_only('smiyc_obstacle', 'split')
    return _track(options, name='smiyc_obstacle', folder='dataset_ObstacleTrack')


def _track(options: BenchmarkOptions, *, name: str, folder: str) -> Benchmark:
    if options.split not in (None, 'val'):
        raise DatasetError(
            f'--split {options.split}: the labels of the test images of {name} are hidden; write '
            'score maps and hand them in at segmentmeifyoucan.com, or evaluate --split val here'
        )
    root = options.root / folder if (options.root / folder).is_dir() else options.root
    _refuse_hidden_labels(root, name)
    layout, pairs = find_pairs(name, root, (_layout(name), *REPACKED))
    shown = {each.image_path for each in pairs}
    num_unlabelled = sum(path not in shown for path in _images(root))
    notices = (
        f'{num_unlabelled} images without labels were left out: test images, whose labels are '
        'hidden, or images that the official validation leaves out',
    )
    return Benchmark(
        name=name,
        variant=layout.name,
        root=root,
        pairs=pairs,
        ids=zero_one_void(),
        track='anomaly' if name == 'smiyc_anomaly' else 'obstacle',
        notices=notices if num_unlabelled else (),
    )


def _layout(name: str) -> Layout:
    left_out = _NOT_OFFICIAL if name == 'smiyc_obstacle' else ''
    return Layout(
        name='official, validation images',
        labels='labels_masks/validation*_labels_semantic.png',
        parts=rf'labels_masks/(?P<id>{left_out}validation_?\d+)_labels_semantic\.png',
        images=with_suffixes('images/{id}'),
        pair_name='{id}',
    )


def _refuse_hidden_labels(root: Path, name: str) -> None:
    """Say so where there are images and no labels: zeros in their place give AP near 0."""
    if _images(root) and not any(root.glob('labels_masks/validation*_labels_semantic.png')):
        labels_elsewhere = any(root.glob('labels/*.png'))
        if not labels_elsewhere:
            raise DatasetError(
                f'{root}/images has pictures of {name}, but no label file matches '
                f'{root}/labels_masks/validation*_labels_semantic.png: the labels of the test '
                'images are hidden, only the validation images can be evaluated here'
            )


def _images(root: Path) -> list[Path]:
    return [path for suffix in SUFFIXES for path in root.glob(f'images/*.{suffix}')]
