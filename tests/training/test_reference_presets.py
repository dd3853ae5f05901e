import pytest

torch = pytest.importorskip('torch')

from training.dry_run import dry_run
from training.reference_presets import REFERENCE_PRESETS
from training.settings import TrainSettings
from training.settings_json import settings_from_json, settings_to_json


@pytest.mark.parametrize('name', sorted(REFERENCE_PRESETS))
def test_json_gives_the_settings_back(name):
    settings = REFERENCE_PRESETS[name]
    assert settings_from_json(TrainSettings, settings_to_json(settings)) == settings


def test_pebal_trains_the_head_alone_as_published():
    found = dry_run(REFERENCE_PRESETS['pebal-as-published'])
    assert found.trained == ('final',)
    assert found.num_trained == 1_296_384
    assert found.num_steps == 40 * 409


def test_pebals_terms_weigh_alike_in_both_forms():
    """0.1 (L_in + L_out) / 2 of hinges in nat^2 is 3.6 times ours in units of (6 nat)^2."""
    clean, published = (REFERENCE_PRESETS[name] for name in ('pebal', 'pebal-as-published'))
    assert clean.losses.margin_weight == published.losses.margin_weight == pytest.approx(3.6)
    pixels = 8 * 900 * 900
    assert clean.losses.smoothness_weight == pytest.approx(
        published.losses.smoothness_weight * pixels
    )


@pytest.mark.parametrize(
    ('name', 'parts'),
    [
        ('rpl', {'residual'}),
        ('hopfield-pebal-deepwv3plus', {'residual', 'embedding', 'posterior', 'memory'}),
    ],
)
def test_a_frozen_network_trains_its_branch_alone(name, parts):
    assert set(dry_run(REFERENCE_PRESETS[name]).trained) == parts


@pytest.mark.parametrize('name', ['densehybrid-deeplab', 'densehybrid-ldn121'])
def test_dense_hybrid_trains_everything_with_its_own_head(name):
    found = dry_run(REFERENCE_PRESETS[name])
    assert found.num_trained == found.num_parameters
    assert 'logits_ood' in found.trained
