"""Each network through training, calibration, export and the vehicle's own inference."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

torch = pytest.importorskip('torch')
from torch.utils.data import default_collate

from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.inference.engine import Tuning
from training.calibrate import calibrated
from training.checkpoints import save_checkpoint
from training.data.samples import SampleKey
from training.export import ExportArguments, export
from training.loss_settings import LossSettings
from training.margins import Margins
from training.network_settings import NetworkSettings
from training.run_state import new_state
from training.step import Stepper
from training.trained_model import deployed_model

NETWORKS = {
    'ladder': NetworkSettings(),
    'lraspp': NetworkSettings(kind='lraspp'),
    'espnetv2': NetworkSettings(kind='espnetv2', width_factor=0.5),
    'deepwv3plus': NetworkSettings(kind='deepwv3plus', width=4, recomputes_activations=True),
    'deeplabv3plus': NetworkSettings(kind='deeplabv3plus-resnet50'),
    'ladder-densenet121': NetworkSettings(
        kind='ladder-densenet121', has_abstention=False, has_posterior=True
    ),
    'segmenter': NetworkSettings(kind='segmenter', encoder='vit_tiny_patch16_224'),
}
ENERGIES = {'ladder-densenet121': ('dense_hybrid_energy',)}
LOSSES = {
    'ladder-densenet121': LossSettings(
        posterior_weight=0.3, abstention_weight=0.0, margin_weight=0.0
    )
}
TOLERANCE = {'segmenter': 2e-2}
"""OpenVINO shrinks position embeddings without antialiasing; images of real size enlarge them."""


@pytest.fixture(scope='module')
def frame_cache(tmp_path_factory):
    return tmp_path_factory.mktemp('frames')


@pytest.mark.slow
@pytest.mark.parametrize('name', sorted(NETWORKS))
def test_training_calibration_export_and_inference(
    tmp_path, frame_cache, tiny_settings, samples_for, name
):
    if name == 'segmenter' and find_spec('timm') is None:
        pytest.skip('timm is not installed')
    settings = replace(
        tiny_settings,
        network=NETWORKS[name],
        losses=LOSSES.get(name, LossSettings()),
        energies=ENERGIES.get(name, ('pebal_energy',)),
        network_hw=(64, 128),
        crop_hw=(64, 64),
        closed_set_steps=4,
        anomaly_steps=4,
        learning_rate=1e-3,
        anomaly_learning_rate=1e-3,
        warmup_share=0.0,
        schedule='constant',
        precision='fp32',
        frame_cache=frame_cache,
    )
    state, samples = new_state(settings), samples_for(settings)
    batch = default_collate([samples[SampleKey(0, place, True)] for place in range(2)])
    stepper, losses = Stepper(state, settings), []
    state.margins = Margins(-4.0, -1.0)
    for _ in range(8):
        losses.append(stepper.take(batch)['loss'].item())
    assert losses[3] < losses[0]
    assert losses[7] < losses[4]

    best = calibrated(state.checkpoint(settings), tmp_path)
    save_checkpoint(best, tmp_path / 'best.pt')
    found = export(ExportArguments(tmp_path / 'best.pt', tmp_path / 'model.onnx'))
    assert found.agreement.label_agreement > 0.999

    image = np.random.default_rng(0).integers(0, 256, (64, 128, 3), np.uint8)
    detector = AnomalyDetector.open(
        tmp_path / 'model.onnx', precision='fp32', tuning=Tuning(num_threads=1)
    )
    [found] = detector.detect([image])
    with torch.no_grad():
        _, energy = deployed_model(best, (32, 64))(torch.from_numpy(image)[None])
    np.testing.assert_allclose(found.energy_map, energy[0], atol=TOLERANCE.get(name, 2e-3))
