from dataclasses import replace
from types import MappingProxyType

import cv2
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
from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from hopfield_pebal_ros.contract.metadata import Calibration
from hopfield_pebal_ros.inference.engine import open_engine
from training import export_check, export_images
from training.checkpoints import save_checkpoint
from training.export import ExportArguments, export
from training.export_check import Tolerance, VerificationError
from training.models.anomaly_network import BranchSettings
from training.models.anomaly_outputs import ENERGIES
from training.models.fusion import Fusion
from training.provenance import weights_sha256
from training.run_state import new_state
from training.trained_model import deployed_model

OF_RANDOM_WEIGHTS = MappingProxyType(
    {
        'fp32': export_check.TOLERANCES['fp32'],
        'fp16': Tolerance(
            largest_error=0.2,
            smallest_rank_correlation=0.98,
            smallest_label_agreement=0.99,
            largest_ap_loss=0.01,
        ),
        'int8': Tolerance(
            largest_error=float('inf'),
            smallest_rank_correlation=0.8,
            smallest_label_agreement=0.7,
            largest_ap_loss=1.0,
        ),
    }
)
"""Their energies are nearly all equal, so ranks say little."""
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
    found = export(ExportArguments(checkpoint_path, out, output_stride=output_stride))
    assert found.agreement.error_max < 1e-3
    assert found.agreement.label_agreement > 0.999
    assert found.agreement.num_images == 4

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


NOTHING_PASSES = MappingProxyType(
    {
        name: Tolerance(
            largest_error=-1.0,
            smallest_rank_correlation=0.0,
            smallest_label_agreement=0.0,
            largest_ap_loss=1.0,
        )
        for name in ('fp32', 'fp16', 'int8')
    }
)


def test_a_file_that_disagrees_is_not_left_behind(tmp_path, checkpoint_path, monkeypatch):
    monkeypatch.setattr(export_check, 'TOLERANCES', NOTHING_PASSES)
    out = tmp_path / 'model.onnx'
    out.write_bytes(b'the one before')
    with pytest.raises(VerificationError, match=r'worst energy error .* > -1 .*--force'):
        export(ExportArguments(checkpoint_path, out))
    assert out.read_bytes() == b'the one before'
    assert sorted(each.name for each in tmp_path.iterdir()) == ['best.pt', 'model.onnx']


def test_a_file_that_was_forced_says_so(tmp_path, checkpoint_path, monkeypatch):
    monkeypatch.setattr(export_check, 'TOLERANCES', NOTHING_PASSES)
    found = export(ExportArguments(checkpoint_path, tmp_path / 'm.onnx', force=True))
    [note] = read_metadata(tmp_path / 'm.onnx').notes
    assert note.startswith('outside the tolerance of its precision, written with --force: worst')
    assert note in str(found)


def test_flags_that_do_not_go_together_are_refused(tmp_path, checkpoint_path):
    arguments = ExportArguments(checkpoint_path, tmp_path / 'm.onnx')
    with pytest.raises(ValueError, match='sets ranges of int8, got --precision fp32'):
        export(replace(arguments, calibration_images=tmp_path))
    with pytest.raises(ValueError, match='give both --verify-dataset NAME and --verify-root'):
        export(replace(arguments, verify_root=tmp_path))
    with pytest.raises(ValueError, match='--batch must be 1 or more, got 0'):
        export(replace(arguments, batch=0))
    with pytest.raises(
        FileNotFoundError, match=r'no picture matches .*name a folder of camera pictures'
    ):
        export(replace(arguments, verify_images=tmp_path))


@pytest.mark.parametrize(
    ('precision', 'order'), [('fp32', 'fast'), ('fp16', 'exact'), ('int8', 'exact')]
)
def test_every_precision_runs_on_the_vehicles_engines(
    tmp_path, trained_checkpoint, monkeypatch, precision, order
):
    monkeypatch.setattr(export_images, '_CALIBRATION_DRIVES', 1)
    monkeypatch.setattr(export_check, 'TOLERANCES', OF_RANDOM_WEIGHTS)
    state = replace(trained_checkpoint, calibration=CALIBRATION)
    save_checkpoint(state, tmp_path / 'best.pt')
    out = tmp_path / 'model.onnx'
    export(ExportArguments(tmp_path / 'best.pt', out, precision=precision, order=order))
    metadata = read_metadata(out)
    assert metadata.precision == precision
    starts = {'fp32': 'fast order', 'fp16': 'fp16: ener', 'int8': 'int8: ener'}
    assert [note[:10] for note in metadata.notes] == [starts[precision]]

    frames = np.stack(export_images.verification_images(None, (128, 256))[:3])
    model = deployed_model(trained_checkpoint, (64, 128), order=order)
    expected = export_check.of_torch(model, frames)
    for backend, run_precision in (
        ('openvino', precision),
        ('onnxruntime', 'fp32' if precision == 'fp16' else precision),
    ):
        engine = open_engine(out, metadata, backend=backend, precision=run_precision)
        maps = engine.infer(frames)
        engine.close()
        found = export_check.compared((maps.label_maps, maps.energy_maps), expected, deviation=1.0)
        assert found.excess(precision) == [], backend


def test_a_fixed_batch_is_in_the_graph(tmp_path, checkpoint_path):
    out = tmp_path / 'model.onnx'
    export(ExportArguments(checkpoint_path, out, batch=2))
    session = onnxruntime.InferenceSession(str(out), providers=['CPUExecutionProvider'])
    assert session.get_inputs()[0].shape == [2, 128, 256, 3]
    assert session.get_outputs()[1].shape == [2, 64, 128]


def test_ap_and_fpr_before_and_after(tmp_path, checkpoint_path, painted_frames, monkeypatch):
    monkeypatch.setattr(export_check, 'TOLERANCES', OF_RANDOM_WEIGHTS)
    for kind in ('images', 'labels'):
        (tmp_path / 'set' / kind).mkdir(parents=True)
    for index in range(2):
        frame = painted_frames[index]
        image = cv2.cvtColor(frame.image_rgb, cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(tmp_path / 'set' / 'images' / f'{index}.png'), image)
        truth = (frame.label_map == OUTLIER_ID).astype(np.uint8)
        cv2.imwrite(str(tmp_path / 'set' / 'labels' / f'{index}.png'), truth)
    found = export(
        ExportArguments(
            checkpoint_path,
            tmp_path / 'm.onnx',
            precision='fp16',
            verify_dataset='folder',
            verify_root=tmp_path / 'set',
        )
    )
    assert 0 < found.effect.before.ap < 1
    assert found.effect.after.ap == pytest.approx(found.effect.before.ap, abs=0.01)
    assert str(found.effect).startswith('folder: AP ')
    lost = replace(found.effect, after=replace(found.effect.after, ap=0.0))
    assert lost.excess('fp16') == [f'AP loss {found.effect.before.ap:.4f} > 0.01 on folder']


def test_size_must_fit_the_network(tmp_path, checkpoint_path):
    with pytest.raises(ValueError, match='multiples of 32, got 720 1280'):
        export(ExportArguments(checkpoint_path, tmp_path / 'm.onnx', size=(720, 1280)))


def test_a_checkpoint_without_thresholds_is_refused(tmp_path, trained_checkpoint):
    save_checkpoint(trained_checkpoint, tmp_path / 'best.pt')
    with pytest.raises(ValueError, match=r'run python -m training\.calibrate'):
        export(ExportArguments(tmp_path / 'best.pt', tmp_path / 'm.onnx'))


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
    found = export(ExportArguments(tmp_path / 'best.pt', tmp_path / 'm.onnx'))
    assert found.agreement.error_max < 1e-3
    metadata = read_metadata(tmp_path / 'm.onnx')
    assert metadata.energy.components == tuple(ENERGIES)
    assert metadata.energy.unit == 'inlier standard deviation'
