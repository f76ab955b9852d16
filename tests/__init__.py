"""Tests of the template: questions, hooks, mechanism, targets, and the proof itself."""
