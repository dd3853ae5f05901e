"""Cost of one network with random weights: python -m benchmarks.network_costs NAME H W REPEATS.

Prints one JSON object. Run by `benchmarks.networks`, in a process of its own because of the peak
memory. Linux only.
"""

import ctypes
import json
import sys
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.machine import peak_memory_mb
from benchmarks.networks import SEGMENTER
from benchmarks.timing import medians_in_turn
from hopfield_pebal_ros.contract.geometry import Geometry
from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.contract.metadata import Calibration, Metadata, Provenance
from hopfield_pebal_ros.inference.engine import Backend, EngineError, RunPrecision, open_engine
from training.checkpoint_files.networks_by_name import NETWORKS
from training.export_graph import write_onnx
from training.models.anomaly_network import AnomalyNetwork
from training.models.deployed import DeployedModel
from training.models.fusion import single
from training.models.ladder_network import LadderNetwork
from training.models.tapped_network import LOGITS_TAP, TappedNetwork
from training.network_settings import NetworkSettings

COUNTED_SIZES: Final = ((512, 1024), (1024, 2048))
ENGINES: Final[tuple[tuple[str, Backend, RunPrecision], ...]] = (
    ('onnxruntime_fp32', 'onnxruntime', 'fp32'),
    ('openvino_fp32', 'openvino', 'fp32'),
    ('openvino_bf16', 'openvino', 'bf16'),
)


def main() -> None:
    name, height, width, repeats = sys.argv[1], *map(int, sys.argv[2:5])
    torch.set_flush_denormal(True)
    costs = counted(name) | timed(name, (height, width), repeats=repeats)
    print(json.dumps(costs))  # noqa: T201


def built(name: str) -> TappedNetwork:
    """Return a network with 19 classes and abstention."""
    settings = NetworkSettings()
    if name == 'ladder':
        return LadderNetwork(
            num_classes=19,
            widths=settings.widths,
            blocks=settings.blocks,
            decoder_width=settings.decoder_width,
        )
    if name == SEGMENTER:
        from training.models.segmenter import Segmenter

        return Segmenter(encoder=settings.encoder)
    if name == 'espnetv2':
        return NETWORKS[name](width_factor=settings.width_factor)
    return NETWORKS[name]()


def counted(name: str) -> dict[str, float]:
    """Parameters and multiply-adds, on tensors without memory."""
    with torch.device('meta'):
        network = built(name).eval()
    costs: dict[str, float] = {'parameters': sum(each.numel() for each in network.parameters())}
    for height, width in COUNTED_SIZES:
        counter = FlopCounterMode(display=False)
        with counter, torch.no_grad():
            network.taps(torch.empty(1, 3, height, width, device='meta'))
        costs[f'gmac_at_{height}x{width}'] = counter.get_total_flops() / 2e9
    return costs


def timed(name: str, size: tuple[int, int], *, repeats: int) -> dict[str, float | None]:
    """Peak memory, then medians in turn of every engine [ms]."""
    height, width = size
    network = settled(built(name))
    model = DeployedModel(
        AnomalyNetwork(network), single('pebal_energy'), output_hw=(height // 2, width // 2)
    ).eval()
    image = np.random.default_rng(0).integers(0, 256, (1, height, width, 3), np.uint8)
    eager = torch.from_numpy(image)
    peak = _peak_mb(lambda: run_eager(model, eager))
    channels_last = deepcopy(model).to(memory_format=torch.channels_last)
    runs: dict[str, Callable[[], object]] = {
        'eager_fp32': lambda: run_eager(model, eager),
        'eager_bf16': lambda: _eager_bf16(model, eager),
        'eager_bf16_channels_last': lambda: _eager_bf16(channels_last, eager),
    }
    missing: dict[str, float | None] = {}
    with TemporaryDirectory() as folder:
        path, metadata = Path(folder) / 'model.onnx', _metadata(size)
        write_onnx(model, metadata, path)
        for label, backend, precision in ENGINES:
            try:
                engine = open_engine(path, metadata, backend=backend, precision=precision)
            except EngineError:
                missing[label] = None
                continue
            runs[label] = partial(engine.infer, image)
        return {'peak_memory': peak, **medians_in_turn(runs, repeats=repeats), **missing}


def settled(network: TappedNetwork) -> TappedNetwork:
    """Give batch norm the statistics of noise: activations of usual size, no denormal numbers."""
    norms = [each for each in network.modules() if isinstance(each, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        network.train().taps(torch.randn(2, 3, 64, 128))[LOGITS_TAP]
    return network.eval()


@torch.inference_mode()
def run_eager(model: nn.Module, image: torch.Tensor) -> object:
    """Run a model as it is."""
    return model(image)


@torch.inference_mode()
def _eager_bf16(model: nn.Module, image: torch.Tensor) -> object:
    with torch.autocast('cpu', torch.bfloat16):
        return model(image)


def _peak_mb(run: Callable[[], object]) -> float:
    """Return by how much the resident set grows for a run [MB]."""
    ctypes.CDLL(None).malloc_trim(0)
    Path('/proc/self/clear_refs').write_text('5')  # forget the peak so far
    before = peak_memory_mb()
    run()
    return peak_memory_mb() - before


def _metadata(size: tuple[int, int]) -> Metadata:
    height, width = size
    return Metadata(
        name='benchmark',
        label_set=CITYSCAPES,
        network_hw=size,
        output_hw=(height // 2, width // 2),
        geometry=Geometry(mode='stretch'),
        energy=single('pebal_energy').description(),
        calibration=Calibration(threshold=0.0, false_positive_rate=0.01),
        provenance=Provenance(
            trained_on=('nothing',),
            licence='none',
            created='2026-01-01T00:00:00Z',
            git_revision='0' * 40,
            weights_sha256='0' * 64,
        ),
    )


if __name__ == '__main__':
    main()
