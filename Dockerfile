FROM python:3.13-slim AS build
WORKDIR /src
# What runs and what builds stand in two virtual environments: no tool of ours and no pip is in the image.
COPY requirements.lock requirements-dev.lock ./
RUN sed -n '/^setuptools==/,/# via/p' requirements-dev.lock > build.lock \
    && python -m venv /build && /build/bin/pip install --no-cache-dir --require-hashes -r build.lock \
    && python -m venv --without-pip /venv \
    && /build/bin/pip --python /venv/bin/python install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY connectors connectors
COPY tasks tasks
COPY sandbox sandbox
COPY workers workers
RUN /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /build/bin/pip --python /venv/bin/python install --no-cache-dir --no-deps /wheels/*.whl

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/storesync --create-home storesync
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 STORESYNC_HOME=/var/lib/storesync STORESYNC_LOG=json REMAP_SIGTERM=SIGQUIT
USER storesync
WORKDIR /var/lib/storesync
CMD ["storesync", "--help"]
