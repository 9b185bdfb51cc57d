"""`python -m workers`: a worker on every queue that the rules name, set up by the environment alone."""

from bus.bootstrap import runtime
from workers.app import app


def main() -> None:
    """Work until SIGTERM. With REMAP_SIGTERM=SIGQUIT running tasks have 10 s to finish."""
    settings, queues = runtime().settings, ",".join(runtime().queues)
    # Gossip and mingle are talk among workers; nothing here needs it, and gossip wants a queue for each worker.
    quiet = ("--without-mingle", "--without-gossip")
    concurrency = str(settings.worker_concurrency)
    app.worker_main(["worker", *quiet, "-Q", queues, "-c", concurrency, "-n", "worker@%h", "-l", settings.log_level])


if __name__ == "__main__":
    main()
