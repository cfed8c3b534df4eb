# The local collector, or a relay: of a spool on a shared volume, or of a Kafka topic. None runs as
# root, and a relay of Kafka writes nothing, so that its file system may be read-only.
#
#     docker build -t growingio .
#     docker run --rm -p 127.0.0.1:8917:8917 growingio
#     docker run --rm -v spool:/home/growingio/spool growingio relay --create spool
#     docker run --rm --env-file kafka.env growingio relay kafka://HOST:PORT/TOPIC --group NAME \
#         --server-host URL --health 0.0.0.0:8080
# The full image has a compiler, for the core.
FROM python:3.13 AS build
COPY . /source
RUN pip wheel --no-cache-dir --wheel-dir /wheels "/source[all,kafka]"

FROM python:3.13-slim
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-index --find-links /wheels "growingio_tracker[all,kafka]" \
    && rm -r /wheels \
    && useradd --create-home growingio \
    && install --directory --owner growingio /home/growingio/spool
USER growingio
WORKDIR /home/growingio
EXPOSE 8917
# A relay of a spool has no port, and that of a Kafka topic has probes of its own; here a relay is
# healthy while it runs.
HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", \
    "import pathlib, urllib.request as r; \
    b'relay' in pathlib.Path('/proc/1/cmdline').read_bytes().split(b'\\0') \
    or r.urlopen('http://127.0.0.1:8917/healthy-check', timeout=2)"]
ENTRYPOINT ["growingio"]
# Other machines reach it through Docker's port, so it must listen on all of the container's
# addresses; then page and API ask for the token that it prints.
CMD ["collector", "--bind", "0.0.0.0"]
