import numpy as np
import pytest
import torch

from hopfield_pebal_ros.contract.energy import free_energy
from hopfield_pebal_ros.contract.geometry import Geometry, place
from hopfield_pebal_ros.contract.resizing import image_to_network
from training.checkpoints import save_checkpoint
from training.evaluation.checkpoint_scores import CheckpointScores


@pytest.fixture
def scores(trained_checkpoint, tmp_path):
    path = tmp_path / 'run/best.pt'
    path.parent.mkdir()
    save_checkpoint(trained_checkpoint, path)
    return CheckpointScores(path)


@pytest.fixture
def image_rgb():
    return np.random.default_rng(0).integers(0, 256, (64, 128, 3), np.uint8)


def test_maps_of_output_size_are_those_of_the_network(scores, image_rgb):
    found = scores.score('a', image_rgb)
    network_image = image_to_network(
        image_rgb, place((64, 128), (128, 256), 'letterbox'), Geometry()
    )
    with torch.inference_mode():
        model = scores._model
        logits = model.class_logits(model.outputs(torch.from_numpy(network_image)[None]))
    expected = free_energy(logits)[0].numpy()
    np.testing.assert_allclose(found.energy_map, expected, rtol=1e-5)
    np.testing.assert_array_equal(found.label_map, logits[0, :19].argmax(0).numpy())
    np.testing.assert_allclose(
        found.confidence_map, logits[0, :19].softmax(0).amax(0).numpy(), rtol=1e-5
    )


def test_an_uncalibrated_checkpoint_has_no_threshold(scores):
    assert scores.scorer.threshold is None
    assert scores.scorer.name == 'run/best.pt'
    assert dict(scores.scorer.facts)['deployed threshold'] == 'none: not calibrated'


def test_windows_give_the_maps_of_the_whole_image_away_from_their_seams(
    trained_checkpoint, tmp_path, image_rgb
):
    """128x128 of 128x256 pixels: the outer 32 columns lie in one window only."""
    save_checkpoint(trained_checkpoint, tmp_path / 'best.pt')
    whole = CheckpointScores(tmp_path / 'best.pt').score('a', image_rgb)
    blended = CheckpointScores(tmp_path / 'best.pt', window_hw=(128, 128)).score('a', image_rgb)
    assert blended.energy_map.shape == whole.energy_map.shape
    difference = np.abs(blended.energy_map - whole.energy_map)
    assert np.median(difference) < 0.3 * whole.energy_map.std()
    with pytest.raises(ValueError, match='must be multiples of 32'):
        CheckpointScores(tmp_path / 'best.pt', window_hw=(100, 128))
