#!/bin/sh
# Pin and hash what the bench compares with. Run it after a change here; `UV` names the uv to use.
set -eu
cd "$(dirname "$0")"
for name in plot litellm tensorzero usual; do
    "${UV:-uv}" pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$name.in" --output-file "$name.txt"
done
cd portkey
rm -f package-lock.json
npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund --loglevel=error
