"""Here live the rules and the vocabulary: pure Python, no I/O, nothing of ours imported."""
