from dataclasses import replace

import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.deployment import (
    ENERGY_OUTPUT,
    IMAGE_INPUT,
    LABEL_OUTPUT,
    TensorSpec,
    check_tensors,
    read_metadata,
)
from hopfield_pebal_ros.contract.metadata import Calibration
from training import export_check
from training.checkpoints import save_checkpoint
from training.export import ExportArguments, export
from training.export_check import Agreement, VerificationError
from training.models.anomaly_network import BranchSettings
from training.models.anomaly_outputs import ENERGIES
from training.models.fusion import Fusion
from training.provenance import weights_sha256
from training.run_state import new_state
from training.trained_model import deployed_model

CALIBRATION = Calibration(threshold=-1.5, false_positive_rate=0.01, fitted_on='a test')


@pytest.fixture
def checkpoint_path(tmp_path, trained_checkpoint):
    save_checkpoint(replace(trained_checkpoint, calibration=CALIBRATION), tmp_path / 'best.pt')
    return tmp_path / 'best.pt'


@pytest.mark.parametrize('output_stride', [1, 2, 4, 8])
def test_the_file_computes_what_torch_computes(
    tmp_path, checkpoint_path, trained_checkpoint, output_stride
):
    out = tmp_path / 'model.onnx'
    agreement = export(ExportArguments(checkpoint_path, out, output_stride=output_stride))
    assert agreement.energy_difference < 1e-3
    assert agreement.label_agreement > 0.999

    session = onnxruntime.InferenceSession(str(out), providers=['CPUExecutionProvider'])
    output_hw = (128 // output_stride, 256 // output_stride)
    model = deployed_model(trained_checkpoint, output_hw)
    images = np.random.default_rng(5).integers(0, 256, (3, 128, 256, 3), dtype=np.uint8)
    labels, energy = session.run([LABEL_OUTPUT, ENERGY_OUTPUT], {IMAGE_INPUT: images})
    with torch.inference_mode():
        expected_labels, expected_energy = model(torch.from_numpy(images))
    assert np.abs(energy - expected_energy.numpy()).max() < 1e-3
    assert (labels == expected_labels.numpy()).mean() > 0.999
    assert energy.std() > 0.01
    assert len(np.unique(labels)) > 1


def test_metadata_describes_the_tensors_and_the_weights(
    tmp_path, checkpoint_path, trained_checkpoint
):
    out = tmp_path / 'model.onnx'
    export(ExportArguments(checkpoint_path, out, size=(160, 96)))
    metadata = read_metadata(out)
    assert metadata.network_hw == (160, 96)
    assert metadata.output_hw == (80, 48)
    assert metadata.calibration == CALIBRATION
    assert metadata.energy.unit == 'nat'
    assert metadata.provenance.weights_sha256 == weights_sha256(trained_checkpoint.network)
    session = onnxruntime.InferenceSession(str(out), providers=['CPUExecutionProvider'])
    types = {'tensor(uint8)': 'uint8', 'tensor(float)': 'float32'}
    found = tuple(
        TensorSpec(
            each.name,
            types[each.type],
            tuple(side if isinstance(side, int) else None for side in each.shape),
        )
        for each in (*session.get_inputs(), *session.get_outputs())
    )
    check_tensors(found, metadata, source='model.onnx')
    assert all(each.shape[0] is None for each in found)


def test_a_file_that_disagrees_is_not_left_behind(tmp_path, checkpoint_path, monkeypatch):
    monkeypatch.setattr(export_check, 'LARGEST_ENERGY_DIFFERENCE', -1.0)
    out = tmp_path / 'model.onnx'
    out.write_bytes(b'the one before')
    with pytest.raises(VerificationError, match='disagrees with torch'):
        export(ExportArguments(checkpoint_path, out))
    assert out.read_bytes() == b'the one before'
    assert sorted(each.name for each in tmp_path.iterdir()) == ['best.pt', 'model.onnx']


def test_other_precisions_are_refused(tmp_path, checkpoint_path):
    with pytest.raises(ValueError, match='fp16 is not available yet, only fp32'):
        export(ExportArguments(checkpoint_path, tmp_path / 'm.onnx', precision='fp16'))


def test_size_must_fit_the_network(tmp_path, checkpoint_path):
    with pytest.raises(ValueError, match='multiples of 32, got 720 1280'):
        export(ExportArguments(checkpoint_path, tmp_path / 'm.onnx', size=(720, 1280)))


def test_a_checkpoint_without_thresholds_is_refused(tmp_path, trained_checkpoint):
    save_checkpoint(trained_checkpoint, tmp_path / 'best.pt')
    with pytest.raises(ValueError, match=r'run python -m training\.calibrate'):
        export(ExportArguments(tmp_path / 'best.pt', tmp_path / 'm.onnx'))


def test_agreement_reads_well():
    assert str(Agreement(2e-5, 0.99995)) == (
        'energy within 2.0e-05 of torch, labels agree on 99.995 % of pixels'
    )


def test_every_energy_of_a_network_with_all_parts_is_exported(tmp_path, tiny_settings):
    taps = ('s4', 's8')
    settings = replace(
        tiny_settings,
        branch=BranchSettings(
            residual_taps=taps, embedding_taps=taps, posterior_taps=taps, width=8
        ),
        energies=tuple(ENERGIES),
    )
    count = len(ENERGIES)
    fusion = Fusion(
        components=tuple(ENERGIES),
        means=(0.5,) * count,
        standard_deviations=(2.0,) * count,
        weights=(1 / count,) * count,
    )
    checkpoint = replace(
        new_state(settings).checkpoint(settings), fusion=fusion, calibration=CALIBRATION
    )
    save_checkpoint(checkpoint, tmp_path / 'best.pt')
    agreement = export(ExportArguments(tmp_path / 'best.pt', tmp_path / 'm.onnx'))
    assert agreement.energy_difference < 1e-3
    metadata = read_metadata(tmp_path / 'm.onnx')
    assert metadata.energy.components == tuple(ENERGIES)
    assert metadata.energy.unit == 'inlier standard deviation'
