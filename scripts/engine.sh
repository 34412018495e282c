# Sourced by ./run: which engine runs AppHost/Program.cs. Needs $root and scripts/build.sh.

container_engine_answers() {
    local engine
    for engine in docker podman; do
        command -v "$engine" >/dev/null && timeout 5 "$engine" info >/dev/null 2>&1 && return 0
    done
    return 1
}

# Asked once per set of pins: the answer needs the network.
aspire_restores() {
    local answer="$root/.build/aspire"
    mkdir -p "$root/.build"
    if [ ! -e "$answer" ] || [ "$root/Directory.Packages.props" -nt "$answer" ]; then
        if timeout 180 dotnet restore "$root/AppHost" -p:Orchestrator=Aspire -v q >"$root/.build/aspire.log" 2>&1; then
            echo yes >"$answer"
        else
            echo no >"$answer"
        fi
    fi
    [ "$(cat "$answer")" = yes ]
}

choose_engine() {
    case "${HYPERBDR_ORCHESTRATOR:-}" in
        processes | aspire) echo "$HYPERBDR_ORCHESTRATOR" ;;
        "") if container_engine_answers && aspire_restores; then echo aspire; else echo processes; fi ;;
        *) fail "HYPERBDR_ORCHESTRATOR is '$HYPERBDR_ORCHESTRATOR': it is processes or aspire (or not set)." ;;
    esac
}
