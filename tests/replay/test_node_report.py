"""What is read from the node's diagnostics."""

from hopfield_pebal_ros.replay.node_report import NodeReport


def test_each_frame_counts_once_in_the_inference_times() -> None:
    report = NodeReport()
    report.add({'images_published': '0', 'inference_time_ms': 'n/a'})
    report.add({'images_published': '1', 'inference_time_ms': '12.50'})
    report.add({'images_published': '1', 'inference_time_ms': '12.50'})
    report.add({'images_published': '3', 'inference_time_ms': '8.00'})
    assert report.inference_ms == [12.5, 8.0]
    assert report.num_messages == 4


def test_frames_that_will_not_be_answered_are_added_up() -> None:
    report = NodeReport()
    report.add({'images_dropped': '2', 'images_rejected': '1', 'images_failed': '0'})
    assert report.num_without_result() == 3
    assert report.count('images_received') == 0
