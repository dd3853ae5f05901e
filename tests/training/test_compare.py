"""From a checkpoint to fitted scores to one table: the three commands together."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip('torch')

import training.fit_scores as fit_scores_module
from hopfield_pebal_ros.contract.deployment import read_metadata
from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from hopfield_pebal_ros.contract.metadata import Calibration
from training.checkpoints import save_checkpoint
from training.compare import main as compare
from training.export_score import main as export_score
from training.export_score import standardised
from training.fit_scores import by_features
from training.fit_scores import main as fit_scores
from training.precompute_features import main as precompute
from training.read_network import read_network
from training.scores.feature_store import open_features
from training.scores.fitted_state import load_score
from training.scores.heat_el import HeatElSettings
from training.scores.registry import SCORES
from training.scores.she import SheSettings

SHE, HEAT = SheSettings(), HeatElSettings()
FITTED = 'she,mahalanobis,hopfield_boosting,dense_hybrid'


@pytest.fixture
def run(tmp_path: Path, trained_checkpoint) -> Path:
    path = tmp_path / 'run' / 'best.pt'
    path.parent.mkdir()
    save_checkpoint(trained_checkpoint, path)
    return path


@pytest.fixture
def dataset(tmp_path: Path, painted_frames) -> Path:
    root = tmp_path / 'set'
    for folder in ('images', 'labels'):
        (root / folder).mkdir(parents=True)
    for index in range(2):
        frame = painted_frames[index]
        labels = np.where(frame.label_map == IGNORE_ID, IGNORE_ID, 0).astype(np.uint8)
        labels[frame.label_map == OUTLIER_ID] = 1
        image_bgr = cv2.cvtColor(frame.image_rgb, cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(root / 'images' / f'{index}.png'), image_bgr)
        cv2.imwrite(str(root / 'labels' / f'{index}.png'), labels)
    return root


@pytest.fixture
def stored(tmp_path: Path, run: Path) -> Path:
    out = tmp_path / 'features'
    precompute(
        f'--run {run} --features decoder --out {out} --num-threads 1 '
        '--data.num-composites 4 --data.pixels-per-class 60'.split()
    )
    return out


@pytest.fixture
def states(tmp_path: Path, run: Path, stored: Path) -> Path:
    out = tmp_path / 'states'
    fit_scores(
        f'--run {run} --features decoder --stored {stored} --out {out} --scores {FITTED} '
        '--leave-out-empty-classes --num-threads 1 --set mahalanobis.shrinkage=0.1'.split()
    )
    return out


def test_features_fits_and_comparison_belong_together(
    run, stored, states, dataset, tmp_path, capsys
) -> None:
    features = open_features(stored)
    assert features.width == 8
    assert features.fitted_on.num_outliers > 0
    _, score, fitted_on = load_score(states / 'mahalanobis.safetensors')
    assert score.settings.shrinkage == 0.1
    assert fitted_on == features.fitted_on

    # of other maps, and beside the others all the same
    fit_scores(
        f'--run {run} --features s8 --out {states} --scores hopfield_energy '
        '--leave-out-empty-classes --num-threads 1 '
        '--data.num-composites 2 --data.pixels-per-class 20'.split()
    )
    out = tmp_path / 'comparison'
    compare(
        f'--run {run} --dataset folder --root {dataset} --states {states} --out {out} '
        '--num-threads 1 --num-pictures 1'.split()
    )
    printed = capsys.readouterr().out
    results = json.loads((out / 'results.json').read_text())
    names = set(results['scores'])
    assert {
        *FITTED.split(','),
        'hopfield_energy',
        'free_energy',
        'entropy',
        'abstention',
        'own pebal_energy',
    } <= names
    for name, each in results['scores'].items():
        assert name in printed
        assert 0 <= each['figures']['ap'] <= 1
        assert each['milliseconds'] > 0
    assert 'mahalanobis is fitted with shrinkage=0.1 instead of 0.001' in printed
    assert 'she is fitted' not in printed
    assert results['scores']['she']['megabytes'] >= 0
    # the network's own free energy is the score of that name, but for the order of upsampling
    own, ours = (results['scores'][x]['figures']['ap'] for x in ('own free_energy', 'free_energy'))
    assert own == pytest.approx(ours, abs=0.1)
    assert (out / 'report.html').read_text().count('data:image') > len(names)
    assert cv2.imread(str(out / 'sheet.png')) is not None
    assert not list(out.glob('maps_*'))


def refused(command, arguments: str) -> str:
    with pytest.raises(SystemExit) as exit_info:
        command(arguments.split())
    return str(exit_info.value)


def test_scores_without_state_or_of_another_network_are_refused(
    run, states, dataset, tmp_path, trained_checkpoint
) -> None:
    start = f'--run {run} --dataset folder --root {dataset} --out {tmp_path / "out"}'
    assert '--scores she --out DIR' in refused(compare, f'{start} --scores she')
    assert 'fit_scores --scores knn' in refused(compare, f'{start} --scores knn --states {states}')
    for tensor in trained_checkpoint.network.values():
        if tensor.is_floating_point():
            tensor.add_(1e-3)
    save_checkpoint(trained_checkpoint, run)
    said = refused(compare, f'{start} --states {states}')
    assert 'was fitted on another network' in said


def test_features_of_other_maps_and_unknown_maps_are_refused(run, stored, tmp_path) -> None:
    start = f'--run {run} --out {tmp_path / "out"} --scores she'
    said = refused(fit_scores, f'{start} --features logits --stored {stored}')
    assert 'fitted on other feature maps: decoder instead of logits' in said
    assert 'has no feature map' in refused(fit_scores, f'{start} --features l9 --stored {stored}')
    assert 'no complete features' in refused(
        fit_scores, f'{start} --features decoder --stored {tmp_path}'
    )


def test_heat_reads_what_the_classifier_reads(run) -> None:
    network = read_network(run)
    sorted_scores = by_features({'she': SHE, 'heat_el': HEAT, 'knn': SHE}, network, 's8')
    assert sorted_scores == {'s8': {'she': SHE, 'knn': SHE}, 'decoder': {'heat_el': HEAT}}


def test_a_class_that_never_occurs_ends_the_fit(run, stored, tmp_path) -> None:
    said = refused(
        fit_scores,
        f'--run {run} --features decoder --stored {stored} --out {tmp_path / "out"} --scores she',
    )
    assert said.startswith('error: she: no correctly classified example of class ids')
    assert '--leave-out-empty-classes' in said


def test_a_fitted_score_is_deployed_and_answers_as_compared(run, states, tmp_path, capsys) -> None:
    """In the engine of the vehicle, with thresholds and what it was fitted on."""
    out = tmp_path / 'model.onnx'
    export_score(
        f'--run {run} --state {states / "hopfield_boosting.safetensors"} --out {out} '
        f'--num-drives 1 --frame-cache {tmp_path / "frames"}'.split()
    )
    assert 'labels agree on' in capsys.readouterr().out
    metadata = read_metadata(out)
    assert metadata.energy.kind == 'hopfield_boosting'
    assert metadata.energy.unit == 'inlier standard deviation'
    assert any('hopfield_boosting fitted on' in each for each in metadata.provenance.trained_on)
    assert metadata.calibration.num_images == 3
    assert metadata.calibration.inlier_standard_deviation == 1


def test_a_standardised_calibration_by_hand() -> None:
    raw = Calibration(
        threshold=7.0,
        false_positive_rate=0.01,
        thresholds_by_false_positive_rate={'0.01': 7.0},
        inlier_mean=3.0,
        inlier_standard_deviation=2.0,
    )
    found = standardised(raw)
    assert (found.threshold, found.thresholds_by_false_positive_rate) == (2.0, {'0.01': 2.0})
    assert (found.inlier_mean, found.inlier_standard_deviation) == (0.0, 1.0)


def test_what_cannot_be_deployed_says_why(run, tmp_path) -> None:
    start = f'--run {run} --out {tmp_path / "model.onnx"}'
    assert 'either --state FILE or --score NAME' in refused(export_score, start)
    assert 'then give --state FILE' in refused(export_score, f'{start} --score she')


def test_all_scores_leaves_out_what_cannot_be_fitted_and_says_why(
    run, tmp_path, capsys, monkeypatch
) -> None:
    out, features = tmp_path / 'states', tmp_path / 'features'
    precompute(
        f'--run {run} --features s4 --out {features} --num-threads 1 '
        '--data.num-composites 2 --data.pixels-per-class 40'.split()
    )
    chosen = ('free_energy', 'dense_hybrid', 'knn', 'standardised_max_logit')
    monkeypatch.setattr(fit_scores_module, 'SCORES', {name: SCORES[name] for name in chosen})
    fit_scores(
        f'--run {run} --features s4 --stored {features} --out {out} --scores all '
        '--leave-out-empty-classes --num-threads 1 --set knn.neighbour=999'.split()
    )
    printed = capsys.readouterr().out
    assert 'left out: knn: the neighbour 999 is beyond the 256 stored features' in printed
    assert {each.stem for each in out.iterdir()} == {'dense_hybrid', 'standardised_max_logit'}
