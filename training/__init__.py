"""From snapshots to a registered model, with the evidence."""
