"""HEAT: residual of zero, contrastive divergence, composition, deviations in space."""

import math

import pytest

torch = pytest.importorskip('torch')

from training.scores.composition import StandardisedScores, combined
from training.scores.contrastive_divergence import DivergenceSettings, Prior, langevin
from training.scores.entropy import Entropy
from training.scores.gaussian_mixture import GaussianMixture, GaussianSettings
from training.scores.heat_el import HeatEl, HeatElSettings
from training.scores.heat_gmm import HeatGmm, HeatGmmSettings
from training.scores.heat_gmm_std import WINDOW, HeatGmmStd, HeatGmmStdSettings, local_deviation
from training.scores.linear_classifier import recovered_classifier
from training.scores.max_logit import MaxLogit
from training.scores.readings import FitBatch, Readings, ScoreError
from training.scores.residual_energy import ResidualEnergy, ResidualShape
from training.scores.score import ScoreSettings

SMALL = ResidualShape(width=8, num_hidden=1)


@pytest.fixture
def batch(stream):
    return next(iter(stream))


def test_a_residual_of_zero_leaves_the_prior_alone(stream, batch) -> None:
    settings = HeatGmmSettings(prior_temperature=10.0, is_unit_length=False)
    mixture = GaussianMixture.fit(stream, settings)
    untrained = HeatGmm(settings, mixture, ResidualEnergy(stream.width, SMALL))
    expected = mixture.negative_log_likelihood(batch.features) / 10
    assert torch.equal(untrained.energy(batch.readings()), expected)


def test_el_without_residual_is_the_free_energy_of_the_classifier(stream, batch) -> None:
    weights, biases = recovered_classifier(stream, bound_mib=1)
    untrained = HeatEl(
        HeatElSettings(), ResidualEnergy(stream.width, SMALL), weights=weights, biases=biases
    )
    expected = -torch.logsumexp(batch.class_logits, dim=1)
    torch.testing.assert_close(untrained.energy(batch.readings()), expected, atol=1e-3, rtol=1e-4)


def test_the_mixture_by_hand() -> None:
    """Two classes at -1 and 1 on a line, variance 1, equal weights: at 0, N(1; 0, 1)."""
    mixture = GaussianMixture(
        GaussianSettings(),
        whitening=torch.ones(1, 1),
        means=torch.tensor([[-1.0], [1.0]]),
        log_weights=torch.full((2,), -math.log(2)),
        log_determinant=torch.tensor(0.0),
    )
    found = mixture.negative_log_likelihood(torch.zeros(1, 1)).item()
    assert found == pytest.approx(0.5 * math.log(2 * math.pi) + 0.5)


def test_samples_of_the_mixture_have_its_moments(stream) -> None:
    mixture = GaussianMixture.fit(stream, GaussianSettings(is_unit_length=False))
    drawn = mixture.sample(20_000, torch.Generator().manual_seed(0))
    seen = torch.cat([each.correct().features for each in stream])
    torch.testing.assert_close(drawn.mean(dim=0), seen.mean(dim=0), atol=0.05, rtol=0)
    torch.testing.assert_close(drawn.std(dim=0), seen.std(dim=0), atol=0.05, rtol=0)


def test_training_raises_the_residual_where_the_sampler_drifts(stream) -> None:
    """The prior's samples and the data differ: g must be lower on the data."""
    settings = HeatGmmSettings(
        shape=SMALL,
        is_unit_length=False,
        shrinkage=1.0,
        training=DivergenceSettings(
            num_epochs=20, batch_size=200, learning_rate=1e-2, num_steps=3, penalty=0.1
        ),
    )
    score = HeatGmm.fit(stream, settings)
    data = torch.cat([each.correct().features for each in stream])
    drawn = score.mixture.sample(500, torch.Generator().manual_seed(9)).clamp(min=0)
    assert score.residual(drawn).mean() - score.residual(data).mean() > 0.05


def test_langevin_without_noise_runs_down_the_energy() -> None:
    prior = Prior(
        energy=lambda z: 0.5 * z.square().sum(dim=1),
        sample=lambda count, _: torch.ones(count, 3),
        project=lambda z: z,
        scale=torch.ones(3),
    )
    settings = DivergenceSettings(num_steps=30, step_size=0.2, noise=0.0)
    start = torch.full((5, 3), 2.0)
    end = langevin(start, ResidualEnergy(3, SMALL), prior, settings, torch.Generator())
    assert end.norm() < 0.5 * start.norm()


def test_the_residual_reads_maps_and_vectors_alike() -> None:
    torch.manual_seed(0)
    residual = ResidualEnergy(5, SMALL)
    torch.nn.init.normal_(residual.output.weight)
    vectors = torch.randn(12, 5)
    as_map = vectors.T.reshape(1, 5, 3, 4)
    torch.testing.assert_close(residual(as_map).flatten(), residual(vectors))


def test_local_deviation_by_hand() -> None:
    columns = torch.arange(20.0) % 2  # 0 1 0 1 ...: in 9 columns 5 of one, 4 of the other
    features = columns.expand(1, 1, 20, 20)
    expected = math.sqrt((5 / 9) * (4 / 9))
    assert WINDOW == 9
    assert local_deviation(features)[0, 0, 10, 10].item() == pytest.approx(expected, abs=1e-5)
    assert local_deviation(torch.full((1, 2, 9, 9), 1e4)).max() < 1e-3


def test_deviations_that_are_missing_are_asked_for(fitted, batch, stream) -> None:
    without = batch.readings()._replace(deviations=None)
    with pytest.raises(ScoreError, match=r'needs Readings\.deviations'):
        fitted['heat_gmm_std'].energy(without)

    class Bare:
        num_classes, width = stream.num_classes, stream.width

        def __iter__(self):
            for each in stream:
                yield each._replace(deviations=None)

    with pytest.raises(ScoreError, match=r'training\.precompute_features'):
        HeatGmmStd.fit(Bare(), HeatGmmStdSettings())


def test_logits_that_are_no_linear_function_are_refused(stream) -> None:
    class Bent:
        num_classes, width = stream.num_classes, stream.width

        def __iter__(self):
            for each in stream:
                yield each._replace(class_logits=each.class_logits.square())

    with pytest.raises(ScoreError, match='read the last map before the logits'):
        HeatEl.fit(Bent(), HeatElSettings())


def test_composition_by_hand() -> None:
    one, two = torch.tensor([1.0, -2.0]), torch.tensor([3.0, 0.0])
    assert combined([one, two], beta=0.0).tolist() == [4, -2]
    assert combined([one, two], beta=math.inf).tolist() == [3, 0]
    assert combined([one, two], beta=-math.inf).tolist() == [1, -2]
    soft = combined([one, two], beta=2.0)
    assert soft[0].item() == pytest.approx(math.log(math.exp(2) + math.exp(6)) / 2)


def test_standardised_energies_have_mean_0_and_deviation_1_on_inliers(stream) -> None:
    scores = [MaxLogit(ScoreSettings()), Entropy(ScoreSettings())]
    parts = StandardisedScores.fit(scores, stream)
    inliers = [each.inliers() for each in stream]
    logits = torch.cat([each.class_logits for each in inliers])
    for energy in parts.energies(Readings(logits, logits)):
        assert energy.mean().item() == pytest.approx(0, abs=1e-4)
        assert energy.std(correction=0).item() == pytest.approx(1, abs=1e-4)


def test_one_energy_everywhere_cannot_be_standardised() -> None:
    class Flat:
        num_classes, width = 2, 2

        def __iter__(self):
            yield FitBatch(torch.ones(5, 2), torch.ones(5, 2), torch.zeros(5, dtype=torch.int64))

    with pytest.raises(ScoreError, match='max_logit has one energy everywhere'):
        StandardisedScores.fit([MaxLogit(ScoreSettings())], Flat())


def test_fused_weights_are_convex_and_its_energy_their_sum(fitted, batch) -> None:
    score = fitted['fused']
    assert score.weights.sum().item() == pytest.approx(1)
    assert (score.weights >= 0).all()
    parts = score.parts.energies(batch.readings())
    expected = sum(w * e for w, e in zip(score.weights, parts, strict=True))
    torch.testing.assert_close(score.energy(batch.readings()), expected)
