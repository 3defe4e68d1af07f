"""The whole of Gatepost on one machine, as a building set: every part starts, stops and dies on its own (DESIGN §8)."""
