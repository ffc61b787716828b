"""The console: pages for people, behind a sign-in (SPEC chapter 14).

Its pages show what the command line's queries say, and its buttons do what commands do, with the same guards; it
decides nothing of its own. Each module is a page or two; what all of them share is in `frame`, `desk`, `words`.
"""

from typing import Final

from flask import Flask
from flask_bootstrap import Bootstrap5

from connectors.config import Config
from connectors.keys import derived
from workers.web.console import (
    account,
    activity,
    alarms,
    connecting,
    frame,
    handling,
    home,
    jobs,
    live,
    needs,
    order,
    orders,
    people,
    places,
    rates,
    setup,
    sign_in,
    stock,
    stock_count,
    stock_desk,
    stock_push,
    stock_sku,
    store,
    store_connection,
    store_products,
    store_settings,
    store_stages,
    system,
    troubles,
    words,
    you,
)

_PAGES: Final = (
    sign_in.pages,
    home.pages,
    needs.pages,
    orders.pages,
    order.pages,
    handling.pages,
    stock.pages,
    stock_count.pages,
    stock_desk.pages,
    stock_push.pages,
    stock_sku.pages,
    connecting.pages,
    setup.pages,
    store.pages,
    store_settings.pages,
    store_products.pages,
    store_connection.pages,
    store_stages.pages,
    activity.pages,
    you.pages,
    account.pages,
    places.pages,
    rates.pages,
    alarms.pages,
    people.pages,
    system.pages,
    live.pages,
    jobs.pages,
)
for _one in _PAGES:
    frame.guard(_one)


def add_console(web: Flask, config: Config) -> None:
    """Put the console into the web process."""
    first, *older = derived(config, "console: cookies")
    web.config.update(
        SECRET_KEY=first,
        SECRET_KEY_FALLBACKS=older,  # a rotation signs nobody out
        SESSION_COOKIE_NAME="storesync",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,  # the door's messages are signed; each page of ours is checked in `frame`
        WTF_CSRF_TIME_LIMIT=None,  # a form may stand open as long as the session lives
        WTF_CSRF_SSL_STRICT=False,  # it would ask for a Referer, which some browsers are told not to send
        BOOTSTRAP_SERVE_LOCAL=True,
        BOOTSTRAP_ICON_USE_FONT=True,
    )
    web.context_processor(frame.around)
    web.session_interface = frame.Sessions()
    web.jinja_env.trim_blocks = web.jinja_env.lstrip_blocks = True
    Bootstrap5(web)
    frame.csrf.init_app(web)
    words.teach(web)
    web.jinja_env.globals.update(sku_address=stock.sku_address, shown_report=stock_count.shown_report)
    troubles.answer_for(web)
    web.register_blueprint(frame.static)
    for pages in _PAGES:
        web.register_blueprint(pages)
