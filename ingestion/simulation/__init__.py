"""A simulated cohort of medical students: real-shaped events, and the truth behind them."""

from ingestion.simulation.cohort import HiddenAbility, hidden_abilities, simulate

__all__ = ["HiddenAbility", "hidden_abilities", "simulate"]
