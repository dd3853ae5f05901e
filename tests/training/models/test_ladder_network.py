import pytest

torch = pytest.importorskip('torch')

from training.models.ladder_network import STEM_STRIDE, LadderNetwork
from training.networks import build_network
from training.presets import PRESETS


def tiny(**changes):
    sizes = {'widths': (8, 8, 8), 'blocks': (1, 2, 1), 'decoder_width': 8}
    return LadderNetwork(num_classes=3, **{**sizes, **changes})


def test_logits_have_one_channel_more_than_classes_at_a_quarter_of_the_size():
    logits = tiny().eval().taps(torch.zeros(2, 3, 64, 128))['logits']
    assert logits.shape == (2, 4, 64 // STEM_STRIDE, 128 // STEM_STRIDE)


def test_images_of_a_batch_do_not_influence_each_other_in_evaluation():
    network = tiny().eval()
    images = torch.randn(3, 3, 64, 64)
    together, alone = network.taps(images)['logits'], network.taps(images[1:2])['logits']
    assert torch.allclose(together[1:2], alone, atol=1e-5)


def test_every_weight_gets_a_gradient():
    network = tiny()
    # the last norm of a block starts at zero, so the first step reaches its convolutions only
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.ones_(module.weight)
    network.taps(torch.randn(2, 3, 64, 64))['logits'].square().mean().backward()
    idle = [name for name, each in network.named_parameters() if not each.grad.abs().sum() > 0]
    assert idle == []


@pytest.mark.parametrize('preset', sorted(PRESETS))
def test_preset_networks_fit_into_15_megabytes(preset):
    network = build_network(PRESETS[preset], has_weights=False)
    assert sum(each.numel() for each in network.parameters()) * 4 < 14.8e6


def test_widths_and_blocks_must_match():
    with pytest.raises(ValueError, match='one entry a stride'):
        tiny(widths=(8, 8), blocks=(1,))


def test_maps_have_the_widths_and_strides_they_are_said_to_have():
    network = tiny().eval()
    maps = network.taps(torch.zeros(1, 3, 64, 96))
    assert list(maps) == ['s4', 's8', 's16', 'decoder', 'logits']
    for name, found in maps.items():
        stride = network.tap_strides[name]
        assert found.shape == (1, network.tap_widths[name], 64 // stride, 96 // stride), name
