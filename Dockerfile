FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY schemas schemas
COPY connectors connectors
COPY tasks tasks
COPY workers workers
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/storesync --create-home storesync
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 STORESYNC_HOME=/var/lib/storesync STORESYNC_LOG=json REMAP_SIGTERM=SIGQUIT
USER storesync
WORKDIR /var/lib/storesync
CMD ["storesync", "--help"]
