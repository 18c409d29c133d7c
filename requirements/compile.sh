#!/bin/sh
# Compile every .in file into its pinned, hashed .txt. Run it after a change here; `UV` names the uv to use.
# A layer's .txt stands in the layer's own folder, because `sam build` sees nothing outside it.
set -eu
cd "$(dirname "$0")"
compile() {
    "${UV:-uv}" pip compile --quiet --upgrade --universal --python-version "${3:-3.11}" --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links ${4:+"$4"} "$1" --output-file "$2"
}
compile runtime.in ../layers/runtime/requirements.txt
compile dependencies.in ../layers/dependencies/requirements.txt
compile payments.in ../layers/payments/requirements.txt
compile signin.in ../layers/signin/requirements.txt
compile dev.in dev.txt
compile emulator.in emulator.txt
compile sam.in sam.txt
compile uv.in uv.txt
compile focus.in focus.txt
compile focus-validator.in focus-validator.txt 3.12 --no-deps
