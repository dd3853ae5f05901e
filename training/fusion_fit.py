"""Fit the fusion of a network's energies on training composites, which have known outliers."""

from typing import Final

from training.calibration.component_sample import ComponentSample
from training.calibration.fit_fusion import fit_fusion
from training.composites import rated_composites
from training.data.samples import TrainingSamples
from training.models.anomaly_network import AnomalyNetwork
from training.models.anomaly_outputs import energy_of
from training.models.fusion import Fusion, single
from training.settings import TrainSettings

PIXELS_PER_COMPOSITE: Final = 400


def fitted_fusion(
    network: AnomalyNetwork, samples: TrainingSamples, settings: TrainSettings
) -> Fusion:
    """Standardise each energy by inlier pixels, and weigh them by how they find outliers.

    One energy needs neither and keeps its unit. Energies that add nothing are left out, unless
    the settings fix the weights.

    Args:
        network: in evaluation mode afterwards.
        samples: of the run.
        settings: name the energies, and perhaps their weights.

    Raises:
        ValueError: an energy that the network lacks, or none that tells outliers apart.
    """
    if len(settings.energies) == 1:
        return single(settings.energies[0])
    sample = ComponentSample(
        settings.energies, seed=settings.seed, pixels_per_image=PIXELS_PER_COMPOSITE
    )
    for labelled in rated_composites(network, samples):
        maps = {
            name: energy_of(labelled.outputs, name)[0].cpu().numpy() for name in settings.energies
        }
        sample.add(maps, labelled.labels[0].cpu().numpy())
    return fit_fusion(sample, weights=settings.fusion_weights or None)
