"""Energies in bands are those of the whole map."""

import pytest

torch = pytest.importorskip('torch')

from training.scores import bands
from training.scores.readings import Readings
from training.scores.registry import SCORES

PIXELWISE = sorted(
    name for name, kind in SCORES.items() if hasattr(kind.score_class.energy, '__wrapped__')
)


@pytest.fixture
def tall(stream):
    """One map of 19 x 8 pixels, whose rows do not fill bands of three."""
    batch = next(iter(stream))

    def as_map(values):
        return values[:152].reshape(1, 19, 8, -1).permute(0, 3, 1, 2).contiguous()

    return Readings(as_map(batch.class_logits), as_map(batch.features))


@pytest.mark.parametrize('name', PIXELWISE)
def test_a_map_in_bands_has_the_energies_of_the_whole(name, fitted, tall, monkeypatch):
    monkeypatch.setattr(bands, 'PIXELS', 3 * 8)
    whole = SCORES[name].score_class.energy.__wrapped__(fitted[name], tall)
    torch.testing.assert_close(fitted[name].energy(tall), whole, rtol=1e-4, atol=1e-4)


def test_each_band_is_seen_once_and_in_order(tall, monkeypatch):
    monkeypatch.setattr(bands, 'PIXELS', 3 * 8)
    heights = []

    @bands.in_bands
    def first_feature(score, readings):
        heights.append(readings.features.shape[2])
        return score * readings.features[:, 0]

    assert torch.equal(first_feature(2, tall), 2 * tall.features[:, 0])
    assert heights == [3, 3, 3, 3, 3, 3, 1]


def test_every_tensor_of_a_band_has_its_rows(tall):
    abstention, deviations = tall.features[:, 1], 2 * tall.features
    given = tall._replace(abstention_logit=abstention, deviations=deviations, stride=8)
    band = given.rows(4, 6)
    assert torch.equal(band.class_logits, tall.class_logits[:, :, 4:6])
    assert torch.equal(band.deviations, 2 * band.features)
    assert torch.equal(band.abstention_logit, band.features[:, 1])
    assert band.stride == 8
