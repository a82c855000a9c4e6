"""The level of the EEG: nights whose amplitude or spectrum is unlike the baseline."""
