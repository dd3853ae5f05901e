import math

import pytest

torch = pytest.importorskip('torch')

import torch.nn.functional as F

from training.memory import row_chunks
from training.memory.pattern_memory import PatternMemory
from training.memory.patterns import LARGEST_BETA, MemorySettings


def memory_of(inlier, outlier, *, beta=2.0, kind='learned', is_beta_trained=False):
    """A memory with the given rows (K, M, D) and (N, D)."""
    settings = MemorySettings(
        kind=kind,
        patterns_per_class=inlier.shape[1],
        outlier_patterns=len(outlier),
        beta=beta,
        is_beta_trained=is_beta_trained,
    )
    memory = PatternMemory(settings, class_ids=range(len(inlier)), embedding_width=inlier.shape[2])
    memory.fill(inlier, outlier)
    return memory


def random_memory(**changes):
    torch.manual_seed(5)
    return memory_of(torch.randn(3, 4, 8), torch.randn(5, 8), **changes)


def random_embedding(*, height=6, width=7):
    torch.manual_seed(6)
    return F.normalize(torch.randn(2, 8, height, width), dim=1)


def pixel(*values):
    return torch.tensor(values)[None, :, None, None]


AXES = memory_of(torch.tensor([[[3.0, 0.0, 0.0]], [[0.0, 0.5, 0.0]]]), torch.tensor([[0.0, 0, 2]]))


def test_a_pixel_on_a_class_pattern_worked_by_hand():
    energies = AXES.energies(pixel(1.0, 0.0, 0.0))
    # cosines 1, 0 and 0, however long the rows are
    assert energies.of_class.flatten().tolist() == pytest.approx([-1.0, 0.0], abs=1e-6)
    inlier = -math.log((math.exp(2) + 1) / 2) / 2
    assert energies.inlier.item() == pytest.approx(inlier, abs=1e-6)
    assert energies.outlier.item() == pytest.approx(0.0, abs=1e-6)
    assert AXES.energy(pixel(1.0, 0.0, 0.0)).item() == pytest.approx(inlier, abs=1e-6)


def test_an_outlier_has_more_energy_than_an_inlier():
    assert AXES.energy(pixel(0.0, 0.0, 1.0)).item() == pytest.approx(1.0, abs=1e-6)


def test_the_energy_is_the_inlier_energy_minus_the_outlier_energy():
    memory, embedding = random_memory(), random_embedding()
    energies = memory.energies(embedding)
    torch.testing.assert_close(memory.energy(embedding), energies.inlier - energies.outlier)
    torch.testing.assert_close(memory.class_energies(embedding), energies.of_class)


def test_swapping_the_two_memories_turns_the_sign():
    torch.manual_seed(0)
    first, second = torch.randn(1, 4, 8), torch.randn(1, 4, 8)
    one, other = memory_of(first, second[0]), memory_of(second, first[0])
    embedding = random_embedding()
    torch.testing.assert_close(one.energy(embedding), -other.energy(embedding))


def test_an_empty_class_takes_no_part():
    torch.manual_seed(0)
    inlier, outlier = torch.randn(3, 4, 8), torch.randn(5, 8)
    settings = MemorySettings(kind='stored', patterns_per_class=4, outlier_patterns=5, beta=2.0)
    memory = PatternMemory(settings, class_ids=[0, 1, 2], embedding_width=8)
    memory.fill(inlier, outlier, is_class_filled=torch.tensor([True, False, True]))
    without = memory_of(inlier[[0, 2]], outlier)
    embedding = random_embedding()
    torch.testing.assert_close(memory.energy(embedding), without.energy(embedding))
    energies = memory.energies(embedding)
    torch.testing.assert_close(energies.inlier, without.energies(embedding).inlier)
    assert energies.of_class[:, 1].min() > 900


def gradients(memory, embedding, readout):
    embedding = embedding.clone().requires_grad_()
    value = readout(memory, embedding)
    (value * torch.linspace(-1, 1, value.numel()).view_as(value)).sum().backward()
    found = {name: each.grad for name, each in memory.named_parameters()}
    memory.zero_grad()
    return value.detach(), {'embedding': embedding.grad, **found}


def all_energies(memory, embedding):
    found = memory.energies(embedding)
    return torch.cat([found.of_class, found.inlier[:, None], found.outlier[:, None]], dim=1)


@pytest.mark.parametrize('readout', [PatternMemory.energy, all_energies])
@pytest.mark.parametrize('rows', [1, 4])
def test_rows_at_a_time_give_the_same_values_and_gradients(monkeypatch, readout, rows):
    memory, embedding = random_memory(is_beta_trained=True), random_embedding()
    value, plain = gradients(memory, embedding, readout)
    monkeypatch.setattr(row_chunks, 'VALUES_AT_ONCE', rows * 2 * 7 * 17)
    chunked_value, chunked = gradients(memory, embedding, readout)
    torch.testing.assert_close(chunked_value, value, rtol=0, atol=1e-5)
    assert set(chunked) == {'embedding', 'inlier_rows', 'outlier_rows', 'log_beta'}
    for name, gradient in plain.items():
        assert gradient.abs().max() > 0
        torch.testing.assert_close(chunked[name], gradient, rtol=1e-5, atol=1e-5)
    with torch.no_grad():
        torch.testing.assert_close(readout(memory, embedding), value, rtol=0, atol=1e-5)


def test_a_sharp_memory_recalls_the_nearest_inlier_pattern():
    rows, embedding = torch.eye(8), random_embedding()
    memory = memory_of(rows[:6].unflatten(0, (3, 2)), rows[6:], beta=LARGEST_BETA)
    nearest = embedding[:, :6].argmax(dim=1)
    recalled = memory.retrieved(embedding, num_steps=5)
    torch.testing.assert_close(recalled.movedim(1, -1), rows[nearest], rtol=0, atol=1e-3)


def test_the_largest_beta_takes_no_energy_out_of_range():
    inlier = torch.tensor([[[1.0, 0.0]]])
    memory = memory_of(inlier, -inlier[0], beta=LARGEST_BETA)
    for similarity in (-1.0, 0.0, 1.0):
        energy = memory.energy(pixel(similarity, (1 - similarity**2) ** 0.5))
        assert energy.item() == pytest.approx(-2 * similarity, abs=1e-5)


def test_a_beta_that_training_raises_ends_at_the_largest():
    memory = random_memory(is_beta_trained=True)
    with torch.no_grad():
        memory.log_beta.fill_(math.log(1000))
    assert memory.beta.item() == LARGEST_BETA


def test_one_step_of_retrieval_worked_by_hand():
    recalled = AXES.retrieved(pixel(1.0, 0.0, 0.0))
    share = math.exp(2) / (math.exp(2) + 1)
    assert recalled.flatten().tolist() == pytest.approx([share, 1 - share, 0.0], abs=1e-6)
    assert AXES.retrieval_energy(pixel(1.0, 0.0, 0.0)).item() == pytest.approx(1 - share, abs=1e-6)


def test_retrieval_never_raises_the_modern_energy():
    memory, state = random_memory(beta=4.0), random_embedding()
    energy = memory.modern_energy(state)
    torch.testing.assert_close(energy, 1 + memory.energies(state).inlier)
    for _ in range(5):
        state = memory.retrieved(state)
        lower = memory.modern_energy(state)
        assert (lower <= energy + 1e-6).all()
        energy = lower


@pytest.mark.parametrize('name', ['retrieval_energy', 'modern_energy'])
def test_the_energies_for_study_can_be_exported(name):
    class Study(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.memory = random_memory()

        def forward(self, embedding):
            return getattr(self.memory, name)(embedding)

    study, embedding = Study(), random_embedding()
    program = torch.export.export(study, (embedding,))
    torch.testing.assert_close(program.module()(embedding), study(embedding))


def test_autocast_changes_nothing():
    memory, embedding = random_memory(), random_embedding()
    with torch.autocast('cpu', torch.bfloat16):
        rounded = memory.energy(embedding)
    assert rounded.dtype == torch.float32
    assert torch.equal(rounded, memory.energy(embedding))


@pytest.mark.parametrize('beta', [0.5, 16.0, LARGEST_BETA])
def test_finite_at_any_beta(beta):
    memory, embedding = random_memory(beta=beta, is_beta_trained=True), random_embedding()
    value, found = gradients(memory, embedding, PatternMemory.energy)
    assert torch.isfinite(value).all()
    assert all(torch.isfinite(gradient).all() for gradient in found.values())


def test_fixed_beta_and_stored_patterns_get_no_gradient():
    names = [name for name, each in random_memory().named_parameters() if each.requires_grad]
    assert names == ['inlier_rows', 'outlier_rows']
    stored = random_memory(kind='stored')
    assert not any(each.requires_grad for each in stored.parameters())


def test_learned_patterns_learn_to_tell_two_directions_apart():
    torch.manual_seed(0)
    memory = PatternMemory(
        MemorySettings(patterns_per_class=1, outlier_patterns=2), class_ids=[0], embedding_width=8
    )
    inlier, outlier = F.normalize(torch.randn(2, 1, 8, 1, 1), dim=2)
    optimizer = torch.optim.Adam(memory.parameters(), lr=0.1)
    for _ in range(20):
        optimizer.zero_grad()
        (memory.energy(inlier) - memory.energy(outlier)).sum().backward()
        optimizer.step()
    assert memory.energy(inlier).item() < -0.5
    assert memory.energy(outlier).item() > 0.5


@pytest.mark.parametrize('kind', ['learned', 'stored'])
def test_the_exported_graph_agrees_and_stays_small(tmp_path, kind, monkeypatch):
    onnxruntime = pytest.importorskip('onnxruntime')
    onnx = pytest.importorskip('onnx')
    monkeypatch.setattr(row_chunks, 'VALUES_AT_ONCE', 1)
    memory, embedding = random_memory(kind=kind).eval(), random_embedding()
    path = tmp_path / 'memory.onnx'
    batch = torch.export.Dim('batch', min=1, max=8)
    program = torch.onnx.export(
        memory, (embedding,), dynamo=True, dynamic_shapes=({0: batch},), verbose=False
    )
    program.save(path)
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    (found,) = session.run(None, {session.get_inputs()[0].name: embedding[:1].numpy()})
    expected = memory.energy(embedding[:1]).detach().numpy()
    assert abs(found - expected).max() < 1e-5
    nodes = [node.op_type for node in onnx.load(path).graph.node]
    assert nodes.count('Conv') == 2
    assert len(nodes) < 40
