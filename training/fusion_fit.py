"""Fit the fusion of a network's energies on training composites, which have known outliers."""

from collections.abc import Iterator
from typing import Final

import torch

from training.calibration.component_sample import ComponentSample
from training.calibration.fit_fusion import fit_fusion
from training.data.samples import Sample, SampleKey, TrainingSamples
from training.labelled_outputs import LabelledOutputs, at_loss_stride
from training.models.anomaly_network import AnomalyNetwork
from training.models.anomaly_outputs import energy_of
from training.models.deployed import normalised
from training.models.fusion import Fusion, single
from training.models.tap_head import HEAD_STRIDE
from training.settings import TrainSettings

COMPOSITES: Final = 96
PIXELS_PER_COMPOSITE: Final = 400

_EPOCH: Final = 2**31  # no epoch of a run, so these composites were never trained on as they are


def fitted_fusion(
    network: AnomalyNetwork, samples: TrainingSamples, settings: TrainSettings
) -> Fusion:
    """Standardise each energy by inlier pixels, and weigh them by how they find outliers.

    One energy needs neither and keeps its unit. Energies that add nothing are left out.

    Args:
        network: in evaluation mode afterwards.
        samples: of the run; composites of them are drawn that no step has seen.
        settings: name the energies.

    Raises:
        ValueError: an energy that the network lacks, or none that tells outliers apart.
    """
    if len(settings.energies) == 1:
        return single(settings.energies[0])
    sample = ComponentSample(
        settings.energies, seed=settings.seed, pixels_per_image=PIXELS_PER_COMPOSITE
    )
    for labelled in _composites(network, samples):
        maps = {
            name: energy_of(labelled.outputs, name)[0].cpu().numpy() for name in settings.energies
        }
        sample.add(maps, labelled.labels[0].cpu().numpy())
    return fit_fusion(sample)


def _composites(network: AnomalyNetwork, samples: TrainingSamples) -> Iterator[LabelledOutputs]:
    network.eval()
    device = next(network.parameters()).device
    for place in range(0, len(samples), max(1, len(samples) // COMPOSITES)):
        sample: Sample = samples[SampleKey(_EPOCH, place, has_outliers=True)]
        with torch.inference_mode():
            outputs = network(normalised(sample.image[None].to(device)))
            yield at_loss_stride(outputs, sample.labels[None].to(device), stride=HEAD_STRIDE)
