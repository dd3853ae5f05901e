import numpy as np
import pytest

from hopfield_pebal_ros.contract.geometry import Geometry
from tests.tiny_model import write_tiny_model
from training.evaluation.detector_scores import DetectorScores


@pytest.fixture
def open_scores(tmp_path):
    opened = []

    def build(**changes):
        write_tiny_model(tmp_path / 'model.onnx', **changes)
        opened.append(DetectorScores.open(tmp_path / 'model.onnx', backend='onnxruntime'))
        return opened[-1]

    yield build
    for each in opened:
        each.close()


def test_energies_and_labels_have_the_size_of_the_image(open_scores):
    image_rgb = np.full((32, 64, 3), (51, 35, 0), np.uint8)
    scores = open_scores().score('a', image_rgb)
    np.testing.assert_allclose(scores.energy_map, np.full((32, 64), 2.0), rtol=1e-6)
    assert np.unique(scores.label_map).tolist() == [2]  # 35 // 16
    assert scores.is_seen is None


def test_pixels_that_a_crop_leaves_out_are_not_seen(open_scores):
    scores = open_scores(geometry=Geometry(mode='crop')).score(
        'a', np.zeros((128, 128, 3), np.uint8)
    )
    assert scores.is_seen[:32].sum() == scores.is_seen[96:].sum() == 0
    assert scores.is_seen[32:96].all()
    assert np.isnan(scores.energy_map[~scores.is_seen]).all()


def test_the_scorer_says_what_it_is(open_scores):
    scorer = open_scores().scorer
    assert (scorer.name, scorer.threshold, scorer.unit) == ('model.onnx', 6.0, 'nat')
    assert dict(scorer.facts)['engine'] == 'onnxruntime on CPU, fp32'
