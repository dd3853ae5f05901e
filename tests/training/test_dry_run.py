from dataclasses import replace

import pytest

torch = pytest.importorskip('torch')

from training import train
from training.dry_run import dry_run
from training.network_settings import NetworkSettings

DEEP = NetworkSettings(kind='deepwv3plus', width=4)


def test_weights_need_gradients_and_moments_only_where_they_are_trained(tiny_settings):
    whole = dry_run(replace(tiny_settings, network=DEEP))
    head = dry_run(replace(tiny_settings, network=replace(DEEP, trained_parts=('final.',))))
    assert whole.weight_bytes == 16 * whole.num_parameters
    assert head.weight_bytes == 4 * head.num_parameters + 12 * head.num_trained
    assert head.activation_bytes < 0.5 * whole.activation_bytes


def test_activations_grow_with_the_part_of_a_batch(tiny_settings):
    settings = replace(tiny_settings, network=DEEP, batch_size=8)
    whole = dry_run(settings).activation_bytes
    halves = dry_run(replace(settings, accumulation_steps=2)).activation_bytes
    assert halves == pytest.approx(whole / 2, rel=0.01)
    assert dry_run(settings, num_processes=2).activation_bytes == halves


def test_recomputation_keeps_far_less(tiny_settings):
    settings = replace(tiny_settings, network=DEEP)
    sparing = replace(settings, network=replace(DEEP, recomputes_activations=True))
    assert dry_run(sparing).activation_bytes < 0.7 * dry_run(settings).activation_bytes


def test_single_precision_keeps_twice_as_much(tiny_settings):
    """Of a network much larger than the losses' maps."""
    settings = replace(tiny_settings, network=replace(DEEP, width=16))
    half = dry_run(settings).activation_bytes
    assert dry_run(replace(settings, precision='fp32')).activation_bytes > 1.7 * half


def test_steps_of_an_epoch(tiny_settings):
    """2 frames of 1 drive in batches of 2: an epoch is a step."""
    found = dry_run(tiny_settings)
    assert (found.num_samples, found.num_steps) == (2, 6)
    assert '1 steps of 2; 6 steps are 6.0 epochs' in str(found)


def test_the_command_writes_nothing(tmp_path, capsys):
    out = tmp_path / 'run'
    train.main(['--preset', 'pebal', '--dry-run', '--out', str(out)])
    said = capsys.readouterr().out
    assert '137,104,192 parameters, 1,296,384 trained (0.95%): final' in said
    assert 'give --cityscapes, --camvid or --folder' in said
    assert not out.exists()


def test_a_preset_of_other_classes_asks_for_their_set(tmp_path, capsys):
    train.main(['--preset', 'densehybrid-ldn121', '--dry-run', '--out', str(tmp_path / 'run')])
    assert 'has no length: give --streethazards DIR' in capsys.readouterr().out


def test_a_head_alone_needs_a_trained_network(tmp_path):
    with pytest.raises(SystemExit, match=r'must have been trained: give --network\.weights'):
        train.main(['--preset', 'pebal', '--out', str(tmp_path / 'run')])
