import shutil
from dataclasses import replace

import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from tests.training.conftest import PaintedFrames
from training.composite_files import drop_composites, open_composites, picture_keys
from training.data.frames import WeightedSource
from training.data.outlier_exposure import OutlierExposure
from training.kept_composites import KeptComposites
from training.loop import run
from training.loss_settings import LossSettings
from training.models.anomaly_network import BranchSettings
from training.models.deployed import normalised
from training.processes import Processes
from training.run_data import training_samples
from training.run_state import new_state

TAPS = ('s8', 'decoder')


@pytest.fixture
def settings(tiny_settings):
    return replace(
        tiny_settings,
        network=replace(tiny_settings.network, is_frozen=True),
        branch=BranchSettings(posterior_taps=TAPS, width=8),
        exposure=OutlierExposure(smallest_px=15, largest_px=40),
        losses=LossSettings(
            cross_entropy_weight=0,
            abstention_weight=0,
            margin_weight=0,
            sparsity_weight=0,
            posterior_weight=1,
        ),
        energies=('outlier_logit',),
        kept_composites=3,
        crop_hw=(64, 96),
        closed_set_steps=0,
        anomaly_steps=12,
        batch_size=4,
        precision='fp32',
    )


@pytest.fixture
def network(settings):
    return new_state(settings).network.eval()


@pytest.fixture
def samples(settings):
    return training_samples(settings, [WeightedSource(PaintedFrames())])


@pytest.fixture
def kept(network, samples, settings, tmp_path):
    return open_composites(network, samples, settings, tmp_path / 'composites')


def maps_of(image, network):
    with torch.inference_mode():
        return network.closed_set.taps(normalised(image[None]))


def test_only_what_heads_read_is_kept(kept, network, settings):
    assert set(network.taps_read()) == {*TAPS, 'logits'}
    (batch, *_) = kept.batches(settings, first_step=0)
    assert set(batch.maps) == set(network.taps_read())
    for name, stride in network.closed_set.tap_strides.items():
        if name in batch.maps:
            assert batch.maps[name].shape[2:] == (64 // stride, 96 // stride)


def test_crops_of_maps_and_labels_show_the_same_place(settings):
    rows, columns = torch.meshgrid(torch.arange(128), torch.arange(256), indexing='ij')
    labels = ((rows // 8 + columns // 8) % 200).to(torch.uint8).repeat(2, 1, 1)
    maps = {
        'fine': labels[:, ::2, ::2, None].float(),
        'coarse': labels[:, ::8, ::8, None].float(),
    }
    kept = KeptComposites(maps, labels, strides={'fine': 2, 'coarse': 8})
    flips = 0
    for batch in kept.batches(settings, first_step=0):
        assert batch.labels.shape == (4, 64, 96)
        fine = batch.maps['fine'][:, 0].repeat_interleave(2, 1).repeat_interleave(2, 2)
        assert torch.equal(fine, batch.labels.float())
        assert torch.equal(batch.maps['coarse'][:, 0], batch.labels[:, ::8, ::8].float())
        flips += int((batch.labels[:, 0, 0] > batch.labels[:, 0, -1]).sum())
    assert 10 < flips < 38  # of 48


def test_half_of_the_crops_have_an_outlier_in_their_middle(settings):
    labels = torch.zeros(1, 256, 512, dtype=torch.uint8)
    labels[0, 100:104, 300:304] = OUTLIER_ID
    kept = KeptComposites({'one': labels[:, ::8, ::8, None]}, labels, strides={'one': 8})
    settings = replace(settings, crop_hw=(32, 32), batch_size=200, anomaly_steps=1)
    (batch,) = kept.batches(settings, first_step=0)
    has_outlier = (batch.labels == OUTLIER_ID).flatten(1).any(1).float().mean()
    assert 0.4 < has_outlier < 0.6


def test_maps_are_those_of_the_whole_picture(kept, network, samples, settings):
    whole = replace(settings, crop_hw=settings.network_hw, batch_size=24, anomaly_steps=1)
    (batch,) = kept.batches(whole, first_step=0)
    names = {}
    for place, name in enumerate(batch.name):
        names.setdefault(name, place)
    assert len(names) == 3
    (first, *_) = names.values()
    candidates = [
        maps_of(sample.image, network)
        for sample in (samples[key] for key in samples_keys(settings, samples))
    ]
    differences = [
        min(
            float((maps['decoder'][0] - turned).abs().max())
            for turned in (batch.maps['decoder'][first], batch.maps['decoder'][first].flip(2))
        )
        for maps in candidates
    ]
    assert min(differences) < 1e-5 < sorted(differences)[1]


def samples_keys(settings, samples):
    return [key for (key,) in picture_keys(settings, len(samples))]


def test_batches_go_on_where_they_stopped_and_are_shared(kept, settings):
    whole = list(kept.batches(settings, first_step=0))
    later = next(kept.batches(settings, first_step=5))
    assert torch.equal(later.labels, whole[5].labels)
    halves = [
        next(kept.batches(settings, first_step=5, processes=Processes(rank, 2))) for rank in (0, 1)
    ]
    for name, found in later.maps.items():
        assert torch.equal(torch.cat([each.maps[name] for each in halves]), found)


def test_a_later_start_opens_what_is_there(
    kept, network, samples, settings, tmp_path, monkeypatch
):
    monkeypatch.setattr('training.composite_files._render', None)
    again = open_composites(network, samples, replace(settings, seed=7), tmp_path / 'composites')
    assert torch.equal(
        next(again.batches(settings, first_step=0)).maps['decoder'],
        next(kept.batches(settings, first_step=0)).maps['decoder'],
    )
    drop_composites(tmp_path / 'composites')
    assert not (tmp_path / 'composites').exists()
    drop_composites(tmp_path / 'composites')


@pytest.mark.usefixtures('kept')
def test_composites_of_another_network_or_of_other_data_are_refused(
    network, samples, settings, tmp_path
):
    folder = tmp_path / 'composites'
    other = new_state(replace(settings, seed=7)).network
    with pytest.raises(ValueError, match=r'weights_sha256 differ; remove the folder'):
        open_composites(other, samples, settings, folder)
    with pytest.raises(ValueError, match=r'exposed_share, kept_composites differ'):
        open_composites(
            network, samples, replace(settings, exposed_share=0.5, kept_composites=4), folder
        )


def test_runs_of_other_seeds_share_composites_and_cut_other_crops(kept, settings):
    first, other = (
        next(kept.batches(replace(settings, seed=seed), first_step=0)) for seed in (0, 1)
    )
    assert not torch.equal(first.labels, other.labels)
    assert picture_keys(replace(settings, seed=1), 6) == picture_keys(settings, 6)
    assert picture_keys(replace(settings, composites_seed=1), 6) != picture_keys(settings, 6)


def test_a_full_disk_is_said_beforehand(network, samples, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: shutil._ntuple_diskusage(9, 8, 1))
    with pytest.raises(OSError, match=r'need .* GB in .*lower --kept-composites'):
        open_composites(network, samples, settings, tmp_path / 'composites')


def test_heads_learn_from_maps(kept, samples, settings):
    state = new_state(settings)
    before = {name: each.clone() for name, each in state.network.closed_set.state_dict().items()}
    losses = []

    class Log:
        def write(self, _step, kind, values):
            if kind == 'train':
                losses.append(values['loss'])

    longer = replace(settings, anomaly_steps=40, anomaly_learning_rate=1e-2)
    run(
        state,
        longer,
        samples,
        composites=kept,
        log=Log(),
        after_step=lambda _: None,
        is_stopped=lambda: False,
    )
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])
    for name, each in state.network.closed_set.state_dict().items():
        assert torch.equal(each, before[name])


def test_settings_refuse_what_cannot_be_kept(settings):
    with pytest.raises(ValueError, match='this one is trained; set --kept-composites 0'):
        replace(settings, network=replace(settings.network, is_frozen=False))
    with pytest.raises(ValueError, match='lower --crop-hw'):
        replace(settings, crop_hw=(256, 256))
