"""Telling objects with threads and files of this process of its forks."""

import os
from collections.abc import Callable
from typing import Protocol
from weakref import WeakSet


class Forking(Protocol):
    """What wants to be told."""

    def before_fork(self) -> None:
        """Get hold of everything that must be whole when memory is copied."""

    def after_fork_in_parent(self) -> None:
        """Let go."""

    def after_fork_in_child(self) -> None:
        """Let go, and make anew what stayed behind in the parent."""


class _Watch:
    """Hooks on forks can be set and never unset: so they are set once, at the first need."""

    def __init__(self) -> None:
        self._known: WeakSet[Forking] = WeakSet()
        self._told: list[Forking] = []
        self._is_hooked = False

    def add(self, forking: Forking) -> None:
        self._known.add(forking)
        if not self._is_hooked:
            self._is_hooked = True
            os.register_at_fork(
                before=self._before,
                after_in_parent=lambda: self._after(lambda told: told.after_fork_in_parent()),
                after_in_child=lambda: self._after(lambda told: told.after_fork_in_child()),
            )

    def _before(self) -> None:
        # Those told now are those to tell afterwards, whoever comes or goes meanwhile.
        self._told = list(self._known)
        for forking in self._told:
            forking.before_fork()

    def _after(self, tell: Callable[[Forking], None]) -> None:
        for forking in reversed(self._told):
            tell(forking)
        self._told = []


_watch = _Watch()


def watch_forks(forking: Forking) -> None:
    """Tell an object of every fork of this process, for as long as it lives."""
    _watch.add(forking)
