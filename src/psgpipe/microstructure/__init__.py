"""What a night's EEG shows within and across its stages."""
