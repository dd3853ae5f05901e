"""What a TensorRT plan of the tests was built for."""

from hopfield_pebal_ros.inference.tensorrt_plan import PlanKey, PlanRecord, new_record

ORIN = PlanKey(
    model_sha256='ab' * 32,
    precision='fp16',
    tensorrt='10.3.0',
    gpu='NVIDIA Orin (nvgpu)',
    compute_capability='8.7',
    platform='linux-aarch64',
)
PLAN = b'a plan'


def record(
    key: PlanKey = ORIN, plan: bytes = PLAN, batch_size: int = 1, name: str = 'tiny'
) -> PlanRecord:
    return new_record(
        key,
        plan,
        model_name=name,
        input_shape=(batch_size, 64, 128, 3),
        layer_shares={'fp16': 0.75, 'fp32': 0.25},
        build_s=61.23,
    )
