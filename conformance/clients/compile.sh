#!/bin/sh
# Pin and hash what each client is installed from. Run it after a change of a client's version; one client's, if it is named; `UV` names the uv to use.
# npm's locks hold versions and hashes, and no address of a registry.
set -eu
cd "$(dirname "$0")"
for wanted in ${1:-*}/requirements.in; do
    [ -e "$wanted" ] || continue
    "${UV:-uv}" pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$wanted" --output-file "${wanted%.in}.txt"
done
for wanted in ${1:-*}/package.json; do
    [ -e "$wanted" ] || continue
    (
        cd "$(dirname "$wanted")"
        rm -f package-lock.json
        npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund --loglevel=error
    )
done
