"""Loss terms taken some rows at a time: one gradient map, and little beside it, in memory.

Chunks are to a loss what processes are: each has a part of the batch, and their mean is the loss
of all. What they share, counts of pixels, is added up first; then the gradient of each chunk is
taken at once and its graph let go.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from torch import Tensor

from training.losses.world import ALONE, World

Maps = Mapping[str, Tensor]
"""By name, each (B, H, W) or (B, C, H, W), all of the same H and W."""

VALUES_AT_ONCE: Final = 2**20
"""Of all maps of a chunk together."""


def in_row_chunks(
    terms_of: Callable[[Maps, World], Mapping[str, Tensor]],
    energy_of: Callable[[Maps], Tensor],
    maps: Maps,
    *,
    world: World = ALONE,
    rows: int | None = None,
) -> tuple[dict[str, Tensor], Tensor]:
    """Return the terms and the energy of a batch, whose gradients share one map.

    Args:
        terms_of: named scalars of some rows, each with its weight in, of losses that treat each
            pixel by itself but for sums over the world; called twice a chunk.
        energy_of: the energy (B, rows, W) of some rows, for terms with neighbours, which are to be
            taken of the whole energy that is returned.
        maps: what the two need; those that require a gradient get one.
        world: processes that share the batch, with maps of one size.
        rows: of a chunk; None: as many as `VALUES_AT_ONCE` allows.

    Returns:
        Terms, of which only the plain sum has a gradient, and the energy (B, H, W).
    """
    height = next(iter(maps.values())).shape[-2]
    values = sum(each.numel() for each in maps.values())
    rows = rows or max(1, VALUES_AT_ONCE * height // values)
    chunks = [slice(start, start + rows) for start in range(0, height, rows)]
    sums = _sums_over_chunks(terms_of, maps, chunks, world)

    def of_chunk(part: Maps) -> Mapping[str, Tensor]:
        terms = terms_of(part, _ChunkWorld(world.num_processes * len(chunks), sums))
        return {name: term / len(chunks) for name, term in terms.items()}

    task = _Task(of_chunk, energy_of, tuple(maps), chunks, torch.is_grad_enabled())
    terms, energy = _RowChunks.apply(task, *maps.values())
    return dict(zip(task.term_names, terms.unbind(), strict=True)), energy


@dataclass(frozen=True)
class _ChunkWorld(World):
    """The chunks of all processes; it knows each sum over them by the order of calls."""

    sums: Sequence[Tensor] | None = None
    """None: they are yet to be found."""
    calls: list[Tensor] = field(default_factory=list)

    def sum(self, values: Tensor) -> Tensor:
        self.calls.append(values.detach().clone())
        return self.calls[-1] if self.sums is None else self.sums[len(self.calls) - 1]


def _sums_over_chunks(
    terms_of: Callable[[Maps, World], object],
    maps: Maps,
    chunks: Sequence[slice],
    world: World,
) -> list[Tensor]:
    """Return every sum over the world that `terms_of` asks for, over chunks and processes."""
    found = []
    with torch.no_grad():
        for rows in chunks:
            asking = _ChunkWorld(world.num_processes * len(chunks))
            terms_of(_cut(maps, rows), asking)
            found.append(asking.calls)
    return [world.sum(torch.stack(each).sum(dim=0)) for each in zip(*found, strict=True)]


def _cut(maps: Maps, rows: slice) -> dict[str, Tensor]:
    """Return rows of the maps, without history, that get a gradient where the maps do."""
    return {
        name: each[..., rows, :].detach().requires_grad_(each.requires_grad)
        for name, each in maps.items()
    }


@dataclass(frozen=True)
class _Task:
    terms_of: Callable[[Maps], Mapping[str, Tensor]]
    energy_of: Callable[[Maps], Tensor]
    names: tuple[str, ...]
    chunks: Sequence[slice]
    has_gradient: bool
    term_names: list[str] = field(default_factory=list)
    """Known once the terms are."""
    gradients: dict[str, Tensor] = field(default_factory=dict)
    """Of the sum of the terms, by name of the map; gone once they are given away."""

    def add_gradients(self, value: Tensor, part: Maps, rows: slice, seed: Tensor) -> None:
        """Add the gradient of <value, seed> to those of the maps' rows."""
        wanted = list(self.gradients)
        found = torch.autograd.grad(
            value, [part[name] for name in wanted], seed, allow_unused=True
        )
        for name, gradient in zip(wanted, found, strict=True):
            if gradient is not None:
                self.gradients[name][..., rows, :] += gradient


class _RowChunks(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, task: _Task, *tensors: Tensor) -> tuple[Tensor, Tensor]:
        """Return the terms as one vector, and the energy; the gradient of the terms is taken."""
        maps = dict(zip(task.names, tensors, strict=True))
        if task.has_gradient:
            wanted = {name: each for name, each in maps.items() if each.requires_grad}
            task.gradients.update({name: torch.zeros_like(x) for name, x in wanted.items()})
        total, energies = torch.zeros(()), []
        for rows in task.chunks:
            part = _cut(maps, rows)
            energies.append(task.energy_of(part).detach())
            with torch.set_grad_enabled(bool(task.gradients)):
                terms = task.terms_of(part)
                values = torch.stack(list(terms.values()))
                if values.requires_grad:
                    task.add_gradients(values, part, rows, torch.ones_like(values))
            task.term_names[:] = terms
            total = total.to(values.device) + values.detach()
        ctx.task = task
        ctx.save_for_backward(*tensors)
        return total, torch.cat(energies, dim=1)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, of_terms: Tensor, of_energy: Tensor) -> tuple[Tensor | None, ...]:
        """Scale the gradient of the terms, and add that of the energy."""
        task: _Task = ctx.task
        if not task.gradients:
            raise RuntimeError('the gradient of chunked terms can be taken once; call them again')
        if not (of_terms == of_terms[0]).all():
            raise RuntimeError(
                f'of chunked terms only the plain sum has a gradient, got weights '
                f'{of_terms.tolist()} on {task.term_names}; put weights into the terms'
            )
        maps = dict(zip(task.names, ctx.saved_tensors, strict=True))
        for gradient in task.gradients.values():
            gradient *= of_terms[0]
        if of_energy.any():
            for rows in task.chunks:
                part = _cut(maps, rows)
                with torch.enable_grad():
                    energy = task.energy_of(part)
                task.add_gradients(energy, part, rows, of_energy[:, rows])
        gradients = tuple(task.gradients.pop(name, None) for name in task.names)
        return (None, *gradients)
