"""What stands on the page, and what joins it to a browser.

`asking`, `timeline`, `answer`, `sheet`, `sheets`, `side`, `charts` and `page` are pieces of HTML; `looking` looks a study up again and again, and `desk`,
`server` and `serving` are a session and the server of all.
"""
