#!/bin/sh
# Go's own figures for the programs that `cargo xtask bench runtime` measures.
set -eu
cd "$(dirname "$0")"
if ! command -v go > /dev/null; then
	echo 'Go is not installed: `apt-get install golang-go`, or https://go.dev/dl' >&2
	exit 1
fi
exec go run .
