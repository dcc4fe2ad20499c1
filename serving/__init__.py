"""From scores to what people and systems use."""
