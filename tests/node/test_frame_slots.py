"""Newest frame wins, nothing is taken twice, no camera waits for another."""

import threading
import time

import pytest

from hopfield_pebal_ros.node.frame_slots import FrameSlots


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_the_newest_frame_wins_and_the_others_are_counted():
    slots = FrameSlots([''])
    for frame in 'abc':
        slots.put('', frame)
    assert slots.take(0) == [('', 'c')]
    assert slots.num_dropped('') == 2


def test_a_frame_is_taken_once():
    slots = FrameSlots([''])
    slots.put('', 'a')
    assert slots.take(0) == [('', 'a')]
    assert slots.take(0) == []
    assert slots.num_dropped('') == 0


def test_each_camera_has_one_turn_a_round():
    clock = Clock()
    slots = FrameSlots(['front', 'left', 'rear'], clock=clock)
    taken = []
    for _ in range(6):
        clock.now_s += 1
        slots.put('left', 'l')
        clock.now_s += 1
        slots.put('front', 'f')  # always the fresher one
        taken.append(slots.take(0)[0][0])
    assert taken == ['front', 'left', 'front', 'left', 'front', 'left']


def test_within_a_round_the_freshest_frame_comes_first():
    clock = Clock()
    slots = FrameSlots(['a', 'b', 'c'], clock=clock)
    for camera in 'bca':
        clock.now_s += 1
        slots.put(camera, camera)
    assert [slots.take(0)[0][0] for _ in range(3)] == ['a', 'c', 'b']


def test_a_camera_that_comes_back_takes_no_more_than_its_turn():
    slots = FrameSlots(['steady', 'back'])
    for _ in range(50):
        slots.put('steady', 's')
        slots.take(0)
    taken = []
    for _ in range(10):
        slots.put('steady', 's')
        slots.put('back', 'b')
        taken.append(slots.take(0)[0][0])
    assert taken.count('back') in (5, 6)


def test_a_silent_camera_stalls_nobody():
    slots = FrameSlots(['dead', 'alive'])
    for frame in range(3):
        slots.put('alive', frame)
        assert slots.take(0) == [('alive', frame)]


def test_the_rate_limit_waits_and_then_takes_the_newest():
    clock = Clock()
    slots = FrameSlots([''], clock=clock)
    slots.limit('', 10)
    slots.put('', 'a')
    assert slots.take(0) == [('', 'a')]
    slots.put('', 'b')
    clock.now_s = 0.05
    assert slots.take(0) == []
    slots.put('', 'c')
    clock.now_s = 0.1
    assert slots.take(0) == [('', 'c')]


def test_a_raised_rate_limit_applies_at_once():
    clock = Clock()
    slots = FrameSlots([''], clock=clock)
    slots.limit('', 0.001)
    slots.put('', 'a')
    slots.take(0)
    slots.put('', 'b')
    assert slots.take(0) == []
    slots.limit('', 0)
    assert slots.take(0) == [('', 'b')]


def test_a_limit_is_of_one_camera_alone():
    clock = Clock()
    slots = FrameSlots(['slow', 'fast'], clock=clock)
    slots.limit('slow', 1)
    taken = []
    for _ in range(20):
        slots.put('slow', 's')
        slots.put('fast', 'f')
        taken += [camera for camera, _ in slots.take(0, at_most=2)]
        clock.now_s += 0.125
    assert (taken.count('slow'), taken.count('fast')) == (3, 20)  # at 0, 1 and 2 s of 2.375 s


def test_several_cameras_are_taken_at_once_those_without_a_turn_first():
    clock = Clock()
    slots = FrameSlots(['a', 'b', 'c'], clock=clock)
    for camera in 'abc':
        slots.put(camera, camera.upper())
        clock.now_s += 1
    assert slots.take(0, at_most=2) == [('c', 'C'), ('b', 'B')]
    slots.put('c', 'C2')
    assert slots.take(0, at_most=9) == [('a', 'A'), ('c', 'C2')]


def test_an_unknown_camera_is_refused():
    with pytest.raises(KeyError, match='left'):
        FrameSlots(['front']).put('left', 'a')


def test_take_waits_for_a_frame():
    slots = FrameSlots([''])
    threading.Timer(0.05, slots.put, ('', 'a')).start()
    assert slots.take(5) == [('', 'a')]


def test_take_gives_up_after_its_timeout():
    start = time.monotonic()
    assert FrameSlots(['']).take(0.05) == []
    assert 0.05 <= time.monotonic() - start < 2


def test_closing_wakes_who_waits_and_forgets_the_frame():
    slots = FrameSlots([''])
    threading.Timer(0.05, slots.close).start()
    assert slots.take() == []
    slots.put('', 'late')
    slots.open()
    assert slots.take(0) == []
    slots.put('', 'new')
    assert slots.take(0) == [('', 'new')]


def test_every_frame_of_many_threads_is_taken_or_counted_once():
    slots = FrameSlots(['a', 'b'])
    taken = []

    def take() -> None:
        while found := slots.take(at_most=2):
            taken.extend(found)

    def put(camera: str) -> None:
        for number in range(2000):
            slots.put(camera, number)

    def dropped() -> int:
        return slots.num_dropped('a') + slots.num_dropped('b')

    takers = [threading.Thread(target=take) for _ in range(2)]
    putters = [threading.Thread(target=put, args=(camera,)) for camera in 'ab']
    for thread in takers + putters:
        thread.start()
    for thread in putters:
        thread.join()
    give_up = time.monotonic() + 5
    while len(taken) + dropped() < 4000 and time.monotonic() < give_up:
        time.sleep(0.005)
    slots.close()
    for thread in takers:
        thread.join(5)
    assert len(set(taken)) == len(taken)
    assert len(taken) + dropped() == 4000
