"""Gamification: what the app awards a learner for, by rules that an operator may change."""
