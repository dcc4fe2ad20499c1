"""The report as a page: `tables` and `charts` of its sections, `phrases`, and `page`."""
