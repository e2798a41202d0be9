"""Every road on which a response can reach a body filter, in a real nginx.

A road is a function of a ``Case`` that starts nginx, makes requests and judges what comes back.
``ROADS`` lists them all, for ``pytest.mark.parametrize``; the error log is judged at the end
of each by ``Nginx``.  Bodies meet filters in buffers of ``BUFFER`` bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.harness.case import Case
from tests.harness.roads import bodies, clients, neighbours, origins, protocols
from tests.harness.roads.road import Road, defined

__all__ = ["ROADS", "Road", "bodies", "clients", "neighbours", "origins", "protocols", "run_roads"]

ROADS: tuple[Road, ...] = tuple(defined)


def run_roads(case: Case, roads: Sequence[Road] = ROADS) -> None:
    """Walk roads in one test; the faults of all are gathered and named."""
    faults = []
    for one in roads:
        try:
            one.run(case)
        except Exception as fault:
            fault.add_note(f"on the road {one.name}")
            faults.append(fault)
    if faults:
        raise ExceptionGroup("roads", faults)
