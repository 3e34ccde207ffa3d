"""What is measured, recorded and audited; nothing here writes to the model."""
