"""Read-outs of one checkpoint: which there are, what their files say, and the plot."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip('torch')
pytest.importorskip('openvino')
pytest.importorskip('onnxruntime')

from benchmarks import components
from benchmarks.component_plot import Point, pareto_front
from benchmarks.component_read_outs import Addition, additions, read_outs_of
from hopfield_pebal_ros.contract.deployment import read_metadata
from hopfield_pebal_ros.contract.metadata import Calibration
from hopfield_pebal_ros.inference.engine import open_engine
from tests.training.conftest import tiny_settings  # noqa: F401
from tests.training.evaluation.tiny_set import write_tiny_set
from training.checkpoints import save_checkpoint
from training.models.anomaly_network import BranchSettings
from training.models.anomaly_outputs import at_size, energy_of
from training.models.fusion import Fusion, single
from training.run_state import new_state
from training.trained_model import deployed_model

FUSION = Fusion(
    components=('background_energy', 'abstention_energy', 'outlier_logit'),
    means=(1.0, 2.0, -0.1),
    standard_deviations=(2.0, 4.0, 0.05),
    weights=(0.2, 0.3, 0.5),
)


@pytest.fixture
def checkpoint(tiny_settings):  # noqa: F811
    """Random heads whose energies are spread out, fused, with three scales."""
    taps = ('s4', 's8')
    settings = replace(
        tiny_settings,
        network_hw=(64, 128),
        crop_hw=(64, 64),
        branch=BranchSettings(posterior_taps=taps, width=8),
        energies=FUSION.components,
        further_scales=(0.5,),
        fine_scale=1.5,
        fine_weights=(0.0, 1.0, 1.0),
        fusion_weights=(0.2, 0.3, 0.5),
    )
    state = new_state(settings)
    with torch.no_grad():
        state.network.closed_set.classifier.weight.mul_(20)
    return replace(
        state.checkpoint(settings),
        fusion=FUSION,
        calibration=Calibration(threshold=0.0, false_positive_rate=0.01, fitted_on='a test'),
    )


def test_each_component_is_there_alone_and_left_out(checkpoint):
    found = {each.name: each for each in read_outs_of(checkpoint)}
    assert list(found) == [
        'free_energy',
        'background_energy',
        'abstention_energy',
        'outlier_logit',
        'fusion_less_background_energy',
        'fusion_less_abstention_energy',
        'fusion_less_outlier_logit',
        'fusion',
        'fusion_and_further_scales',
        'fusion_and_fine_scale',
        'fusion_and_all_scales',
    ]
    assert found['background_energy'].kind == 'closed set'
    assert found['abstention_energy'].fusion.weights == (0, 1, 0)
    # 0.2 and 0.5 brought to a sum of 1
    weights = found['fusion_less_abstention_energy'].fusion.weights
    assert weights == pytest.approx((2 / 7, 0, 5 / 7))
    assert found['fusion_and_further_scales'].scales.fine is None
    assert found['fusion_and_all_scales'].scales == checkpoint.settings.scales


def test_an_addition_compares_with_and_without(checkpoint):
    found = additions(read_outs_of(checkpoint))
    assert Addition('outlier_logit', 'fusion', 'fusion_less_outlier_logit') in found
    assert found[-1] == Addition(
        'fine_after_further_scales', 'fusion_and_all_scales', 'fusion_and_further_scales'
    )
    of_one_scale = replace(
        checkpoint,
        settings=replace(checkpoint.settings, further_scales=(), fine_scale=None, fine_weights=()),
    )
    assert len(additions(read_outs_of(of_one_scale))) == 3


def test_of_two_components_none_is_left_out(checkpoint):
    two = Fusion(
        components=('free_energy', 'outlier_logit'),
        means=(0.0, 0.0),
        standard_deviations=(1.0, 1.0),
        weights=(0.5, 0.5),
    )
    names = [each.name for each in read_outs_of(replace(checkpoint, fusion=two))]
    assert names[:4] == ['free_energy', 'outlier_logit', 'fusion', 'fusion_and_further_scales']


def test_one_energy_alone_is_refused(checkpoint):
    with pytest.raises(ValueError, match=r'publishes outlier_logit alone.*several --energies'):
        read_outs_of(replace(checkpoint, fusion=single('outlier_logit')))


def test_a_missing_set_is_an_error_before_any_work(tmp_path: Path, checkpoint, capsys):
    save_checkpoint(checkpoint, tmp_path / 'best.pt')
    arguments = [str(tmp_path / 'best.pt'), '--out', str(tmp_path / 'out'), '--sets']
    with pytest.raises(SystemExit, match=f'error: .*{tmp_path / "nowhere"}'):
        components.main([*arguments, f'folder={tmp_path / "nowhere"}'])
    with pytest.raises(SystemExit, match="takes NAME=DIR, got 'nothing'; NAME is one of fs_"):
        components.main([*arguments, 'nothing'])
    write_tiny_set(tmp_path / 'set')
    with pytest.raises(SystemExit, match=r'no .*components.json of an earlier run'):
        components.main([*arguments, f'folder={tmp_path / "set"}', '--timing-only'])
    assert not (tmp_path / 'out').exists()
    assert capsys.readouterr().out == ''


@pytest.mark.slow
def test_every_file_is_measured_timed_and_drawn(tmp_path: Path, checkpoint, monkeypatch, capsys):
    wanted = {'free_energy', 'fusion_less_outlier_logit', 'fusion', 'fusion_and_all_scales'}
    # of all of them, because every file takes seconds to export
    read_outs = [each for each in read_outs_of(checkpoint) if each.name in wanted]
    monkeypatch.setattr(components, 'read_outs_of', lambda _: read_outs)
    monkeypatch.setattr(components, '_REPEATS', 1)
    save_checkpoint(checkpoint, tmp_path / 'best.pt')
    write_tiny_set(tmp_path / 'set', 3)
    out = tmp_path / 'out'
    arguments = [
        *(str(tmp_path / 'best.pt'), '--sets', f'folder={tmp_path / "set"}'),
        *('--out', str(out), '--threads', '1', '--images', '2'),
    ]
    components.main(arguments)
    document = json.loads(capsys.readouterr().out)
    values = {each['name']: each['value'] for each in document['figures']}
    for each in read_outs:
        assert 0 < values[f'folder_{each.name}_ap'] < 1
        assert values[f'{each.name}_openvino_fp32_ms'] > 0
    low, high = (values[f'folder_ap_gain_of_outlier_logit_{end}'] for end in ('low', 'high'))
    gain = values['folder_fusion_ap'] - values['folder_fusion_less_outlier_logit_ap']
    assert low - 0.01 <= gain <= high + 0.01
    assert (out / 'components.png').read_bytes().startswith(b'\x89PNG')
    _check_energies(checkpoint, {each.name: each.path(out) for each in read_outs})

    (out / 'components.png').unlink()
    components.main([*arguments, '--timing-only'])
    again = {
        each['name']: each['value'] for each in json.loads(capsys.readouterr().out)['figures']
    }
    assert again.keys() == values.keys()
    assert all(again[name] == values[name] for name in values if not name.endswith('_ms'))
    assert (out / 'components.png').is_file()


def _check_energies(checkpoint, paths: dict[str, Path]) -> None:
    """Compare files with energies put together here, and with one another."""
    image = np.random.default_rng(0).integers(0, 256, (1, 64, 128, 3), np.uint8)
    found = {}
    for name, path in paths.items():
        metadata = read_metadata(path)
        assert metadata.name.startswith(f'{name}, for measuring')
        engine = open_engine(path, metadata, backend='onnxruntime')
        found[name] = engine.infer(image).energy_maps
        engine.close()
    with torch.inference_mode():
        outputs = deployed_model(checkpoint, (32, 64)).outputs(torch.from_numpy(image))

    def expected(name: str) -> np.ndarray:
        coarse = at_size(energy_of(outputs, name)[:, None], (16, 32))
        return at_size(coarse, (32, 64))[:, 0].numpy()

    np.testing.assert_allclose(found['free_energy'], expected('free_energy'), atol=1e-3)
    background = (expected('background_energy') - 1.0) / 2.0
    abstention = (expected('abstention_energy') - 2.0) / 4.0
    # weights 0.2 and 0.3 brought to a sum of 1
    both = 0.4 * background + 0.6 * abstention
    np.testing.assert_allclose(found['fusion_less_outlier_logit'], both, atol=1e-3)
    names = list(found)
    assert all(
        np.abs(found[one] - found[other]).max() > 1e-2
        for index, one in enumerate(names)
        for other in names[:index]
    )


def test_the_front_is_what_no_other_point_beats():
    slow, fast, beaten = (
        Point(label, 'fusion', time_ms, ap)
        for label, time_ms, ap in (('slow', 30.0, 60.0), ('fast', 10.0, 20.0), ('b', 20.0, 19.0))
    )
    assert pareto_front([slow, fast, beaten]) == [fast, slow]
    assert pareto_front([beaten, replace(beaten, ap=25.0)]) == [replace(beaten, ap=25.0)]
