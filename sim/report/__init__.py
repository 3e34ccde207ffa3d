"""What runs and studies found, for people: numbers as text, tables, figures, reports, and the calls that end in a report.

`text` and `figures` read finished results and change none of them; pages are made of both; `comparison` and `study` do the runs and write the page.
"""
