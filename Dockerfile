# The image: the program, its libraries and a CA bundle, nothing else. Built by image/build, which first
# lays out rootfs/ (image/rootfs). Works with a read-only root; /run/firebreak and /tmp are volumes.
FROM scratch
COPY rootfs/ /
# The sensor alone runs as uid 0; its DaemonSet says so.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/bin/firebreak"]
