"""Energies of the authors' own code on the same numbers, computed once by hand and pinned.

SHE_ood_detection db155ec, heatood 2b68ccd, hopfield-boosting c5ae5b7.
"""

import math

import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.energy import border_energy, hopfield_energy
from training.scores.gaussian_mixture import GaussianMixture, GaussianSettings, prepared
from training.scores.he import He, HeSettings
from training.scores.hopfield_boosting import HopfieldBoosting, HopfieldBoostingSettings
from training.scores.hopfield_energy import ModernHopfieldEnergy, ModernHopfieldSettings
from training.scores.readings import FitBatch, Readings
from training.scores.she import She, SheSettings
from training.scores.similarities import unit_length

K, M, D = 3, 5, 6
PREDICTED = [2, 0, 0, 1, 1, 2, 2, 0, 0, 1, 2, 2]
SHE = [
    -3.086361, -0.090257, -0.158105, -3.029163, -4.445705, -4.541487,
    -6.867104, -0.1608, -0.165806, -4.304034, -5.001721, -6.743021,
]  # fmt: skip
SHE_COSINE = [
    -0.295173, -0.251284, -0.514593, -0.553038, -0.660285, -0.447974,
    -0.641683, -0.467379, -0.514102, -0.770716, -0.461245, -0.618704,
]  # fmt: skip
HE_BY_CLASS = [
    [-1.806656, -1.712984, -1.765646, -1.709295],
    [-2.302494, -2.65183, -2.589952],
    [-2.357011, -2.556151, -3.080067, -2.690223, -3.094594],
]
HEAT_GMM = [
    -1.54714, -0.45298, 1.19257, -1.85904, -2.67094, 0.27784,
    -0.39534, 0.38371, -2.24495, -2.9044, 1.49955, -2.40539,
]  # fmt: skip
BOOSTING = [
    -0.122087, -0.347845, -0.369422, -0.121177, -0.30844, -0.53051,
    -0.321091, -0.241394, -0.27537, -0.422334, -0.520669, -0.20292,
]  # fmt: skip
HOPFIELD = [
    0.506286, 0.353229, 0.404679, 0.437682, 0.326034, 0.463549,
    0.380292, 0.394682, 0.516165, 0.339058, 0.409411, 0.38431,
]  # fmt: skip
BORDER = [
    0.014759, 0.112336, 0.125609, 0.014542, 0.089651, 0.240506,
    0.096706, 0.056139, 0.072279, 0.16048, 0.232807, 0.040093,
]  # fmt: skip


def wave(*shape: int, phase: float):
    """Numbers without a generator."""
    t = torch.arange(math.prod(shape), dtype=torch.float64)
    return (torch.sin(1.7 * t + phase) + 0.3 * torch.cos(0.31 * t * t + phase)).float().view(shape)


PATTERNS = torch.stack([wave(M, D, phase=c) + c for c in range(K)])
QUERIES = Readings(wave(12, K, phase=4.0), wave(12, D, phase=9.0) + 0.5)
ALL_CLASSES = torch.arange(K)


def test_she_is_the_authors() -> None:
    for settings, expected in ((SheSettings(), SHE), (SheSettings(is_cosine=True), SHE_COSINE)):
        she = She(settings, class_ids=ALL_CLASSES, means=PATTERNS.mean(dim=1))
        torch.testing.assert_close(she.energy(QUERIES), torch.tensor(expected), atol=1e-5, rtol=0)


def test_he_is_the_authors_but_for_inverse_temperature_and_class_size() -> None:
    he = He(HeSettings(beta=0.2), class_ids=ALL_CLASSES, patterns=PATTERNS)
    theirs = 0.2 * he.energy(QUERIES) - math.log(M)
    for class_id, expected in enumerate(HE_BY_CLASS):
        mine = theirs[torch.tensor(PREDICTED) == class_id]
        torch.testing.assert_close(mine, torch.tensor(expected), atol=1e-5, rtol=0)


def test_the_mixture_is_heats() -> None:
    class Stream:
        num_classes, width = K, D

        def __iter__(self):
            features = torch.cat([wave(20, D, phase=c) + 0.7 * c for c in range(K)])
            labels = torch.arange(K).repeat_interleave(20)
            labels[-5:] = 0
            yield FitBatch(features, torch.nn.functional.one_hot(labels, K).float(), labels)

    settings = GaussianSettings(shrinkage=0.0)
    mixture = GaussianMixture.fit(Stream(), settings)
    mine = mixture.negative_log_likelihood(prepared(QUERIES.features, settings))
    torch.testing.assert_close(mine, torch.tensor(HEAT_GMM), atol=2e-3, rtol=0)


INLIERS = unit_length(wave(7, D, phase=0.2) + 0.3)[None]
OUTLIERS = unit_length(wave(5, D, phase=2.2) - 0.2)[None]


def test_hopfield_boosting_is_the_authors() -> None:
    score = HopfieldBoosting(
        HopfieldBoostingSettings(beta=4.0), inlier_patterns=INLIERS, outlier_patterns=OUTLIERS
    )
    torch.testing.assert_close(score.energy(QUERIES), torch.tensor(BOOSTING), atol=1e-5, rtol=0)


def test_the_hopfield_energy_is_the_authors() -> None:
    score = ModernHopfieldEnergy(ModernHopfieldSettings(beta=4.0), patterns=INLIERS)
    torch.testing.assert_close(score.energy(QUERIES), torch.tensor(HOPFIELD), atol=1e-5, rtol=0)


def test_the_border_energy_is_the_authors_sign_turned() -> None:
    z = unit_length(QUERIES.features)
    sides = [hopfield_energy(z @ each[0].T, beta=4.0) for each in (INLIERS, OUTLIERS)]
    mine = -border_energy(*sides, beta=4.0)
    torch.testing.assert_close(mine, torch.tensor(BORDER), atol=1e-5, rtol=0)
    by_hand = (2 / 4.0) * torch.log(torch.cosh(4.0 * (sides[0] - sides[1]) / 2))
    torch.testing.assert_close(mine, by_hand, atol=1e-5, rtol=0)
