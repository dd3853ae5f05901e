import logging
from dataclasses import replace

import pytest

torch = pytest.importorskip('torch')

from tests.training.checkpoint_files import published_files
from training.initial_weights import fitting_files, take_published
from training.network_settings import NetworkSettings
from training.networks import build_network


@pytest.fixture
def settings(tiny_settings, tmp_path):
    torch.save(published_files.nvidia(), tmp_path / 'cityscapes_best.pth')
    network = NetworkSettings(
        kind='deepwv3plus',
        width=published_files.WIDTH,
        weights=tmp_path / 'cityscapes_best.pth',
    )
    return replace(tiny_settings, network=network)


def test_a_run_starts_from_a_published_file_and_says_what_is_new(settings, caplog):
    with caplog.at_level(logging.WARNING):
        network = build_network(settings).closed_set
    published = published_files.weights()
    assert torch.equal(network.mod7[0].proj_conv.weight, published['mod7.block1.proj_conv.weight'])
    assert torch.equal(network.final[6].weight[:19], published['final.6.weight'])
    assert '1 keys initialised (row 19: kaiming): final.6.weight' in caplog.text


def test_the_head_alone_is_trained_where_that_is_asked_for(settings):
    network = build_network(
        replace(settings, network=replace(settings.network, trained_parts=('final.',)))
    )
    trained = {name for name, each in network.named_parameters() if each.requires_grad}
    assert trained
    assert all(name.startswith('closed_set.final.') for name in trained)


def test_a_file_of_another_network_is_refused(settings):
    other = replace(settings.network, kind='lraspp')
    with pytest.raises(ValueError, match='has no key of lraspp'):
        build_network(replace(settings, network=other))


def test_a_posterior_needs_a_network_that_has_one():
    with pytest.raises(ValueError, match='lraspp has no posterior of its own'):
        NetworkSettings(kind='lraspp', has_posterior=True)


@pytest.mark.parametrize(
    ('kind', 'files'),
    [
        ('ladder-densenet121', 'ImageNet densenet121 of torchvision'),
        ('deeplabv3plus-resnet50', 'ImageNet resnet50 of torchvision'),
        ('segmenter', 'state dict of vit_small_patch16_224 of timm'),
    ],
)
def test_a_missing_file_says_which_one_to_put_there(tmp_path, kind, files):
    network = NetworkSettings(kind=kind, weights=tmp_path / 'imagenet.pth')
    with pytest.raises(FileNotFoundError, match=f'no weight file .*imagenet.pth.*{files}'):
        take_published(torch.nn.Identity(), network)
    assert files in fitting_files(network)


def test_a_network_of_our_own_has_no_published_files():
    assert fitting_files(NetworkSettings(kind='ladder')) == ''
