"""Figures of a bag with ground truth, worked out by hand."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.replay.evaluation_runs import (
    HEIGHT,
    WIDTH,
    example_frame,
    lines_of,
    plain_image,
    run,
    summary_of,
)
from tests.replay.example_bags import FIRST_STAMP_NS, write_camera_bag


def test_the_figures_are_those_worked_out_by_hand(tmp_path: Path, tiny_model: Path) -> None:
    image_bgr, truth = example_frame()
    bag = write_camera_bag(tmp_path / 'bag', [image_bgr], [truth])
    assert run(bag, tiny_model, tmp_path / 'out') == 0
    summary = summary_of(tmp_path / 'out')
    figures = summary['figures']
    # energies >= 10: 100 outliers, 100 inliers; >= 2: 200 outliers, 100 inliers
    assert figures['ap'] == pytest.approx(0.5 * 100 / 200 + 0.5 * 200 / 300)
    num_inlier = 60 * WIDTH - 200
    assert figures['fpr95'] == pytest.approx(100 / num_inlier)
    # outliers beat the 7380 inliers of energy 0; half of them tie with the 100 of energy 10
    wins = 200 * (num_inlier - 100) + 0.5 * 100 * 100
    assert figures['auroc'] == pytest.approx(wins / (200 * num_inlier))
    assert figures['recall_at_threshold'] == pytest.approx(0.5)
    assert figures['precision_at_threshold'] == pytest.approx(0.5)
    assert figures['fpr_at_threshold'] == pytest.approx(100 / num_inlier)
    # class 0: 60 * 64 - 200 px are right, 60 * 64 px of class 1 are called 0
    assert figures['miou'] == pytest.approx((3640 / (3640 + 3840) + 0) / 2)
    assert summary['frames_labelled'] == 1
    assert lines_of(tmp_path / 'out')[0]['figures']['ap'] == pytest.approx(figures['ap'])


def test_frames_without_labels_take_no_part_in_the_figures(
    tmp_path: Path, tiny_model: Path
) -> None:
    image_bgr, truth = example_frame()
    bag = write_camera_bag(tmp_path / 'bag', [image_bgr, plain_image(red=255)], [truth])
    assert run(bag, tiny_model, tmp_path / 'out') == 0
    summary = summary_of(tmp_path / 'out')
    assert (summary['frames_in'], summary['frames_labelled']) == (2, 1)
    assert summary['figures']['ap'] == pytest.approx(0.5 * 100 / 200 + 0.5 * 200 / 300)


def test_labels_without_outliers_give_no_anomaly_figures(tmp_path: Path, tiny_model: Path) -> None:
    truth = np.zeros((HEIGHT, WIDTH), np.uint8)
    bag = write_camera_bag(tmp_path / 'bag', [plain_image()], [truth])
    assert run(bag, tiny_model, tmp_path / 'out') == 0
    assert summary_of(tmp_path / 'out')['figures'] == {'miou': 1.0, 'fpr_at_threshold': 0.0}


def test_labels_come_from_a_folder(tmp_path: Path, tiny_model: Path) -> None:
    image_bgr, truth = example_frame()
    bag = write_camera_bag(tmp_path / 'bag', [image_bgr, plain_image()])
    labels = tmp_path / 'labels'
    labels.mkdir()
    for stamp_ns in (FIRST_STAMP_NS, 5):
        cv2.imwrite(str(labels / f'{stamp_ns}.png'), truth)
    assert run(bag, tiny_model, tmp_path / 'out', '--labels', str(labels)) == 0
    summary = summary_of(tmp_path / 'out')
    assert (summary['frames_in'], summary['frames_labelled']) == (2, 1)
    assert summary['figures']['ap'] == pytest.approx(0.5 * 100 / 200 + 0.5 * 200 / 300)
    page = (tmp_path / 'out' / 'report.html').read_text('utf-8')
    assert f'Label images of {labels} with the stamp of no frame, left out: 1.' in page
