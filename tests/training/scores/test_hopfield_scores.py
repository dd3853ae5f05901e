"""Hopfield energies: bounds, limits, permutations, monotone updates."""

import math
from itertools import pairwise

import pytest

torch = pytest.importorskip('torch')

from training.scores.class_patterns import energy_per_class, filled
from training.scores.he import He, HeSettings
from training.scores.hopfield_boosting import HopfieldBoosting, HopfieldBoostingSettings
from training.scores.hopfield_energy import (
    ModernHopfieldEnergy,
    ModernHopfieldSettings,
    retrieved,
)
from training.scores.hopfield_retrieval import HopfieldRetrieval
from training.scores.readings import Readings, ScoreError
from training.scores.she import She, SheSettings
from training.scores.similarities import unit_length


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(5)


@pytest.fixture
def patterns(generator):
    return torch.randn(3, 6, 8, generator=generator)


@pytest.fixture
def queries(generator):
    features = torch.randn(20, 8, generator=generator)
    return Readings(torch.randn(20, 3, generator=generator), features)


RAW = ModernHopfieldSettings(beta=2.0, is_unit_length=False)


def test_the_energy_lies_between_0_and_2_m_squared(patterns, queries) -> None:
    longest = patterns.norm(dim=2).max()
    inside = queries.features / queries.features.norm(dim=1, keepdim=True) * longest
    for share in (0.0, 0.4, 1.0):
        readings = queries._replace(features=share * inside)
        energy = ModernHopfieldEnergy(RAW, patterns=patterns).energy(readings)
        assert (energy >= -1e-5).all()
        assert (energy <= 2 * longest**2 + 1e-5).all()


def test_no_update_raises_the_energy(patterns, queries) -> None:
    energies = []
    for num_updates in range(5):
        settings = ModernHopfieldSettings(beta=2.0, is_unit_length=False, num_updates=num_updates)
        energies.append(ModernHopfieldEnergy(settings, patterns=patterns).energy(queries))
    for before, after in pairwise(energies):
        assert (after <= before + 1e-5).all()
    assert (energies[1] < energies[0] - 1e-3).any()


def test_a_stored_pattern_alone_is_recalled() -> None:
    one = unit_length(torch.tensor([[3.0, 4.0]]))[None]
    readings = Readings(torch.zeros(2, 1), torch.tensor([[0.6, 0.8], [-0.6, -0.8]]))
    score = HopfieldRetrieval(ModernHopfieldSettings(), patterns=one)
    assert score.energy(readings).tolist() == pytest.approx([0.0, 2.0], abs=1e-6)


def test_retrieval_in_groups_is_the_softmax_over_all(patterns, queries) -> None:
    flat = patterns.flatten(0, 1)
    expected = (2.0 * queries.features @ flat.T).softmax(dim=1) @ flat
    torch.testing.assert_close(retrieved(queries.features, patterns, beta=2.0), expected)


def test_retrieval_of_large_similarities_stays_finite(patterns, queries) -> None:
    found = retrieved(100 * queries.features, 100 * patterns, beta=10.0)
    assert torch.isfinite(found).all()


@pytest.mark.parametrize('name', ['he', 'hopfield_energy', 'hopfield_retrieval'])
def test_the_order_of_patterns_does_not_matter(name, patterns, queries, generator) -> None:
    def score_of(stored):
        if name == 'he':
            return He(HeSettings(beta=0.7), class_ids=torch.arange(3), patterns=stored)
        kind = ModernHopfieldEnergy if name == 'hopfield_energy' else HopfieldRetrieval
        return kind(RAW, patterns=stored)

    shuffled = patterns[:, torch.randperm(6, generator=generator)]
    torch.testing.assert_close(
        score_of(shuffled).energy(queries), score_of(patterns).energy(queries)
    )


@pytest.mark.parametrize('is_class_conditional', [True, False])
def test_she_is_the_small_beta_limit_of_he(is_class_conditional, patterns, queries) -> None:
    she = She(SheSettings(), class_ids=torch.arange(3), means=patterns.mean(dim=1))
    he = He(
        HeSettings(beta=1e-3, is_class_conditional=is_class_conditional),
        class_ids=torch.arange(3),
        patterns=patterns,
    )
    expected = she.energy(queries)
    if not is_class_conditional:  # the limit of the mean over all classes is their mean pattern
        expected = -(queries.features @ patterns.flatten(0, 1).mean(dim=0))
    torch.testing.assert_close(he.energy(queries), expected, atol=2e-2, rtol=0)


def test_repeated_patterns_do_not_change_a_class(patterns, queries) -> None:
    """Of HE as published, which sums, the energy would fall by log 2 / beta."""
    once = energy_per_class(queries.features, patterns, beta=0.5)
    twice = energy_per_class(queries.features, patterns.repeat(1, 2, 1), beta=0.5)
    torch.testing.assert_close(twice, once)


def test_the_conditional_score_reads_the_predicted_class() -> None:
    she = She(SheSettings(), class_ids=torch.tensor([0, 2]), means=torch.eye(2))
    logits = torch.tensor([[1.0, 9.0, 0.0], [0.0, 9.0, 1.0]])  # class 1 has no mean
    readings = Readings(logits, torch.tensor([[5.0, 7.0], [5.0, 7.0]]))
    assert she.energy(readings).tolist() == [-5.0, -7.0]


def test_boosting_is_zero_between_equal_memories_and_bounded(patterns, queries) -> None:
    unit = torch.nn.functional.normalize(patterns, dim=2)
    settings = HopfieldBoostingSettings()
    same = HopfieldBoosting(settings, inlier_patterns=unit, outlier_patterns=unit)
    assert same.energy(queries).abs().max() < 1e-6
    other = HopfieldBoosting(settings, inlier_patterns=unit, outlier_patterns=-unit)
    assert other.energy(queries).abs().max() <= 2


def test_boosting_without_outliers_says_what_to_do(stream) -> None:
    class Inliers:
        num_classes, width = stream.num_classes, stream.width

        def __iter__(self):
            for batch in stream:
                yield batch.inliers()

    with pytest.raises(ScoreError, match='pasted outliers'):
        HopfieldBoosting.fit(Inliers(), HopfieldBoostingSettings())


def test_free_energy_is_a_hopfield_energy_of_the_classifier() -> None:
    """-LSE(W z) is the Hopfield energy of the rows of W at beta 1, less log K."""
    weights, z = torch.randn(4, 8), torch.randn(10, 8)
    hopfield = energy_per_class(z, weights[None], beta=1.0)[:, 0]
    expected = -torch.logsumexp(z @ weights.T, dim=1) + math.log(4)
    torch.testing.assert_close(hopfield, expected)


def test_few_rows_are_repeated_in_turn() -> None:
    assert filled(torch.tensor([[1.0], [2.0]]), 5).flatten().tolist() == [1, 2, 1, 2, 1]


def test_a_feature_much_nearer_to_one_pattern_than_to_all_others_follows_it():
    patterns = torch.tensor([[[1.0, 0.0], [-1.0, 0.0], [-2.0, 0.0]]])
    # similarities times beta: 500, -500, -1000; the mean over three costs log 3
    energies = energy_per_class(torch.tensor([[100.0, 0.0]]), patterns, beta=5.0)
    assert energies.item() == pytest.approx(-100 + math.log(3) / 5, abs=1e-4)
