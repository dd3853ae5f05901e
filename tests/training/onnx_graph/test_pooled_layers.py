import numpy as np
import pytest
from onnx import helper

from tests.training.onnx_graph.graphs import SIDE, an_image, kinds, model_of, run
from training.onnx_graph.pooled_layers import with_pooled_layers


def pooled(*, kernel=1, step=1, reads_whole_too=False, **pooling):
    """An image through a convolution, its means over cells, and nearest neighbours of these."""
    make, rng = helper.make_node, np.random.default_rng(4)
    pooling = {'kernel_shape': [2, 4], 'strides': [2, 4], **pooling}
    nodes = [
        make('Transpose', ['image'], ['planes'], perm=[0, 3, 1, 2]),
        make('Cast', ['planes'], ['x'], to=1),
        make(
            *('Conv', ['x', 'w', 'b'], ['conv']),
            name='conv',
            pads=4 * [kernel // 2],
            strides=2 * [step],
        ),
        make('AveragePool', ['conv'], ['means'], name='means', **pooling),
        make('Resize', ['means', '', '', 'sizes'], ['large'], mode='nearest'),
        make('Add', ['large', 'conv' if reads_whole_too else 'b'], ['out'], name='out'),
    ]
    constants = {
        'w': rng.normal(size=(2, 3, kernel, kernel), scale=0.01).astype(np.float32),
        'b': rng.normal(size=(2, 1, 1)).astype(np.float32)[:, 0, 0],
        'sizes': np.array([1, 2, SIDE, SIDE]),
    }
    if not reads_whole_too:
        nodes[-1].input[1] = 'zero'
        constants['zero'] = np.float32(0)
    return model_of(nodes, constants, num_outputs=2)


def assert_same(found, expected):
    np.testing.assert_allclose(run(found, an_image()), run(expected, an_image()), atol=2e-5)


def test_means_of_a_layer_are_a_layer_of_cells():
    model = pooled()
    rewritten = with_pooled_layers(model)
    assert kinds(rewritten) == ['Transpose', 'Cast', 'Conv', 'Resize', 'Add']
    assert_same(rewritten, model)


def test_a_layer_that_is_read_whole_too_stays():
    model = pooled(reads_whole_too=True)
    rewritten = with_pooled_layers(model)
    assert kinds(rewritten).count('Conv') == 2
    assert 'AveragePool' not in kinds(rewritten)
    assert_same(rewritten, model)


@pytest.mark.parametrize(
    'changes',
    [{'kernel': 3}, {'step': 2}, {'strides': [1, 1]}, {'pads': [0, 0, 0, 4]}, {'ceil_mode': 1}],
)
def test_other_layers_and_other_poolings_stay(changes):
    model = pooled(**changes)
    assert kinds(with_pooled_layers(model)) == kinds(model)
