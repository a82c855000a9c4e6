"""The arithmetic of sleep: architecture, cycles, lights, sedation, agreement."""
