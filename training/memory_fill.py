"""Fill a memory of stored patterns from training composites."""

from training.composites import rated_composites
from training.data.samples import TrainingSamples
from training.memory.stored_patterns import PatternGatherer
from training.models.anomaly_network import AnomalyNetwork


def fill_stored_patterns(network: AnomalyNetwork, samples: TrainingSamples) -> None:
    """Replace the stored patterns of a network by what its embedding is now.

    Does nothing where the patterns are learned, or where there is no memory.

    Raises:
        ValueError: no outlier in the composites, or no pixel that was classified correctly.
    """
    memory = network.memory
    if memory is None or memory.settings.kind == 'learned':
        return
    gatherer = PatternGatherer(memory)
    for labelled in rated_composites(network, samples):
        predicted = labelled.outputs.class_logits.argmax(dim=1)
        gatherer.add(labelled.embedding, labelled.labels, predicted)
    gatherer.fill(network.embedding_sha256())
