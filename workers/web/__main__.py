"""Start the web process: python -m workers.web --host 0.0.0.0 --port 8080."""

import click
from waitress import serve

from workers.app import find_servers
from workers.logs import begin_log
from workers.web import create_app


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
def main(host: str, port: int) -> None:
    """Serve health until stopped."""
    config = find_servers()
    begin_log(config.log)
    serve(create_app(config), host=host, port=port, ident=None, threads=8)


if __name__ == "__main__":
    main()
