# One image for every service; compose.yaml says which one a container runs.
FROM python:3.13-slim

RUN useradd --uid 10001 --create-home --home-dir /var/lib/ledgerbus ledgerbus
WORKDIR /app
COPY requirements.lock ./
RUN python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY schemas ./schemas
COPY rules ./rules
COPY adapters ./adapters
COPY workers ./workers
COPY bus ./bus

ENV PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    LEDGERBUS_HOME=/var/lib/ledgerbus LEDGERBUS_RUN_DIR=/tmp LEDGERBUS_LOG_JSON=true
USER 10001:10001
VOLUME /var/lib/ledgerbus
ENTRYPOINT []
CMD ["python", "-m", "bus.cli.app", "--help"]
