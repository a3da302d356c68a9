# The image: the program, its libraries and a CA bundle, nothing else. `make image` lays out rootfs/ first
# (the closure that ldd names) and builds with docker or buildah. Works with a read-only root.
FROM scratch
COPY rootfs/ /
# The sensor alone runs as uid 0; its DaemonSet says so.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/bin/firebreak"]
