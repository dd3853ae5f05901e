"""Training composites for fitting: samples with pasted outliers that no step has seen."""

from collections.abc import Iterator
from typing import Final

import torch

from training.data.samples import Sample, SampleKey, TrainingSamples
from training.labelled_outputs import LabelledOutputs, at_loss_stride
from training.models.anomaly_network import AnomalyNetwork
from training.models.deployed import normalised
from training.models.tap_head import HEAD_STRIDE

COMPOSITES: Final = 96

_EPOCH: Final = 2**31  # no run has so many


def rated_composites(
    network: AnomalyNetwork, samples: TrainingSamples
) -> Iterator[LabelledOutputs]:
    """Yield about `COMPOSITES` composites as the network sees them, at the stride of its heads.

    The network is in evaluation mode afterwards.
    """
    network.eval()
    device = next(network.parameters()).device
    for place in range(0, len(samples), max(1, len(samples) // COMPOSITES)):
        sample: Sample = samples[SampleKey(_EPOCH, place, has_outliers=True)]
        with torch.inference_mode():
            outputs = network(normalised(sample.image[None].to(device)))
            yield at_loss_stride(outputs, sample.labels[None].to(device), stride=HEAD_STRIDE)
