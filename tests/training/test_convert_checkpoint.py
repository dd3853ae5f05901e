import json

import pytest

torch = pytest.importorskip('torch')
import torchvision
from safetensors.torch import load_file

from tests.training.checkpoint_files import published_files
from training.checkpoint_files.clean_file import load_clean
from training.convert_checkpoint import main
from training.models.espnetv2 import ESPNetv2
from training.models.ladder_densenet import LadderDenseNet
from training.models.lraspp import LRASPP


class Conversion:
    def __init__(self, folder):
        self._folder = folder
        self.out = folder / 'clean.safetensors'

    def stored(self, document, **options):
        path = self._folder / 'weights.pth'
        torch.save(document, path, **options)
        return path

    def of(self, document, *flags):
        main([str(self.stored(document)), '--out', str(self.out), *flags])
        return load_file(self.out)

    def refused(self, document, *flags):
        with pytest.raises(SystemExit) as stopped:
            self.of(document, *flags)
        assert not self.out.exists()
        return str(stopped.value)

    @property
    def report(self):
        return json.loads(self.out.with_suffix('.report.json').read_text())


@pytest.fixture
def conversion(tmp_path):
    return Conversion(tmp_path)


def same(tensors, others):
    return tensors.keys() == others.keys() and all(
        torch.equal(each, others[key]) for key, each in tensors.items()
    )


@pytest.mark.parametrize('name', ['nvidia', 'meta_ood', 'rpl', 'zoo', 'hopfield_pebal'])
@pytest.mark.parametrize('is_zip', [True, False])
def test_a_container_of_19_outputs_gives_its_network(conversion, name, is_zip):
    """Files before torch 1.6 are no zip archives; NVIDIA's are of that time."""
    document = getattr(published_files, name)()
    path = conversion.stored(document, _use_new_zipfile_serialization=is_zip)
    main([str(path), '--out', str(conversion.out)])
    assert same(load_file(conversion.out), published_files.weights())


def test_pebals_container_has_20_outputs(conversion):
    clean = conversion.of(published_files.pebal())
    assert same(clean, published_files.weights(has_abstention=True))
    assert conversion.report['container'] == 'model'


def test_dense_hybrids_file_keeps_its_posterior(conversion):
    clean = conversion.of(published_files.dense_hybrid())
    assert same(clean, published_files.weights(has_posterior=True))
    assert 'outlier_logit' in load_clean(conversion.out).tap_widths


def test_the_report_names_every_key(conversion):
    conversion.of(published_files.hopfield_pebal())
    report = conversion.report
    assert len(report['taken']) == 268
    assert set(report['dropped']) == {'memory_bank', 'feature_projector.0.weight', 'log_beta'}
    assert report['initialised'] == {}
    assert report['container'] == 'state_dict'


def test_the_terminal_tells_the_reasons(conversion, capsys):
    conversion.of(published_files.nvidia(), '--abstention', 'yes')
    said = capsys.readouterr().out
    assert 'container state_dict' in said
    assert '268 keys taken' in said
    assert '1 keys dropped (weights of a training loss): criterion.nll_loss.weight' in said
    assert '1 keys initialised (row 19: kaiming): final.6.weight' in said


def test_auxiliary_heads_and_loss_weights_are_dropped_with_the_reason(conversion):
    conversion.of(published_files.zoo())
    assert conversion.report['dropped'] == dict.fromkeys(
        ('dsn.4.weight', 'final2.0.bias'), 'auxiliary head of training'
    )
    conversion.of(published_files.nvidia())
    assert conversion.report['dropped'] == {
        'criterion.nll_loss.weight': 'weights of a training loss'
    }


def test_abstention_is_added_as_a_20th_row(conversion):
    """Kaiming over 16 inputs of a width-4 network: deviation sqrt(2 / 16)."""
    clean = conversion.of(published_files.nvidia(), '--abstention', 'yes')
    head = clean['final.6.weight']
    assert torch.equal(head[:19], published_files.weights()['final.6.weight'])
    assert head[19].std().item() == pytest.approx(0.354, rel=0.6)
    assert conversion.report['initialised'] == {'final.6.weight': 'row 19: kaiming'}
    small = conversion.of(
        published_files.nvidia(), '--abstention', 'yes', '--abstention-row', 'small'
    )
    assert torch.allclose(small['final.6.weight'][19], head[19] / 10)


def test_the_same_seed_gives_the_same_file(conversion):
    first = conversion.of(published_files.imagenet())
    assert same(conversion.of(published_files.imagenet()), first)
    assert not same(conversion.of(published_files.imagenet(), '--seed', '1'), first)


def test_abstention_is_cut_off_where_it_is_not_wanted(conversion):
    clean = conversion.of(published_files.pebal(), '--abstention', 'no')
    expected = published_files.weights(has_abstention=True)['final.6.weight'][:19]
    assert torch.equal(clean['final.6.weight'], expected)
    assert 'final.6.weight[19]' in conversion.report['dropped']


def test_missing_batch_counters_become_zero(conversion):
    """Plain torch refuses such a file where its state dict says version 2 of batch norm."""
    document = published_files.weights()
    counters = [key for key in document if key.endswith('num_batches_tracked')]
    for key in counters:
        del document[key]
    clean = conversion.of(document)
    assert len(counters) == 43
    assert all(clean[key].item() == 0 for key in counters)
    assert conversion.report['initialised'] == dict.fromkeys(counters, 'zero')


def test_half_precision_becomes_single(conversion):
    halved = {key: each.half() for key, each in published_files.weights().items()}
    clean = conversion.of(halved)
    assert clean['mod1.conv1.weight'].dtype == torch.float32
    assert torch.equal(clean['mod1.conv1.weight'], halved['mod1.conv1.weight'].float())
    assert len(conversion.report['converted_to_float32']) == 268


def test_imagenet_weights_leave_the_decoder_at_random(conversion):
    clean = conversion.of(published_files.imagenet())
    assert torch.equal(clean['mod7.block1.proj_conv.weight'],
                       published_files.weights()['mod7.block1.proj_conv.weight'])  # fmt: skip
    assert {key.partition('.')[0] for key in conversion.report['initialised']} == {
        'aspp', 'bot_fine', 'bot_aspp', 'final',
    }  # fmt: skip
    assert clean['final.6.weight'].shape[0] == 20


def test_files_of_the_ladder_densenet(conversion):
    """Without the auxiliary heads of DenseHybrid's training."""
    network = LadderDenseNet(num_classes=12, has_abstention=False, has_posterior=True)
    auxiliary = {'upsample.upsample_layers.upsample_0.logits_aux.conv.bias': torch.zeros(1)}
    clean = conversion.of({**network.state_dict(), **auxiliary}, '--num-classes', '12')
    assert same(clean, network.state_dict())
    assert list(conversion.report['dropped']) == list(auxiliary)


def test_torchvisions_files_fit_the_networks_made_from_them(conversion):
    densenet = torchvision.models.densenet121(weights=None).state_dict()
    old = {key.replace('norm1', 'norm.1').replace('conv2', 'conv.2') for key in densenet}
    assert len(old - set(densenet)) > 100
    named = {
        key.replace('norm1', 'norm.1').replace('conv2', 'conv.2'): each
        for key, each in densenet.items()
    }
    clean = conversion.of(named)
    key = 'features.denseblock2.denselayer3.conv2.weight'
    assert torch.equal(clean[f'backbone.{key}'], densenet[key])
    mobile = torchvision.models.mobilenet_v3_large(weights=None).state_dict()
    clean = conversion.of(mobile)
    assert torch.equal(clean['backbone.16.0.weight'], mobile['features.16.0.weight'])
    assert clean['classifier.low_classifier.weight'].shape[0] == 20


def test_a_whole_torchvision_network_of_other_classes_needs_new_outputs(conversion):
    voc = LRASPP(num_classes=20).state_dict()
    message = conversion.refused(voc)
    assert 'has 21 outputs, expected 19 classes' in message
    assert '--has-new-outputs' in message
    clean = conversion.of(voc, '--has-new-outputs')
    assert torch.equal(clean['classifier.cbr.0.weight'], voc['classifier.cbr.0.weight'])
    assert clean['classifier.high_classifier.bias'].shape == (20,)


def test_espnetv2s_width_is_found(conversion):
    network = ESPNetv2(width_factor=0.5)
    assert same(conversion.of(network.state_dict()), network.state_dict())
    assert load_clean(conversion.out).tap_widths == network.tap_widths


def test_a_clean_file_makes_its_network(conversion):
    conversion.of(published_files.pebal())
    network = load_clean(conversion.out)
    assert not network.training
    assert same(network.state_dict(), published_files.weights(has_abstention=True))


def test_a_clean_file_can_be_converted_again(conversion, tmp_path):
    first = conversion.of(published_files.nvidia())
    again = tmp_path / 'again.safetensors'
    main([str(conversion.out), '--out', str(again), '--abstention', 'yes'])
    assert torch.equal(load_file(again)['final.6.weight'][:19], first['final.6.weight'])


def test_another_architecture_is_refused_with_what_differs(conversion):
    changed = published_files.weights()
    changed['aspp.features.9.weight'] = changed.pop('bot_fine.weight')
    message = conversion.refused(changed)
    assert 'The nearest is deepwv3plus' in message
    assert '1 keys missing (bot_fine.weight); 1 keys unknown (aspp.features.9.weight)' in message


def test_a_key_of_another_shape_is_refused(conversion):
    changed = published_files.weights()
    changed['bot_fine.weight'] = torch.zeros(5, 8, 1, 1)
    message = conversion.refused(changed)
    assert 'bot_fine.weight (5, 8, 1, 1) for (3, 8, 1, 1)' in message


def test_a_foreign_network_is_refused_with_the_known_ones(conversion):
    message = conversion.refused({'embeddings.word.weight': torch.zeros(3, 2)})
    assert 'has no key of any network known here' in message
    assert 'DeepWV3Plus of NVIDIA' in message


def test_a_network_that_is_asked_for_must_be_the_files(conversion):
    message = conversion.refused(published_files.nvidia(), '--network', 'lraspp')
    assert 'no key of lraspp' in message
    assert "no network 'resnet'" in conversion.refused({}, '--network', 'resnet')


def test_pickled_code_is_refused_by_name(conversion):
    message = conversion.refused(published_files.with_program())
    assert 'needs argparse.Namespace' in message
    assert 'torch.save(model.state_dict()' in message


def test_a_truncated_file_is_refused(conversion):
    path = conversion.stored(published_files.nvidia())
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(SystemExit, match=r'5000 bytes.* is truncated or no weight file'):
        main([str(path), '--out', str(conversion.out)])


def test_a_diverged_network_is_refused(conversion):
    broken = published_files.weights()
    broken['bot_fine.weight'][0, 0] = float('nan')
    assert 'not finite in bot_fine.weight' in conversion.refused(broken)


@pytest.mark.parametrize(
    ('document', 'message'),
    [([1, 2], 'holds a list'), ({'epoch': 3}, 'holds no tensors, only epoch')],
)
def test_files_without_tensors_are_refused(conversion, document, message):
    assert message in conversion.refused(document)


def test_a_missing_file_and_another_suffix_are_refused(conversion, tmp_path):
    with pytest.raises(SystemExit, match='no weight file'):
        main([str(tmp_path / 'none.pth'), '--out', str(conversion.out)])
    path = conversion.stored(published_files.nvidia())
    with pytest.raises(SystemExit, match=r'must end in \.safetensors'):
        main([str(path), '--out', str(tmp_path / 'clean.pth')])


def test_a_network_with_a_part_missing_is_no_imagenet_file(conversion):
    """Otherwise its decoder would start at random."""
    incomplete = published_files.weights()
    del incomplete['bot_fine.weight']
    message = conversion.refused(incomplete)
    assert '267 keys fit, but: 1 keys missing (bot_fine.weight)' in message
