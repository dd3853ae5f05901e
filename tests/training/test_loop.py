import json
import math
import statistics
from dataclasses import replace

import pytest

torch = pytest.importorskip('torch')

from training.checkpoints import load_checkpoint, save_checkpoint
from training.data.samples import Sample
from training.loop import find_margins, run
from training.run_log import RunLog
from training.run_state import new_state, restored_state
from training.schedule import learning_rate_at
from training.settings import TrainSettings
from training.step import NotFiniteError, Stepper


def run_to(state, settings, samples, folder, *, stop_at=None, seen=None):
    log = RunLog(folder)
    run(
        state,
        settings,
        samples,
        log=log,
        after_step=lambda state: seen.append(state.step) if seen is not None else None,
        is_stopped=lambda: state.step == stop_at,
    )
    log.close()


@pytest.mark.parametrize('stop_at', [2, 4])
def test_six_steps_are_so_many_and_the_rest_resumed(tmp_path, tiny_settings, samples_for, stop_at):
    samples = samples_for(tiny_settings)
    whole = new_state(tiny_settings)
    run_to(whole, tiny_settings, samples, tmp_path)

    first = new_state(tiny_settings)
    run_to(first, tiny_settings, samples, tmp_path, stop_at=stop_at)
    assert first.step == stop_at
    save_checkpoint(first.checkpoint(tiny_settings), tmp_path / 'last.pt')
    torch.manual_seed(99)
    second = restored_state(load_checkpoint(tmp_path / 'last.pt'))
    run_to(second, tiny_settings, samples, tmp_path)

    assert second.step == whole.step == 6
    assert second.margins == whole.margins
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(second.network.state_dict()[name], tensor), name


def test_twenty_steps_lower_the_loss(tmp_path, tiny_settings, samples_for):
    settings = replace(tiny_settings, closed_set_steps=20, anomaly_steps=0, precision='fp32')
    run_to(new_state(settings), settings, samples_for(settings), tmp_path)
    lines = [json.loads(each) for each in (tmp_path / 'log.jsonl').read_text().splitlines()]
    losses = [each['cross_entropy'] for each in lines]
    assert len(losses) == 20
    assert losses[0] == pytest.approx(math.log(19), rel=0.4)
    assert sum(losses[-3:]) / 3 < 0.65 * losses[0]


def test_anomaly_stage_starts_with_margins_and_lowers_its_loss(
    tmp_path, tiny_settings, samples_for
):
    settings = replace(
        tiny_settings, closed_set_steps=20, anomaly_steps=25, anomaly_learning_rate=1e-2
    )
    state, samples = new_state(settings), samples_for(settings)
    run_to(state, settings, samples, tmp_path)
    lines = [json.loads(each) for each in (tmp_path / 'log.jsonl').read_text().splitlines()]
    losses = [each['loss'] for each in lines if each.get('stage') == 'anomaly']
    assert len(losses) == 25
    # the median: a batch with few outlier pixels has a loss of its own
    assert statistics.median(losses[-9:]) < 0.7 * statistics.median(losses[:5])
    [margins] = [each for each in lines if each['kind'] == 'margins']
    assert margins['inlier'] < margins['outlier']
    assert margins['step'] == 20


def test_every_step_is_told_once(tmp_path, tiny_settings, samples_for):
    seen = []
    run_to(
        new_state(tiny_settings), tiny_settings, samples_for(tiny_settings), tmp_path, seen=seen
    )
    assert seen == [1, 2, 3, 4, 5, 6]


def test_loss_that_is_not_a_number_names_the_samples_and_changes_nothing(tiny_settings):
    state = new_state(tiny_settings)
    with torch.no_grad():
        state.network.closed_set.classifier.bias.fill_(float('nan'))
    weights = state.network.closed_set.classifier.weight.clone()
    batch = Sample(
        torch.zeros(2, 3, 128, 128, dtype=torch.uint8),
        torch.zeros(2, 128, 128, dtype=torch.uint8),
        ['street 1', 'street 2'],
    )
    with pytest.raises(NotFiniteError, match=r'step 0.*street 1, street 2'):
        Stepper(state, tiny_settings).take(batch)
    assert torch.equal(state.network.closed_set.classifier.weight, weights)
    assert state.step == 0


def test_margins_do_not_depend_on_earlier_random_numbers(tiny_settings, samples_for):
    state, samples = new_state(tiny_settings), samples_for(tiny_settings)
    first = find_margins(state, samples, tiny_settings)
    torch.rand(10)
    assert find_margins(state, samples, tiny_settings) == first


def test_learning_rate_rises_and_falls_in_each_stage():
    settings = TrainSettings(
        closed_set_steps=100,
        anomaly_steps=50,
        learning_rate=1.0,
        anomaly_learning_rate=0.1,
        warmup_share=0.1,
    )
    rates = [learning_rate_at(step, settings) for step in range(150)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == rates[10] == pytest.approx(1.0)
    assert rates[55] == pytest.approx(0.5)  # half way down the cosine
    assert rates[99] < 0.001
    assert rates[104] == pytest.approx(0.1)
    assert max(rates[100:]) == pytest.approx(0.1)
