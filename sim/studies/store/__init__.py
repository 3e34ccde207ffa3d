"""The store: what a study keeps of its runs on disk, and who may write."""
