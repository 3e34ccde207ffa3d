"""The report as one HTML file: templates beside this file, filled with the parts of a report; no script, and nothing from elsewhere."""
