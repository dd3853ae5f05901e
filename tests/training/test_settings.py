import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip('torch')

from training.data.inlier_sets import InlierSettings
from training.loss_settings import LossSettings
from training.losses.abstention import Payoff
from training.network_settings import NetworkSettings
from training.presets import PRESETS
from training.settings import TrainSettings
from training.settings_json import settings_from_json, settings_to_json


@pytest.mark.parametrize('name', sorted(PRESETS))
def test_json_gives_the_settings_back(name):
    settings = replace(
        PRESETS[name],
        inliers=InlierSettings(camvid=Path('somewhere')),
        payoff=Payoff(minimum=3.0),
    )
    assert settings_from_json(TrainSettings, settings_to_json(settings)) == settings


def test_settings_of_another_version_are_refused():
    text = settings_to_json(TrainSettings()).replace('"weight_decay"', '"decay_of_weights"')
    with pytest.raises(ValueError, match=r'decay_of_weights.*weight_decay'):
        settings_from_json(TrainSettings, text)


def test_a_payoff_that_never_abstains_is_warned_of():
    assert TrainSettings().warnings(num_classes=19) == []
    [warning] = TrainSettings(payoff=Payoff(minimum=19.0)).warnings(num_classes=19)
    assert '--payoff.minimum' in warning
    assert TrainSettings(payoff=Payoff(minimum=18.9)).warnings(num_classes=19) == []


def test_validating_on_training_images_is_refused():
    with pytest.raises(ValueError, match='give the validation part'):
        TrainSettings(inliers=InlierSettings(camvid=Path('a')), val_camvid=Path('a'))


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        ({'batch_size': 0}, 'batch_size must be at least 1'),
        ({'crop_hw': (200, 250)}, 'crop_hw must be multiples of 32'),
        ({'network_hw': (512, 1000)}, 'network_hw must be multiples of 32'),
        ({'scale': (2.0, 1.0)}, 'smallest <= largest'),
        ({'closed_set_steps': 0, 'anomaly_steps': 0}, 'at least one step'),
        ({'fusion_weights': (1.0, 0.5)}, r'one number above 0 for each of .*, got \(1\.0, 0\.5\)'),
        ({'fusion_weights': (0.0,)}, r'or none to have them fitted, got \(0\.0,\)'),
    ],
)
def test_impossible_settings_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        TrainSettings(**values)


def test_margin_quantiles_must_be_in_order():
    with pytest.raises(ValueError, match='0 < inlier < outlier < 1'):
        LossSettings(inlier_margin_quantile=0.9, outlier_margin_quantile=0.5)


def test_a_loss_needs_its_head():
    with pytest.raises(ValueError, match=r'name feature maps in --branch\.posterior'):
        TrainSettings(losses=LossSettings(posterior_weight=1.0))


def test_a_frozen_network_has_no_closed_set_stage():
    with pytest.raises(ValueError, match='closed_set_steps is 1400, but the network is frozen'):
        TrainSettings(network=NetworkSettings(is_frozen=True))


def test_settings_of_an_earlier_version_get_the_defaults_of_what_it_lacked():
    stored = json.loads(settings_to_json(TrainSettings(batch_size=3)))
    del stored['schedule'], stored['network']['has_posterior']
    assert settings_from_json(TrainSettings, json.dumps(stored)) == TrainSettings(batch_size=3)
