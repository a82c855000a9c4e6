"""Agreement of automatic stages with the stages of experts, epoch by epoch and night by night."""
