import pytest

torch = pytest.importorskip('torch')

from training.models.ladder_network import STEM_STRIDE, LadderNetwork
from training.networks import build_network
from training.settings import PRESETS


def tiny(**changes):
    sizes = {'widths': (8, 8, 8), 'blocks': (1, 2, 1), 'decoder_width': 8}
    return LadderNetwork(num_classes=3, **{**sizes, **changes})


def test_logits_have_one_channel_more_than_classes_at_a_quarter_of_the_size():
    logits = tiny().eval()(torch.zeros(2, 3, 64, 128))
    assert logits.shape == (2, 4, 64 // STEM_STRIDE, 128 // STEM_STRIDE)


def test_images_of_a_batch_do_not_influence_each_other_in_evaluation():
    network = tiny().eval()
    images = torch.randn(3, 3, 64, 64)
    together, alone = network(images), network(images[1:2])
    assert torch.allclose(together[1:2], alone, atol=1e-5)


def test_every_weight_gets_a_gradient():
    network = tiny()
    # the last norm of a block starts at zero, so the first step reaches its convolutions only
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.ones_(module.weight)
    network(torch.randn(2, 3, 64, 64)).square().mean().backward()
    idle = [name for name, each in network.named_parameters() if not each.grad.abs().sum() > 0]
    assert idle == []


@pytest.mark.parametrize('preset', sorted(PRESETS))
def test_preset_networks_fit_into_15_megabytes(preset):
    network = build_network(PRESETS[preset].network)
    assert sum(each.numel() for each in network.parameters()) * 4 < 14.8e6


def test_widths_and_blocks_must_match():
    with pytest.raises(ValueError, match='one entry a stride'):
        tiny(widths=(8, 8), blocks=(1,))
