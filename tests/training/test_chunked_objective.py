import pytest

torch = pytest.importorskip('torch')
import torch.nn.functional as F

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training import chunked_objective
from training.chunked_objective import anomaly_terms_of
from training.labelled_outputs import at_loss_stride
from training.loss_settings import LossSettings
from training.losses.abstention import Payoff
from training.losses.class_prototypes import no_prototypes, updated_prototypes
from training.margins import Margins
from training.memory.pattern_memory import MemoryEnergies
from training.models.anomaly_outputs import AnomalyOutputs
from training.objective import TERMS, Objective, anomaly_terms, total


def leaves():
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.randn(2, 4, 24, 10, generator=generator, requires_grad=True)
        for name in ('logits', 'residual', 'embedding', 'memory')
    }


def batch_of(of):
    adapted = of['logits'] + of['residual']
    outputs = AnomalyOutputs(
        class_logits=of['logits'],
        background_logit=None,
        adapted_logits=adapted,
        abstention_logit=adapted.sum(dim=1),
        embedding=F.normalize(of['embedding'], dim=1),
        memory=MemoryEnergies(of['memory'], of['memory'][:, 0], of['memory'][:, 1:].sum(dim=1)),
        memory_beta=torch.tensor(2.0),
        outlier_logit=of['embedding'].sum(dim=1),
    )
    labels = torch.randint(4, (2, 24, 10), generator=torch.Generator().manual_seed(1))
    labels[0, 5:9], labels[0, 20, 3], labels[1, :2] = OUTLIER_ID, OUTLIER_ID, IGNORE_ID
    return at_loss_stride(outputs, labels.to(torch.uint8), stride=1, object_size_exponent=0.5)


def test_rows_at_a_time_have_the_terms_and_gradients_of_all_rows(monkeypatch):
    weights = {f'{name}_weight': 0.5 for name in TERMS}
    found = []
    for terms_of in (anomaly_terms, anomaly_terms_of):
        of = leaves()
        batch = batch_of(of)
        prototypes = updated_prototypes(no_prototypes(4, 4), batch.embedding, batch.labels)
        by = Objective(
            losses=LossSettings(**weights, hard_inlier_share=0.5),
            payoff=Payoff(),
            margins=Margins(-3.0, 1.0),
            prototypes=prototypes,
        )
        monkeypatch.setattr(chunked_objective, 'LARGEST_WHOLE', 0)
        monkeypatch.setattr('training.losses.chunked_terms.VALUES_AT_ONCE', 2000)
        terms = terms_of(batch, by)
        total(terms).backward()
        found.append((terms, of))
    (whole, of_whole), (chunked, of_chunked) = found
    assert set(whole) == set(chunked)
    for name, term in whole.items():
        assert chunked[name].item() == pytest.approx(term.item(), rel=1e-5, abs=1e-6), name
    for name, leaf in of_whole.items():
        assert leaf.grad.abs().max() > 0
        assert torch.allclose(of_chunked[name].grad, leaf.grad, atol=1e-6), name
