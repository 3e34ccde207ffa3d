"""What a run keeps: daily outcomes, and tables row by row as things happen."""
