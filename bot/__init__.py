"""Here lives the running program: it wires the rooms together and owns no business."""
