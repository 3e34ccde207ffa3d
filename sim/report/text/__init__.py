"""What a comparison or a run found, as text: numbers, sentences, tables."""
