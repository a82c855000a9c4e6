"""Tables of stages or events: their columns, the times of their rows, their stages."""
