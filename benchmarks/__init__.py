"""Speed of the two hot calls, side by side on one machine, as ratios. Never a timed test of the suite."""
