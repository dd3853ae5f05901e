"""Write a module and its metadata as one deployable ONNX file of fp32."""

import logging
from pathlib import Path
from typing import Final, cast

import onnx
import torch

from hopfield_pebal_ros.contract.deployment import (
    ENERGY_OUTPUT,
    IMAGE_INPUT,
    LABEL_OUTPUT,
    METADATA_KEY,
)
from hopfield_pebal_ros.contract.metadata import Metadata
from training.export_check import Exported
from training.onnx_graph.adaptive_pooling import TRANSLATIONS
from training.onnx_graph.batch_norm import without_batch_norm
from training.onnx_graph.channel_sums import with_channel_sums
from training.onnx_graph.graph_parts import name_nodes
from training.onnx_graph.normalisation import with_folded_normalisation
from training.onnx_graph.pooled_layers import with_pooled_layers
from training.onnx_graph.sliced_layers import with_sliced_layers

OPSET: Final = 18


def write_onnx(
    model: Exported, metadata: Metadata, path: Path, *, batch: int | None = None
) -> None:
    """Write graph, weights and metadata into one file of fp32.

    Args:
        model: a module.
        metadata: of the file.
        path: to write.
        batch: images a run takes; None leaves it open.
    """
    logging.getLogger('torch.onnx').setLevel(logging.ERROR)
    example = torch.zeros(batch or 2, *metadata.network_hw, 3, dtype=torch.uint8)
    program = torch.onnx.export(
        cast('torch.nn.Module', model),
        (example,),
        input_names=[IMAGE_INPUT],
        output_names=[LABEL_OUTPUT, ENERGY_OUTPUT],
        dynamic_shapes=({0: torch.export.Dim('batch', min=1)},) if batch is None else None,
        opset_version=OPSET,
        dynamo=True,
        custom_translation_table=dict(TRANSLATIONS),
        optimize=True,
        verbose=False,
    )
    if program is None:
        raise RuntimeError('torch.onnx.export returned no program')
    save_onnx(simplified(program.model_proto), metadata, path)


def simplified(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Return the same function in fewer nodes, each with a name of its own."""
    for step in (
        without_batch_norm,
        with_sliced_layers,
        with_pooled_layers,
        with_folded_normalisation,
        with_channel_sums,
    ):
        proto = step(proto)
    name_nodes(proto)
    for node in proto.graph.node:
        del node.metadata_props[:]  # stack traces with the paths of the machine
    return proto


def save_onnx(proto: onnx.ModelProto, metadata: Metadata, path: Path) -> None:
    onnx.helper.set_model_props(proto, {METADATA_KEY: metadata.to_json()})
    onnx.save_model(proto, str(path))
