"""One world to watch: `odm watch SCENARIO`, in Mesa's own page for the browser.

`world` is the model that Mesa's page is shown, `pictures` what is drawn of it, `page` the page, which needs the extra `watch`, and `serving` its server.
"""
