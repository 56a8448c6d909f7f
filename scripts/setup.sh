# shellcheck shell=bash
# What ./run and ./test share: say what is missing, install only that, prepare the page of the window.
# Sourced from the root of the project. Everything it installs is announced first.

RUST_AT_LEAST=1.90.0
NODE_AT_LEAST=20.19.0
NODE_TO_INSTALL=22
NPM_TO_INSTALL=11

# A C compiler builds the SQLite that is linked in.
BUILD_PACKAGES=(gcc libc6-dev pkg-config)
WINDOW_PACKAGES=(libwebkit2gtk-4.1-dev)
# A screen without a screen, a driver for the window, and what looks into a store from outside.
TEST_PACKAGES=(
    webkit2gtk-driver xvfb xauth openbox xdotool dbus imagemagick fonts-dejavu-core
    python3 python3-venv python3-gi gir1.2-gtk-3.0 sqlite3 unzip time procps shellcheck
    curl avahi-daemon avahi-utils iproute2
)
# A database that is forwarded to. The tests make and start servers of their own, in temporary folders; the package itself
# may start one, as packages of servers do, which is not touched.
TEST_PACKAGES+=(postgresql openssl)
# A browser that is not ours, for a page that means no good. Ubuntu's is a snap, which not every machine can run.
if grep -qx ID=debian /etc/os-release 2>/dev/null; then TEST_PACKAGES+=(chromium); fi

# One folder for both, wherever CARGO_TARGET_DIR points.
# shellcheck disable=SC2034 # used by ./run
TARGET="${CARGO_TARGET_DIR:-$PWD/target}"
# Where the program keeps its data, as it finds the place itself.
# shellcheck disable=SC2034 # used by ./run
DATA="${VITALOG_DATA_DIR:-${XDG_DATA_HOME:-$HOME/.local/share}/vitalog}"
export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
[ -x .node/node_modules/.bin/node ] && export PATH="$PWD/.node/node_modules/.bin:$PATH"

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# at_least 20.20.2 20.19.0
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Runs a command without its chatter; shows the chatter if it fails.
quietly() {
    local log status=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 || status=$?
    [ "$status" = 0 ] || cat "$log" >&2
    rm -f "$log"
    return "$status"
}

missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || say "$package"
    done
}

rust_is_there() {
    have cargo && have rustc && at_least "$(cargo --version 2>/dev/null | awk '{print $2}')" "$RUST_AT_LEAST"
}

node_is_there() {
    have npm && have node && at_least "$(node --version 2>/dev/null | tr -d v)" "$NODE_AT_LEAST"
}

# setup [--window] [--page] [--tests]: what the caller is about to do decides what it needs.
setup() {
    local wanted=("${BUILD_PACKAGES[@]}") rust='' node='' components='' missing=() option
    local page='' tests='' absent=''
    for option in "$@"; do
        case "$option" in
            --window) wanted+=("${WINDOW_PACKAGES[@]}") ;;
            --page) page=yes ;;
            --tests) tests=yes; wanted+=("${TEST_PACKAGES[@]}") ;;
        esac
    done
    if ! rust_is_there; then
        rust=yes
        wanted+=(curl ca-certificates)
    elif [ -n "$tests" ] && ! { have cargo-fmt && have cargo-clippy; }; then
        components=yes
    fi
    if [ -n "$page" ] && ! node_is_there; then
        node=yes
        # Any npm will do to fetch the right one.
        have npm || wanted+=(npm)
        wanted+=(ca-certificates)
    fi
    if have dpkg-query; then
        absent=$(missing_packages "${wanted[@]}" | sort -u)
        [ -z "$absent" ] || mapfile -t missing <<<"$absent"
    else
        say "This is not Debian or Ubuntu: packages are left to you. Needed here: ${wanted[*]}"
    fi
    [ -n "$rust$node$components" ] || [ "${#missing[@]}" -gt 0 ] || return 0

    say "Something is missing. This will be installed:"
    [ "${#missing[@]}" -eq 0 ] || say "  Debian packages, system-wide:  ${missing[*]}"
    [ -z "$rust" ] || say "  Rust (stable), by rustup's own installer, into ${CARGO_HOME:-$HOME/.cargo} and ${RUSTUP_HOME:-$HOME/.rustup}"
    [ -z "$components" ] || say "  rustfmt and clippy, by rustup"
    [ -z "$node" ] || say "  Node $NODE_TO_INSTALL with npm $NPM_TO_INSTALL, from npm, into $PWD/.node"
    say ""
    [ "${#missing[@]}" -eq 0 ] || install_packages "${missing[@]}"
    [ -z "$rust" ] || install_rust
    [ -z "$components" ] || install_components
    [ -z "$node" ] || install_node
}

install_packages() {
    [ "$(id -u)" = 0 ] || have sudo ||
        die "this needs root, and there is no sudo; as root run: apt-get install --no-install-recommends $*"
    say "Installing packages ..."
    # One broken source among many need not matter; the next step tells.
    quietly as_root apt-get update || say "apt-get update failed; going on with the lists that are there."
    quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" ||
        die "apt-get could not install: $*; is there a network?"
}

install_rust() {
    say "Installing Rust ..."
    if have rustup; then
        quietly rustup toolchain install stable --profile default || die "rustup could not install Rust"
        rust_is_there || quietly rustup default stable
    else
        curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
            sh -s -- -y --quiet --no-modify-path --default-toolchain stable --profile default ||
            die "Rust's installer failed; see https://rustup.rs for other ways, then start again"
    fi
    rust_is_there || die "Rust $RUST_AT_LEAST or newer is needed and still not there"
}

install_components() {
    have rustup || die "cargo fmt and cargo clippy are missing; install them with the package manager that brought cargo"
    quietly rustup component add rustfmt clippy || die "rustup could not add rustfmt and clippy"
}

install_node() {
    say "Installing Node ..."
    mkdir -p .node
    quietly npm install --prefix .node --no-save --no-fund --no-audit "node@$NODE_TO_INSTALL" "npm@$NPM_TO_INSTALL" ||
        die "npm could not install Node"
    export PATH="$PWD/.node/node_modules/.bin:$PATH"
    hash -r
    node_is_there || die "Node $NODE_AT_LEAST or newer is needed and still not there"
}

# The client library of the Model Context Protocol, which is not ours, for one test. Without a network that test is skipped.
PYTHON_MCP=2.3.0
agent_client() {
    [ "$(cat .python/.stamp 2>/dev/null)" = "$PYTHON_MCP" ] && return 0
    say "Installing the Python package mcp $PYTHON_MCP into $PWD/.python ..."
    if quietly python3 -m venv .python && quietly .python/bin/pip install --quiet --disable-pip-version-check "mcp==$PYTHON_MCP"; then
        printf '%s\n' "$PYTHON_MCP" >.python/.stamp
    else
        rm -rf .python
        say "It cannot be installed here; the test that needs it is skipped."
    fi
}

# npm ci, but only if the lock file or Node changed since the last time.
page_packages() {
    local stamp=ui/node_modules/.stamp now
    now="$(sha256sum <ui/package-lock.json) $(node --version)"
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ] && return 0
    (cd ui && npm ci --no-fund --no-audit) || return 1
    printf '%s\n' "$now" >"$stamp"
}

# Only if something changed: a page written anew, even the same, makes cargo build the program anew.
page_build() {
    local stamp=ui/node_modules/.built now
    now=$(find ui -name node_modules -prune -o -path ui/dist -prune -o -type f -print0 | sort -z | xargs -0 sha256sum)
    [ -f ui/dist/index.html ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ] && return 0
    (cd ui && npm run build) || return 1
    printf '%s\n' "$now" >"$stamp"
}
