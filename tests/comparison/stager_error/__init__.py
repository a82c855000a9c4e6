"""Tests of the stager's error in a comparison."""
