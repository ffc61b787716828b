"""Start the web process: python -m workers.web --host 0.0.0.0 --port 8080."""

import logging

import click
from waitress import create_server

from connectors import later
from tasks.held import configure
from workers.logs import begin_log
from workers.servers import find_servers
from workers.web import SERVING, create_app
from workers.web.lookout import Lookout


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
def main(host: str, port: int) -> None:
    """Serve health and metrics, take webhooks, and look for what people should hear of, until stopped."""
    config = find_servers()
    begin_log(config.log)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # webhooks come in storms, and wait for milliseconds
    configure(config)
    later.load_all()  # no message waits for a module
    try:
        server = create_server(create_app(config), host=host, port=port, **SERVING)
    except OSError as error:  # before anything else goes on in its threads
        raise click.ClickException(
            f"nothing can listen on {host}:{port}: {error.strerror}. --port names another"
        ) from None
    Lookout(config).start()
    server.print_listen("Serving on http://{}:{}")
    server.run()


if __name__ == "__main__":
    main()
