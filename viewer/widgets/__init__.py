"""Qt widgets: dumb views of a Reading."""
