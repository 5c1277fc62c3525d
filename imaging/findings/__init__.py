"""What the numbers say: enhancement, washout, adjacency, diameters."""
