import json
from dataclasses import replace

import pytest

torch = pytest.importorskip('torch')
import cv2

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from tests.training.conftest import PaintedFrames
from training import periodic_validation
from training.checkpoints import load_checkpoint
from training.periodic_validation import PeriodicValidation
from training.run_log import RunLog
from training.run_state import new_state


@pytest.fixture
def anomaly_set(tmp_path):
    """Three painted frames as a set of plain folders."""
    root = tmp_path / 'real'
    for index in range(3):
        frame = PaintedFrames()[index]
        for folder in ('images', 'labels'):
            (root / folder).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / f'images/{index}.png'), frame.image_rgb[..., ::-1])
        labels = (frame.label_map == OUTLIER_ID).astype('uint8')
        cv2.imwrite(str(root / f'labels/{index}.png'), labels)
    return root


@pytest.fixture
def opened(tmp_path, tiny_settings, samples_for):
    run = tmp_path / 'run'
    run.mkdir()
    logs = []

    def build(**values):
        settings = replace(tiny_settings, **{'held_back_drives': 1} | values)
        logs.append(RunLog(run))
        return PeriodicValidation(settings, run, logs[-1], samples_for(settings)), settings, run

    yield build
    for each in logs:
        each.close()


def test_real_sets_are_measured_and_choose_the_best(opened, anomaly_set):
    validation, settings, run = opened(val_sets=(f'folder={anomaly_set}',), held_back_drives=4)
    state = new_state(settings)
    state.step = settings.total_steps
    figures = validation.validate(state)
    assert {'drives/ap', 'drives/miou', 'folder/ap', 'folder/fpr95'} <= set(figures)
    assert 'folder/miou' not in figures  # such a set has no classes
    assert load_checkpoint(run / 'best.pt').best_ap == figures['folder/ap'] != figures['drives/ap']
    [line] = [json.loads(each) for each in (run / 'log.jsonl').read_text().splitlines()]
    assert line['kind'] == 'validation'
    assert line['folder/ap'] == figures['folder/ap']


def test_the_best_has_the_highest_mean_over_the_sets(opened, monkeypatch):
    monkeypatch.setattr(periodic_validation, 'anomaly_sets', lambda _: {'a': [], 'b': []})
    monkeypatch.setattr(PeriodicValidation, '_pictured', lambda _: [])
    validation, settings, run = opened()
    aps = iter([(0.1, 0.9), (0.6, 0.6), (0.99, 0.0)])

    def figures(_model):
        first, second = next(aps)
        return {'drives/ap': 0.5, 'a/ap': first, 'b/ap': second}

    monkeypatch.setattr(validation, '_figures', figures)
    state = new_state(settings)
    for state.step in (4, 5, 6):
        validation.validate(state)
    best, last = (load_checkpoint(run / f'{name}.pt') for name in ('best', 'last'))
    assert (best.step, best.best_ap) == (5, pytest.approx(0.6))
    assert (last.step, last.best_ap) == (6, pytest.approx(0.6))


def test_the_closed_set_stage_has_no_best_while_another_follows(opened, monkeypatch):
    monkeypatch.setattr(PeriodicValidation, '_figures', lambda *_: {'drives/ap': 0.9})
    validation, settings, run = opened()
    state = new_state(settings)
    state.step = settings.closed_set_steps
    validation.validate(state)
    assert (run / 'last.pt').exists()
    assert not (run / 'best.pt').exists()
    assert state.best_ap == -1


def test_the_closed_set_stage_is_measured_at_its_own_scale(opened, monkeypatch):
    measured = []

    def figures(_, model):
        measured.append(model.scales.fine)
        return {'drives/ap': 0.5}

    monkeypatch.setattr(PeriodicValidation, '_figures', figures)
    energies = ('pebal_energy', 'abstention_energy')
    fine = {'fine_scale': 1.5, 'fine_weights': (0.0, 1.0), 'fusion_weights': (1.0, 1.0)}
    validation, settings, _ = opened(energies=energies, **fine)
    state = new_state(settings)
    state.step = settings.closed_set_steps
    validation.validate(state)
    state.step += 1
    validation.validate(state)
    assert measured == [None, 1.5]


def test_it_acts_in_time_at_the_end_of_a_stage_and_at_the_end(opened, monkeypatch):
    validation, settings, _ = opened(validate_every=4)
    state, seen = new_state(settings), []
    monkeypatch.setattr(validation, 'validate', lambda state: seen.append(state.step))
    for state.step in range(1, 7):
        validation.after_step(state)
    assert seen == [3, 4, 6]
