# One Dockerfile for every Go program of the workspace:
#
#	docker build --build-arg MODULE=services/find --tag ums/find .
#
# MODULE   the folder of the module. Its program is cmd/<the folder's last part>, or the module itself, or what PROGRAM
#          names (as relay of services/add).
# SOURCES  module: copy shared/, migrations/'s go.mod and MODULE alone, so that a change in another module rebuilds
#          nothing here; all: copy the whole workspace, for programs that import their neighbours (cmd/ums, bench).
# VERSION, COMMIT  what the program says of itself: `ums_build_info`, the first line of its log, the image's labels.
#
# The build reaches the module proxy by the network of the build. Where containers have no way out of their own, add
# `--network host`, and `--build-arg GOPROXY=…` where there is a proxy of your own; BUILD_NETWORK of compose and skaffold's
# profile `hostbuild` say the same.
ARG SOURCES=module

# The build runs on the machine's own architecture and cross-compiles: no emulation.
FROM --platform=$BUILDPLATFORM golang:1.26 AS go
WORKDIR /src
ENV CGO_ENABLED=0 GOWORK=off GOTOOLCHAIN=local GOFLAGS=-buildvcs=false

FROM go AS source-module
ARG MODULE
COPY migrations/go.mod migrations/go.sum migrations/
COPY shared shared/
COPY ${MODULE} ${MODULE}/

# By a mount and not by COPY, which skaffold would take for something that every image depends on.
FROM go AS source-all
RUN --mount=type=bind,target=/workspace cp -r /workspace/. .

FROM source-${SOURCES} AS build
ARG MODULE
ARG PROGRAM
ARG GOPROXY
ARG GCFLAGS=
ARG STRIP="-s -w"
ARG VERSION=dev
ARG COMMIT=unknown
ARG TARGETOS
ARG TARGETARCH
RUN --mount=type=cache,id=ums-mod,target=/go/pkg/mod \
	--mount=type=cache,id=ums-build,target=/root/.cache/go-build \
	set -eu; \
	cd "$MODULE"; \
	package=./cmd/${PROGRAM:-$(basename "$MODULE")}; \
	[ -d "$package" ] || package=.; \
	GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -gcflags="$GCFLAGS" \
		-ldflags="$STRIP -X 'github.com/glarimy/ums/shared/version.version=$VERSION $COMMIT'" \
		-o /out/program "$package"

FROM gcr.io/distroless/static-debian12:nonroot
ARG MODULE
ARG VERSION=dev
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="ums/${MODULE}" \
	org.opencontainers.image.description="UMS keeps users, behind one gateway URL" \
	org.opencontainers.image.source="https://github.com/glarimy/ums" \
	org.opencontainers.image.version="${VERSION}" \
	org.opencontainers.image.revision="${COMMIT}"
COPY --from=build /out/program /program
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532
ENV GOTRACEBACK=single
EXPOSE 8080 9464
ENTRYPOINT ["/program"]
