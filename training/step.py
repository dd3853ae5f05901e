"""One step of a run: forward, loss, backward, update; on one process or many."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from training.chunked_objective import anomaly_terms_of
from training.data.samples import Sample
from training.kept_composites import MapCrops
from training.labelled_outputs import LabelledOutputs, at_loss_stride
from training.losses.class_prototypes import updated_prototypes
from training.losses.world import World
from training.models.anomaly_outputs import AnomalyOutputs
from training.models.deployed import normalised
from training.objective import Objective, closed_set_terms, total
from training.processes import Processes, autocast
from training.run_state import RATE_SHARE, RunState
from training.schedule import learning_rate_at
from training.settings import TrainSettings

Batch = Sample | MapCrops


class NotFiniteError(RuntimeError):
    """The loss became infinite or not a number."""


class BatchError(RuntimeError):
    """A batch that cannot be trained on: too large for the device, or too small."""


class Stepper:
    """Takes the steps of a run on the state's network; one for the life of a process."""

    def __init__(
        self,
        state: RunState,
        settings: TrainSettings,
        *,
        class_weights: Tensor | None = None,
        processes: Processes | None = None,
    ) -> None:
        self._state = state
        self._settings = settings
        self._class_weights = None if class_weights is None else class_weights.to(state.device)
        self._world = World((processes or Processes()).count)
        if settings.is_compiled:
            state.network.compile()
        self._shared: nn.Module = _NetworkAndLoss(state.network, settings)
        if self._world.num_processes > 1:
            # a stage leaves the heads of the other one without gradient
            self._shared = DistributedDataParallel(self._shared, find_unused_parameters=True)

    def take(self, batch: Batch) -> dict[str, Tensor]:
        """Take one step and return the terms of its loss, detached.

        Args:
            batch: this process's samples of the step.

        Raises:
            NotFiniteError: names the samples; the weights are as before.
            BatchError: the batch does not fit into memory, or is too small for batch norm.
        """
        state, settings = self._state, self._settings
        state.network.train()
        rate = learning_rate_at(state.step, settings)
        for group in state.optimizer.param_groups:
            group['lr'] = rate * group.get(RATE_SHARE, 1.0)
        state.optimizer.zero_grad(set_to_none=True)
        try:
            terms = self._accumulated(batch)
        except (ValueError, RuntimeError) as error:
            explained = _explained(error, settings)
            if explained is None:
                raise
            raise explained from error
        state.scaler.step(state.optimizer)
        state.scaler.update()
        state.step += 1
        if state.average is not None and state.step > settings.closed_set_steps:
            state.average.update_parameters(state.network)
        return terms

    def _accumulated(self, batch: Batch) -> dict[str, Tensor]:
        """Add up the gradients of the parts of a batch; return the means of their terms."""
        count = self._settings.accumulation_steps
        found: dict[str, Tensor] = {}
        for number, part in enumerate(_parts_of(batch, count)):
            with self._gradients_shared(is_last=number == count - 1):
                terms = self._terms(part)
                loss = total(terms)
                if not torch.isfinite(loss):
                    raise self._not_finite(terms, part)
                self._state.scaler.scale(loss / count).backward()
            for name, term in {'loss': loss, **terms}.items():
                found[name] = found.get(name, 0) + term.detach() / count
        return found

    def _terms(self, batch: Batch) -> dict[str, Tensor]:
        labels = batch.labels.to(self._state.device, non_blocking=True)
        terms: dict[str, Tensor] = self._shared(self._shown(batch), labels, self._terms_of)
        return terms

    def _shown(self, batch: Batch) -> Tensor | dict[str, Tensor]:
        """Return what the network is given, on its device."""
        device = self._state.device
        if isinstance(batch, MapCrops):
            return {name: x.to(device, non_blocking=True) for name, x in batch.maps.items()}
        image = normalised(batch.image.to(device, non_blocking=True))
        return image.contiguous(memory_format=torch.channels_last)

    def _terms_of(self, labelled: LabelledOutputs) -> dict[str, Tensor]:
        state, settings = self._state, self._settings
        if state.prototypes is not None:
            state.prototypes = updated_prototypes(
                state.prototypes, labelled.embedding, labelled.labels, world=self._world
            )
        objective = Objective(
            losses=settings.losses,
            payoff=settings.payoff,
            class_weights=self._class_weights,
            margins=state.margins,
            prototypes=state.prototypes,
            world=self._world,
        )
        in_closed_set = state.step < settings.closed_set_steps
        return (closed_set_terms if in_closed_set else anomaly_terms_of)(labelled, objective)

    def _gradients_shared(self, *, is_last: bool) -> AbstractContextManager[None]:
        """Processes exchange gradients once a step, at its last part."""
        if is_last or not isinstance(self._shared, DistributedDataParallel):
            return nullcontext()
        return self._shared.no_sync()

    def _not_finite(self, terms: dict[str, Tensor], batch: Batch) -> NotFiniteError:
        values = {name: term.item() for name, term in terms.items()}
        return NotFiniteError(
            f'loss is not finite at step {self._state.step}: {values}; samples '
            f'{", ".join(batch.name)}; look at them, and begin a new run with --start-from '
            'RUN/last.pt and a lower learning rate or --precision fp32'
        )


class _NetworkAndLoss(nn.Module):
    """One module, because DistributedDataParallel must see which weights the loss leaves out."""

    def __init__(self, network: nn.Module, settings: TrainSettings) -> None:
        super().__init__()
        self._network = network
        self._settings = settings

    def forward(
        self,
        image: Tensor | dict[str, Tensor],
        labels: Tensor,
        terms_of: Callable[[LabelledOutputs], dict[str, Tensor]],
    ) -> dict[str, Tensor]:
        with autocast(self._settings, labels.device):
            outputs: AnomalyOutputs = self._network(image)
        losses = self._settings.losses
        labelled = at_loss_stride(
            outputs,
            labels,
            stride=losses.loss_stride,
            outlier_share=losses.outlier_cell_share,
            object_size_exponent=losses.object_size_exponent,
        )
        return terms_of(labelled)


def _parts_of(batch: Batch, count: int) -> Iterator[Batch]:
    size = len(batch.labels) // count
    for start in range(0, size * count, size):
        yield batch.part(slice(start, start + size))


def _explained(error: Exception, settings: TrainSettings) -> BatchError | None:
    """Return what the user can do about an error of a step; None: it is of another kind."""
    text = str(error)
    if isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in text:
        height, width = settings.crop_hw
        return BatchError(
            f'out of memory with batches of {settings.batch_size} crops of {height} x {width}: '
            f'raise --accumulation-steps (now {settings.accumulation_steps}), or lower '
            f'--batch-size or --crop-hw ({text.splitlines()[0]})'
        )
    if 'more than 1 value per channel' in text:
        return BatchError(
            'batch norm over a pooled image needs two samples a process and part, got one: raise '
            '--batch-size, lower --accumulation-steps, or use --network.has-frozen-norm'
        )
    return None
