import numpy as np
import pytest

torch = pytest.importorskip('torch')
import onnxruntime
from torch import nn

from training.onnx_graph.adaptive_pooling import TRANSLATIONS, adaptive_average_pool


@pytest.mark.parametrize(
    ('size_hw', 'out_hw', 'kinds'),
    [
        ((8, 12), (4, 3), ['AveragePool']),
        ((12, 24), (8, 16), ['Conv', 'DepthToSpace']),
        ((13, 20), (3, 7), ['MatMul', 'MatMul']),
    ],
)
def test_pooling_as_torch_does_it(size_hw, out_hw, kinds):
    pool, maps = nn.AdaptiveAvgPool2d(out_hw).eval(), torch.randn(2, 3, *size_hw)
    program = torch.onnx.export(
        pool,
        (maps,),
        dynamo=True,
        opset_version=18,
        verbose=False,
        input_names=['maps'],
        custom_translation_table=dict(TRANSLATIONS),
    )
    assert [each.op_type for each in program.model_proto.graph.node] == kinds
    session = onnxruntime.InferenceSession(
        program.model_proto.SerializeToString(), providers=['CPUExecutionProvider']
    )
    [found] = session.run(None, {'maps': maps.numpy()})
    np.testing.assert_allclose(found, pool(maps).numpy(), atol=1e-6)


def test_both_names_of_the_operator_are_translated():
    assert set(TRANSLATIONS.values()) == {adaptive_average_pool}
