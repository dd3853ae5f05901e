"""What is read from the node's diagnostics."""

from hopfield_pebal_ros.replay.node_report import NodeReport


def statuses(camera: str, *, published: str, inference_ms: str) -> dict[str, dict[str, str]]:
    return {
        f'{camera}camera_status': {'images_published': published, 'images_dropped': '2'},
        f'{camera}processing_time_status': {'inference_time_ms': inference_ms},
    }


def test_each_frame_counts_once_in_the_inference_times() -> None:
    report = NodeReport()
    for published, inference_ms in (('0', 'n/a'), ('1', '12.50'), ('1', '12.50'), ('3', '8.00')):
        report.add(statuses('', published=published, inference_ms=inference_ms))
    assert report.of('').inference_ms == [12.5, 8.0]
    assert report.num_messages == 4


def test_cameras_are_told_apart() -> None:
    report = NodeReport()
    report.add(
        {
            'node_status': {'lifecycle_state': 'active'},
            **statuses('front/', published='1', inference_ms='5'),
            **statuses('left/', published='1', inference_ms='7'),
        }
    )
    assert report.values == {'lifecycle_state': 'active'}
    assert (report.of('front').inference_ms, report.of('left').inference_ms) == ([5.0], [7.0])
    assert report.num_without_result() == 4


def test_frames_that_will_not_be_answered_are_added_up() -> None:
    report = NodeReport()
    counts = {'images_dropped': '2', 'images_rejected': '1', 'images_failed': '0'}
    report.add({'camera_status': counts})
    assert report.of('').num_without_result() == 3
    assert report.of('').count('images_received') == 0
