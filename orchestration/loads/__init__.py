"""Loads: which events a run of the marts takes, what it has to build whole, and how it ended.

`open_load` opens one. docs/decisions/0005 says why windows are cut by transaction.
"""

from orchestration.loads.load import Load
from orchestration.loads.lock import HeldLock, LoadRunningError, hold_lock
from orchestration.loads.model import DateRange, Kind, Model, ModelState, View
from orchestration.loads.opening import open_load
from orchestration.loads.record import LoadLostError

__all__ = [
    "DateRange",
    "HeldLock",
    "Kind",
    "Load",
    "LoadLostError",
    "LoadRunningError",
    "Model",
    "ModelState",
    "View",
    "hold_lock",
    "open_load",
]
