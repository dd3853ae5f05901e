"""Bad input: state that is missing, damaged or of something else, and streams that are no good."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip('torch')

from safetensors.torch import save_file

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from training.scores.fitted_state import FittedOn, load_score, require_same, save_score
from training.scores.readings import FitBatch, ScoreError, checked
from training.scores.registry import (
    SCORES,
    differences,
    score_kind,
    with_changes,
    with_everywhere,
)
from training.scores.she import She, SheSettings

FITTED_ON = FittedOn(
    network_sha256='abc',
    class_names=('road', 'car'),
    features='d3',
    data='frames',
    examples_per_class=(5, 6),
    num_outliers=7,
)


class Batches:
    def __init__(self, *batches: FitBatch):
        self._batches = batches
        self.num_classes, self.width = 2, 3

    def __iter__(self):
        return iter(self._batches)


def batch(labels: list[int], *, value: float = 1.0) -> FitBatch:
    logits = torch.eye(2)[[min(each, 1) for each in labels]]
    return FitBatch(torch.full((len(labels), 3), value), logits, torch.tensor(labels))


def test_state_that_is_missing_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'training\.fit_scores --scores she'):
        load_score(tmp_path / 'she.safetensors')


@pytest.mark.parametrize(
    ('changed', 'said'),
    [
        ({'network_sha256': 'def'}, 'another network: abc instead of def'),
        ({'class_names': ('road',)}, 'another label set: road, car instead of road'),
        ({'features': 'l3'}, 'other feature maps: d3 instead of l3'),
    ],
)
def test_state_of_something_else_is_refused(changed, said) -> None:
    with pytest.raises(ScoreError, match=f'{said}; fit it again'):
        require_same(FITTED_ON, replace(FITTED_ON, **changed), Path('she.safetensors'))
    require_same(FITTED_ON, replace(FITTED_ON, data='other frames'), Path('she.safetensors'))


@pytest.mark.parametrize(
    'content', [b'', b'no safetensors at all', b'\x10\x00\x00\x00\x00\x00\x00\x00{"a": 1}       ']
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'she.safetensors'
    path.write_bytes(content)
    with pytest.raises(ScoreError, match='no fitted score of this version'):
        load_score(path)


def test_foreign_and_newer_files_are_refused(tmp_path: Path, fitted) -> None:
    foreign = tmp_path / 'weights.safetensors'
    save_file({'a': torch.zeros(1)}, foreign)
    with pytest.raises(ScoreError, match='no fitted score'):
        load_score(foreign)
    newer = tmp_path / 'newer.safetensors'
    save_file({'a': torch.zeros(1)}, newer, metadata={'score': json.dumps({'format': 2})})
    with pytest.raises(ScoreError, match='format 2, expected 1'):
        load_score(newer)
    path = save_score('she', fitted['she'], FITTED_ON, tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ScoreError, match='fit it again'):
        load_score(path)


def test_features_that_are_not_finite_are_named() -> None:
    good, bad = batch([0, 1]), batch([0, 1], value=float('nan'))
    with pytest.raises(ScoreError, match='features of batch 1 are not all finite'):
        list(checked(Batches(good, bad)))
    logits = good._replace(class_logits=good.class_logits / 0)
    with pytest.raises(ScoreError, match='class_logits of batch 0'):
        list(checked(Batches(logits)))


def test_labels_outside_the_classes_are_refused() -> None:
    assert len(list(checked(Batches(batch([0, 1, OUTLIER_ID]))))) == 1
    for label in (2, 255):
        with pytest.raises(ScoreError, match=r'outside 0\.\.1 and 254'):
            list(checked(Batches(batch([0, label]))))


@pytest.mark.parametrize('name', ['she', 'he', 'reclag', 'mahalanobis', 'heat_gmm', 'knn'])
def test_an_empty_class_is_named(name: str) -> None:
    kind = score_kind(name)
    with pytest.raises(ScoreError, match='class ids 1: fit on data that holds them'):
        kind.score_class.fit(Batches(batch([0, 0, OUTLIER_ID])), kind.settings)


def test_a_class_left_out_is_never_looked_up() -> None:
    settings = SheSettings(leaves_out_empty_classes=True)
    she = She.fit(Batches(batch([0, 0])), settings)
    assert she.energy(batch([1, 1]).readings()).tolist() == [-3.0, -3.0]


@pytest.mark.parametrize('name', ['he', 'knn', 'hopfield_boosting', 'dense_hybrid', 'mahalanobis'])
def test_memory_beyond_the_bound_is_refused(name: str) -> None:
    class Wide:
        num_classes, width = 1000, 100_000

        def __iter__(self):
            raise AssertionError('nothing may be read')

    kind = score_kind(name)
    settings = with_everywhere(kind.settings, memory_bound_mib=16)
    with pytest.raises(MemoryError, match=r'the declared bound is 16 MiB: keep fewer'):
        kind.score_class.fit(Wide(), settings)


def test_an_unknown_score_is_answered_with_those_there_are() -> None:
    with pytest.raises(ScoreError, match="no score 'shee'; there is max_softmax"):
        score_kind('shee')


def test_numbers_are_changed_by_name() -> None:
    settings = {name: SCORES[name].settings for name in ('reclag', 'heat')}
    changed = with_changes(
        settings,
        ['reclag.beta=2', 'heat.gmm.training.num_epochs=3', 'reclag.patterns_per_class=4'],
    )
    assert changed['reclag'].beta == 2.0
    assert changed['reclag'].patterns_per_class == 4
    assert changed['heat'].gmm.training.num_epochs == 3
    assert changed['heat'].gmm_std.training.num_epochs != 3


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        ('beta=2', 'changes nothing'),
        ('she.beta=2', 'changes nothing'),
        ('reclag.gamma=2', "no 'gamma', only seed"),
        ('reclag.beta=warm', 'the value must be'),
        ('reclag.is_class_conditional=perhaps', 'true or false'),
        ('reclag.training=3', 'is made of num_epochs'),
    ],
)
def test_a_change_that_cannot_be_made_says_why(change: str, said: str) -> None:
    with pytest.raises(ScoreError, match=said):
        with_changes({'reclag': SCORES['reclag'].settings}, [change])


def test_common_settings_reach_the_parts() -> None:
    heat = with_everywhere(SCORES['heat'].settings, seed=5, leaves_out_empty_classes=True)
    assert heat.gmm.seed == heat.el.seed == heat.seed == 5
    assert heat.gmm_std.leaves_out_empty_classes


def test_numbers_that_are_not_the_default_are_named_down_to_the_parts() -> None:
    default = SCORES['fused'].settings
    changed = with_changes({'fused': default}, ['fused.boosting.beta=4', 'fused.examples=9'])
    seeded = with_everywhere(changed['fused'], seed=5)
    assert differences(seeded, default) == [
        'examples=9 instead of 50000',
        'boosting.beta=4.0 instead of 16.0',
    ]
