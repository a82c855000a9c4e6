"""How far the stager's own error can explain a difference: from the agreement with an expert."""
