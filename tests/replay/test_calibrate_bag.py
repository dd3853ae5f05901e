"""Thresholds of a drive by hand, and the parameter file that sets them."""

import numpy as np
import pytest
import yaml

pytest.importorskip('rosbags')

from hopfield_pebal_ros.replay.calibrate_bag import CalibrateBag, calibrate, main
from tests.replay.example_bags import write_camera_bag
from tests.tiny_model import write_tiny_model


def ramp():
    """Return a frame whose energies are 0, 10 / 255, ... 10, each as often: red is the column."""
    picture = np.zeros((64, 1024, 3), np.uint8)
    picture[..., 2] = np.arange(1024) // 4
    return picture


@pytest.fixture
def model(tmp_path):
    write_tiny_model(tmp_path / 'tiny.onnx', network_hw=(64, 1024), output_hw=(64, 1024))
    return tmp_path / 'tiny.onnx'


def test_the_asked_share_of_the_pixels_is_above(tmp_path, model):
    bag = write_camera_bag(tmp_path / 'bag', [ramp(), ramp()])
    settings = CalibrateBag(
        bag=bag, out=tmp_path / 'out.yaml', model=model, false_positive_rate=0.125
    )
    (found,), facts = calibrate(settings)
    # 256 energies equally often: an eighth, 32 of them, is above number 223
    assert found.threshold == pytest.approx(223 / 25.5, rel=1e-6)
    assert (found.camera, found.num_frames, found.worst_frame_rate) == ('', 2, 0.125)
    assert facts.startswith('model tiny, sha256 ')


def test_the_file_sets_the_parameter_of_each_camera(tmp_path, model):
    bag = write_camera_bag(tmp_path / 'bag', [ramp()], topic='/front/image')
    out = tmp_path / 'new' / 'out.yaml'
    arguments = ['--bag', str(bag), '--model', str(model), '--false-positive-rate', '0.125']
    assert main([*arguments, '--out', str(out), '--cameras', 'front']) == 0
    parameters = yaml.safe_load(out.read_text())['/**']['ros__parameters']
    assert parameters['cameras'] == ['front']
    assert parameters['front']['energy_threshold'] == pytest.approx(223 / 25.5, rel=1e-6)
    assert main([*arguments, '--out', str(out)]) == 0
    parameters = yaml.safe_load(out.read_text())['/**']['ros__parameters']
    assert set(parameters) == {'energy_threshold'}


def test_too_few_pixels_are_refused_with_the_remedy(tmp_path, model, capsys):
    bag = write_camera_bag(tmp_path / 'bag', [ramp()])
    out = tmp_path / 'out.yaml'
    assert main(['--bag', str(bag), '--model', str(model), '--out', str(out)]) == 1
    assert 'too few for a rate of 0.001; take a longer drive' in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--false-positive-rate', '0'], 'must be between 0 and 1, got 0.0'),
        (['--ignore-mask', '/nowhere.png'], '/nowhere.png is not a readable picture'),
    ],
)
def test_bad_arguments_are_refused(tmp_path, model, capsys, arguments, reason):
    bag = write_camera_bag(tmp_path / 'bag', [ramp()])
    given = ['--bag', str(bag), '--model', str(model), '--out', str(tmp_path / 'o.yaml')]
    assert main([*given, *arguments]) == 1
    assert reason in capsys.readouterr().err
