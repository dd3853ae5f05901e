"""The one place that chooses where scores come from."""

from training.evaluation.arguments import EvaluateArguments
from training.evaluation.detector_scores import DetectorScores
from training.evaluation.scores import ScoreSource
from training.evaluation.stored_scores import StoredScores


def open_source(arguments: EvaluateArguments) -> ScoreSource:
    """Open a deployable file, a checkpoint, or a folder of stored maps.

    Raises:
        ValueError, OSError, EngineError: it cannot be opened; the message says why.
    """
    if arguments.scores is not None:
        return StoredScores(arguments.scores)
    model = arguments.model
    if model is None:
        raise ValueError('give either --model FILE or --scores DIR')
    if model.suffix == '.pt':
        # torch takes seconds to import, and a deployable file needs none of it
        from training.evaluation.checkpoint_scores import CheckpointScores

        return CheckpointScores(
            model, num_threads=arguments.num_threads, window_hw=arguments.window
        )
    if model.suffix != '.onnx':
        raise ValueError(
            f'--model must be a deployable .onnx file or a .pt checkpoint, got {model}'
        )
    return DetectorScores.open(
        model,
        backend=arguments.backend,
        device=arguments.device,
        precision=arguments.precision,
        num_threads=arguments.num_threads,
    )
