"""The declared bound of memory while a score is fitted."""

_MIB = 1 << 20


def require_memory(num_bytes: int, bound_mib: int, what: str) -> None:
    """Refuse what would need more than the bound, before anything is allocated.

    Raises:
        MemoryError: the message says how much, and the remedy.
    """
    if num_bytes > bound_mib * _MIB:
        raise MemoryError(
            f'{what} need {num_bytes / _MIB:.1f} MiB, the declared bound is {bound_mib} MiB: keep '
            'fewer patterns, read narrower features, or raise memory_bound_mib'
        )
