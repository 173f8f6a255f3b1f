"""System checks: what would start, but not work well or not be safe."""
