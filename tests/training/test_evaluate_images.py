"""The image-level command from pictures to a table."""

import json
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip('torch')
pytest.importorskip('torchvision')

import cv2
import numpy as np

from training.evaluate_images import UNKNOWN, main

COLORS_BGR = {'red': (20, 20, 220), 'blue': (220, 20, 20), 'green': (20, 200, 20)}


@pytest.fixture(scope='module')
def pictures(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp('pictures')
    rng = np.random.default_rng(0)
    for name, color_bgr in COLORS_BGR.items():
        (root / name).mkdir()
        for index in range(16):
            noise = rng.integers(0, 40, (16, 16, 3))
            picture = np.clip(np.array(color_bgr) + noise, 0, 255).astype(np.uint8)
            cv2.imwrite(str(root / name / f'{index:02d}.png'), picture)
    return root


@pytest.fixture(scope='module')
def network(pictures: Path, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp('network') / 'two.safetensors'
    main(
        f'train --train-set {pictures} --test-set {pictures} --classes red blue --out {path} '
        '--image-px 16 --training.num-epochs 6 --training.batch-size 8 '
        '--training.learning-rate 0.02 --num-threads 1'.split()
    )
    return path


def measure(network: Path, pictures: Path, out: Path, *more: str) -> None:
    main(
        [
            *f'measure --network {network} --train-set {pictures} --test-set {pictures}'.split(),
            *f'--out {out} --seeds 0 1 --num-threads 1'.split(),
            *more,
        ]
    )


def test_a_class_that_was_not_taught_is_told_apart(network, pictures, tmp_path, capsys) -> None:
    measure(
        network, pictures, tmp_path, '--unknown-classes-are-ood',
        '--scores', 'max_softmax,she,mahalanobis,knn', '--set', 'knn.neighbour=3',
    )  # fmt: skip
    printed = capsys.readouterr().out
    assert f'{UNKNOWN}: 32 inliers, 6 outliers a draw' in printed
    results = json.loads((tmp_path / 'results.json').read_text())
    assert results['network']['class_names'] == ['red', 'blue']
    runs = results['scores']['knn'][UNKNOWN]
    assert len(runs) == 2
    assert np.mean([each['auroc'] for each in runs]) > 0.8


@pytest.mark.parametrize(
    ('more', 'said'),
    [
        ((), 'no OOD set: give --ood NAME=SET'),
        (('--ood', '/somewhere'), 'must be NAME=SET'),
        (('--unknown-classes-are-ood', '--scores', 'shee'), "no score 'shee'"),
        (
            ('--unknown-classes-are-ood', '--scores', 'hopfield_boosting'),
            'hopfield_boosting: no outlier example',
        ),
    ],
)
def test_what_cannot_be_measured_says_why(network, pictures, tmp_path, more, said) -> None:
    with pytest.raises(SystemExit) as exit_info:
        measure(network, pictures, tmp_path, *more)
    assert said in str(exit_info.value)


def test_help_is_there() -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(['--help'])
    assert exit_info.value.code == 0
    assert 'training.evaluate_images' in (sys.modules['training.evaluate_images'].__doc__ or '')
