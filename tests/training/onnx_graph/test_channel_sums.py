import numpy as np
import pytest
from onnx import helper, numpy_helper

from tests.training.onnx_graph.graphs import an_image, kinds, model_of, run, segmenter
from training.onnx_graph.channel_sums import with_channel_sums


def memory(*, keepdims=1, num_patterns=5, reads_similarities_too=False):
    """An image, its similarities with patterns times beta, and their log-sum-exp."""
    make = helper.make_node
    nodes = [
        make('Transpose', ['image'], ['planes'], perm=[0, 3, 1, 2]),
        make('Cast', ['planes'], ['floats'], to=1),
        make('Conv', ['floats', 'patterns', 'offset'], ['similarities'], name='similarities'),
        make('Mul', ['beta', 'similarities'], ['scaled'], name='scaled'),
        make('Exp', ['scaled'], ['exp'], name='exp'),
        make('ReduceSum', ['exp', 'one'], ['sum'], name='sum', keepdims=keepdims),
        make('Log', ['sum'], ['log'], name='log'),
    ]
    if not keepdims:
        nodes.append(make('Unsqueeze', ['log', 'one'], ['kept'], name='kept'))
    last = nodes[-1].output[0]
    if reads_similarities_too:
        nodes.append(make('ReduceMax', ['similarities', 'one'], ['peak'], name='peak'))
        nodes.append(make('Add', [last, 'peak'], ['out'], name='out'))
    else:
        nodes[-1].output[0] = 'out'
    rng = np.random.default_rng(3)
    constants = {
        'patterns': rng.normal(size=(num_patterns, 3, 1, 1), scale=0.01).astype(np.float32),
        'offset': rng.normal(size=num_patterns).astype(np.float32),
        'beta': np.float32(0.5),
        'one': np.array([1]),
    }
    return model_of(nodes, constants, num_outputs=1)


def weight_shapes(model):
    return {tuple(each.dims) for each in model.graph.initializer if len(each.dims) == 4}


def assert_same(found, expected):
    np.testing.assert_allclose(run(found, an_image()), run(expected, an_image()), atol=2e-5)


@pytest.mark.parametrize('keepdims', [0, 1])
def test_similarities_are_padded_to_whole_blocks_and_added_up_by_a_convolution(keepdims):
    model = memory(keepdims=keepdims)
    rewritten = with_channel_sums(model)
    assert 'ReduceSum' not in kinds(rewritten)
    assert weight_shapes(rewritten) == {(32, 3, 1, 1), (1, 32, 1, 1)}
    assert_same(rewritten, model)


def test_whole_blocks_are_not_padded():
    assert weight_shapes(with_channel_sums(memory(num_patterns=64))) == {
        (64, 3, 1, 1),
        (1, 64, 1, 1),
    }


def test_channels_that_others_read_too_are_not_padded():
    model = memory(reads_similarities_too=True)
    rewritten = with_channel_sums(model)
    assert weight_shapes(rewritten) == {(5, 3, 1, 1), (1, 5, 1, 1)}
    assert_same(rewritten, model)


def test_channels_that_are_scaled_each_by_its_own_are_not_padded():
    model = memory()
    scales = np.linspace(0.1, 0.5, 5, dtype=np.float32)[:, None, None]
    [beta] = [each for each in model.graph.initializer if each.name == 'beta']
    beta.CopyFrom(numpy_helper.from_array(scales, 'beta'))
    rewritten = with_channel_sums(model)
    assert weight_shapes(rewritten) == {(5, 3, 1, 1), (1, 5, 1, 1)}
    assert_same(rewritten, model)


def test_exponentials_less_their_maximum_are_added_up_by_a_convolution():
    model = segmenter()
    rewritten = with_channel_sums(model)
    assert 'ReduceSum' not in kinds(rewritten)
    assert (1, 3, 1, 1) in weight_shapes(rewritten)
    assert_same(rewritten, model)


def test_sums_of_other_things_or_over_other_axes_stay():
    plain, rows = memory(), memory()
    for node in plain.graph.node:
        if node.op_type == 'Exp':
            node.op_type = 'Abs'
    assert kinds(with_channel_sums(plain)) == kinds(plain)
    [one] = [each for each in rows.graph.initializer if each.name == 'one']
    one.CopyFrom(helper.make_tensor('one', one.data_type, [1], [2]))
    del rows.graph.output[0].type.tensor_type.shape.dim[:]
    assert kinds(with_channel_sums(rows)) == kinds(rows)
