"""Small graphs to rewrite, and what they compute."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

SIDE = 8


def model_of(nodes, constants, *, num_outputs):
    """Return a model from uint8 `image` (1, 8, 8, 3) to float32 `out` (1, num_outputs, 8, 8)."""
    graph = helper.make_graph(
        nodes,
        'graph',
        [helper.make_tensor_value_info('image', TensorProto.UINT8, [1, SIDE, SIDE, 3])],
        [helper.make_tensor_value_info('out', TensorProto.FLOAT, [1, num_outputs, SIDE, SIDE])],
        [numpy_helper.from_array(np.asarray(each), name) for name, each in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 18)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model


def segmenter(num_outputs=1):
    """Normalisation, two layers of weights, and an energy of 3 of their 4 channels."""
    make = helper.make_node
    nodes = [
        make('Transpose', ['image'], ['planes'], name='planes', perm=[0, 3, 1, 2]),
        make('Cast', ['planes'], ['floats'], name='cast', to=TensorProto.FLOAT),
        make('Div', ['floats', 'white'], ['unit'], name='unit'),
        make('Sub', ['unit', 'mean'], ['centred'], name='centred'),
        make('Div', ['centred', 'deviation'], ['normal'], name='normal'),
        make('Conv', ['normal', 'w1', 'b1'], ['first'], name='first', pads=[1, 1, 1, 1]),
        make('Relu', ['first'], ['active'], name='relu'),
        make('Conv', ['active', 'w2', 'b2'], ['logits'], name='classifier'),
        make('Slice', ['logits', 'zero', 'three', 'one'], ['classes'], name='classes'),
        make('Slice', ['logits', 'three', 'four', 'one'], ['abstention'], name='abstention'),
        make('ReduceMax', ['classes', 'one'], ['peak'], name='peak'),
        make('Sub', ['classes', 'peak'], ['below'], name='below'),
        make('Exp', ['below'], ['exp'], name='exp'),
        make('ReduceSum', ['exp', 'one'], ['sum'], name='sum'),
        make('Log', ['sum'], ['log'], name='log'),
        make('Add', ['log', 'peak'], ['evidence'], name='evidence'),
        make('Sub', ['abstention', 'evidence'], ['out'], name='energy'),
    ]
    rng = np.random.default_rng(1)
    constants = {
        'white': np.float32(255),
        'mean': np.reshape([0.5, 0.4, 0.3], (1, 3, 1, 1)).astype(np.float32),
        'deviation': np.reshape([0.2, 0.3, 0.25], (1, 3, 1, 1)).astype(np.float32),
        'w1': rng.normal(size=(8, 3, 3, 3)).astype(np.float32),
        'b1': rng.normal(size=8).astype(np.float32),
        'w2': rng.normal(size=(4, 8, 1, 1)).astype(np.float32),
        'b2': rng.normal(size=4).astype(np.float32),
        **{
            name: np.array([n]) for n, name in [(0, 'zero'), (1, 'one'), (3, 'three'), (4, 'four')]
        },
    }
    return model_of(nodes, constants, num_outputs=num_outputs)


def run(model, image):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    return session.run(None, {'image': image})[0]


def kinds(model):
    return [each.op_type for each in model.graph.node]


def an_image(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (1, SIDE, SIDE, 3), np.uint8)
