import pytest

torch = pytest.importorskip('torch')
from torchvision.models import resnet50, resnet101
from torchvision.models.segmentation import deeplabv3_resnet50

from training.models.deeplabv3plus import INPUT_MULTIPLE, DeepLabV3Plus


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    return DeepLabV3Plus(num_classes=4).eval()


def shapes_of(module, prefix=''):
    return {
        f'{prefix}{key}': tuple(each.shape)
        for key, each in module.state_dict().items()
        if not key.startswith('fc.')
    }


@pytest.mark.parametrize(('depth', 'encoder'), [(50, resnet50), (101, resnet101)])
def test_the_encoder_has_the_keys_of_torchvisions_resnet(depth, encoder):
    with torch.device('meta'):
        ours, theirs = DeepLabV3Plus(depth=depth), encoder(weights=None)
    assert shapes_of(ours.backbone) == shapes_of(theirs)


@torch.no_grad()
def test_the_context_is_that_of_torchvisions_deeplabv3(network):
    theirs = deeplabv3_resnet50(weights=None, weights_backbone=None).eval()
    theirs.backbone.load_state_dict(network.backbone.state_dict())
    theirs.classifier[0].load_state_dict(network.aspp.state_dict())
    image = torch.randn(1, 3, 64, 64)
    expected = theirs.classifier[0](theirs.backbone(image)['out'])
    assert torch.equal(network.taps(image)['context'], expected)


def test_taps_have_the_declared_widths_and_strides(network):
    taps = network.taps(torch.randn(1, 3, 64, 96))
    assert {name: tuple(each.shape) for name, each in taps.items()} == {
        name: (1, network.tap_widths[name], 64 // stride, 96 // stride)
        for name, stride in network.tap_strides.items()
    }


def test_the_logits_have_abstention_last_where_wanted():
    with torch.device('meta'):
        outputs = [
            DeepLabV3Plus(num_classes=4, has_abstention=each).tap_widths['logits']
            for each in (False, True)
        ]
    assert outputs == [4, 5]


def test_one_image_in_training_is_refused():
    with torch.device('meta'):
        network = DeepLabV3Plus().train()
        with pytest.raises(ValueError, match='at least 2 images a process'):
            network.taps(torch.zeros(1, 3, 64, 64))


def test_sizes_that_are_no_multiple_are_refused(network):
    with pytest.raises(ValueError, match=f'multiples of {INPUT_MULTIPLE}, got 60 64; resize'):
        network.taps(torch.zeros(1, 3, 60, 64))
