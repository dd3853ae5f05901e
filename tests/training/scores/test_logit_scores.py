"""Scores of class logits alone: values by hand and laws."""

import math

import pytest

torch = pytest.importorskip('torch')

from training.scores.abstention import AbstentionEnergy
from training.scores.entropy import Entropy
from training.scores.free_energy import FreeEnergy, FreeEnergySettings
from training.scores.max_logit import MaxLogit
from training.scores.max_softmax import MaxSoftmax
from training.scores.pebal import PebalEnergy, PebalSettings, blurred
from training.scores.readings import FitBatch, Readings, ScoreError
from training.scores.score import ScoreSettings
from training.scores.standardised_max_logit import StandardisedMaxLogit

PLAIN = ScoreSettings()


def reading(*logits: float) -> Readings:
    row = torch.tensor([logits])
    return Readings(row, row)


def test_max_softmax_by_hand() -> None:
    # softmax of (log 3, 0) is (3/4, 1/4)
    energy = MaxSoftmax(PLAIN).energy(reading(math.log(3), 0.0))
    assert energy.item() == pytest.approx(-math.log(0.75), abs=1e-6)


def test_max_softmax_tells_very_sure_answers_apart() -> None:
    energies = [MaxSoftmax(PLAIN).energy(reading(f, 0.0)).item() for f in (30.0, 40.0)]
    assert energies == pytest.approx([math.exp(-30), math.exp(-40)], rel=1e-4, abs=0)


def test_max_softmax_of_equal_logits_is_log_k() -> None:
    assert MaxSoftmax(PLAIN).energy(reading(2.0, 2.0, 2.0)).item() == pytest.approx(math.log(3))


def test_entropy_by_hand() -> None:
    assert Entropy(PLAIN).energy(reading(5.0, 5.0)).item() == pytest.approx(math.log(2))
    assert Entropy(PLAIN).energy(reading(80.0, 0.0)).item() == pytest.approx(0, abs=1e-6)


def test_max_logit_and_free_energy_by_hand() -> None:
    assert MaxLogit(PLAIN).energy(reading(1.0, 4.0)).item() == -4
    at_two = FreeEnergy(FreeEnergySettings(temperature=2.0))
    assert at_two.energy(reading(0.0, 0.0)).item() == pytest.approx(-2 * math.log(2))


@pytest.mark.parametrize('kind', [MaxSoftmax, Entropy])
def test_shifting_all_logits_changes_no_posterior(kind) -> None:
    shifted = kind(PLAIN).energy(reading(51.0, 53.0, 52.0))
    torch.testing.assert_close(shifted, kind(PLAIN).energy(reading(1.0, 3.0, 2.0)))


@pytest.mark.parametrize('kind', [MaxLogit, FreeEnergy])
def test_shifting_all_logits_shifts_the_energy(kind) -> None:
    score = kind(FreeEnergySettings() if kind is FreeEnergy else PLAIN)
    moved = score.energy(reading(11.0, 13.0)) - score.energy(reading(1.0, 3.0))
    assert moved.item() == pytest.approx(-10)


class OneBatch:
    num_classes, width = 2, 2

    def __init__(self, logits, labels):
        self._batch = FitBatch(torch.tensor(logits), torch.tensor(logits), torch.tensor(labels))

    def __iter__(self):
        yield self._batch


def test_standardised_max_logit_by_hand() -> None:
    # predicted class 0 has heights 2 and 4: mean 3, deviation 1; class 1 has 10 and 14: 12, 2
    logits = [[2.0, 0.0], [4.0, 0.0], [0.0, 10.0], [0.0, 14.0]]
    score = StandardisedMaxLogit.fit(OneBatch(logits, [0, 0, 1, 1]), PLAIN)
    assert score.energy(reading(5.0, 0.0)).item() == pytest.approx(-2)
    assert score.energy(reading(0.0, 11.0)).item() == pytest.approx(0.5)


def test_pebal_leaves_a_constant_map_and_spreads_a_point() -> None:
    score = PebalEnergy(PebalSettings())
    logits = torch.zeros(1, 3, 9, 9)
    flat = score.energy(Readings(logits, logits))
    torch.testing.assert_close(flat, torch.full((1, 9, 9), -math.log(3)))
    point = torch.zeros(1, 9, 9)
    point[0, 4, 4] = 1.0
    spread = blurred(point, stride=1)
    assert spread.sum().item() == pytest.approx(1, abs=1e-6)
    # PEBAL's taps: 0.3991, 0.2420 for sigma 1 over 7 pixels
    assert spread[0, 4, 4].item() == pytest.approx(0.3991**2, abs=2e-4)
    assert spread[0, 4, 5].item() == pytest.approx(0.3991 * 0.2420, abs=2e-4)
    assert spread[0, 0, 4].item() == 0  # 7 taps reach three pixels


def test_the_blur_is_in_image_pixels() -> None:
    point = torch.zeros(1, 9, 9)
    point[0, 4, 4] = 1.0
    middles = [blurred(point, stride=stride)[0, 4, 4].item() for stride in (1, 2, 8)]
    assert middles[0] < middles[1] < middles[2]
    assert middles[2] > 0.99


def test_abstention_by_hand_and_without_its_logit() -> None:
    with_logit = reading(0.0, 0.0)._replace(abstention_logit=torch.tensor([1.0]))
    assert AbstentionEnergy(PLAIN).energy(with_logit).item() == pytest.approx(1 - math.log(2))
    with pytest.raises(ScoreError, match='leave the score out'):
        AbstentionEnergy(PLAIN).energy(reading(0.0, 0.0))
