# What tests/containers/run and tests/slurm/run share: packages, engines, images. Sourced by bash.
# All state is in $state; a Docker daemon or a podman that this machine has already is used as it is.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
helpers=$root/../shared/tools
state=${DNABERT_ENHANCER_ENGINES:-${XDG_CACHE_HOME:-$HOME/.cache}/dnabert-enhancer-engines}
version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' "$root/src/dnabert_enhancer/__init__.py")
mkdir -p "$state"

one_at_a_time() { # of the scripts that use $state; a daemon must not inherit the lock (9>&-)
    exec 9>"$state/lock"
    flock -n 9 || { echo "waiting for another suite that uses $state"; flock 9; }
}

not_run() {
    echo "$(basename "$(dirname "$0")") suite: NOT RUN: $*" >&2
    exit 3
}

python_environment() {
    make -C "$root" --silent .venv/all.stamp >&2 || not_run "the Python environment cannot be made: see above"
    export PATH="$root/.venv/bin:$PATH" OMP_NUM_THREADS=1 NXF_ANSI_LOG=false
    command -v java >/dev/null || not_run "Java is missing: the pipeline cannot run"
}

packages() { # PROGRAM=PACKAGE…: installs the packages whose program is missing
    local wanted=() pair
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || wanted+=("${pair#*=}")
    done
    [ ${#wanted[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || not_run "missing, and only root can install with apt: ${wanted[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null ||
        not_run "apt could not install ${wanted[*]}"
}

needs_helpers() {
    [ -d "$helpers" ] || not_run "no $1 here, and ../shared/tools, which starts one, is missing"
    [ "$(id -u)" = 0 ] || not_run "no $1 here, and only root can start one"
}

docker_up() {
    if ! docker info >/dev/null 2>&1; then
        needs_helpers "Docker daemon"
        packages dockerd=docker.io
        docker_stop # a daemon that an interrupted run left
        base_image
        W=$state D=$state/docker bash "$helpers/docker.sh" up >"$state/docker-up.log" 2>&1 9>&- || { cat "$state/docker-up.log"; not_run "the Docker daemon did not start"; }
        export DOCKER_HOST=unix://$state/docker/docker.sock
        docker_is_ours=yes
    fi
    echo "docker: server $(docker info --format '{{.ServerVersion}}, {{.Driver}}')"
}

docker_stop() {
    local pid
    pid=$(cat "$state/docker/dockerd.pid" 2>/dev/null) || return 0
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]; then
        kill "$pid"
        for _ in $(seq 60); do [ -d "/proc/$pid" ] && sleep 0.5 || break; done
    fi
    rm -f "$state/docker/dockerd.pid"
}

docker_down() {
    [ -z "${docker_is_ours:-}" ] || docker_stop
}

# debian:bookworm-slim from Debian's packages, for a machine that reaches no image registry
base_image() {
    [ ! -f "$state/base.tar" ] || return 0
    packages mmdebstrap=mmdebstrap
    echo "base image: a stand-in for debian:bookworm-slim is made (about a minute, once)"
    # mmdebstrap goes by the ending: without .tar it makes a folder
    rm -rf "$state/base.tar" "$state/base.part" "$state/base.part.tar"
    W=$state bash "$helpers/base-image.sh" "$state/base.part.tar" >"$state/base-image.log" 2>&1 || { tail "$state/base-image.log"; not_run "the base image could not be made"; }
    mv -T "$state/base.part.tar" "$state/base.tar"
}

podman_up() {
    if [ -d "$helpers" ] && [ "$(id -u)" = 0 ]; then
        packages podman=podman runc=runc
        base_image
        W=$state
        # shellcheck source=/dev/null
        . "$helpers/podman.sh" >"$state/podman-up.log" 2>&1 || { cat "$state/podman-up.log"; not_run "podman does not work"; }
        podman_is_ours=yes
    fi
    podman info >/dev/null 2>&1 || not_run "podman does not work here: $(podman info 2>&1 | tail -1)"
    echo "podman: $(podman --version)"
}

docker_build() { # a client with BuildKit: the first docker on the PATH may have none
    local client=docker
    docker buildx version >/dev/null 2>&1 || [ ! -x /usr/bin/docker ] || client=/usr/bin/docker
    DOCKER_BUILDKIT=1 "$client" build "$@"
}

inputs() { # a digest of all that an image is made from
    (cd "$root" && find .dockerignore LICENSE README.md bin containers pyproject.toml requirements src -type f ! -name '*.pyc' -print0 |
        sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16)
}

image() { # DOCKERFILE TAG: builds it with docker, unless the image that is there was made from the same files
    local file=$1 name=dnabert-enhancer:$2 digest start=$SECONDS
    digest=$(inputs)
    if [ "$(docker image inspect -f '{{index .Config.Labels "dnabert-enhancer.inputs"}}' "$name" 2>/dev/null)" = "$digest" ]; then
        echo "image $name: there already, made from the same files (digest $digest)"
        return 0
    fi
    echo "image $name: building from $file (log: $state/build-$2.log)"
    docker_build -f "$root/$file" --build-arg "VERSION=$version" --label "dnabert-enhancer.inputs=$digest" -t "$name" "$root" >"$state/build-$2.log" 2>&1 ||
        { tail -30 "$state/build-$2.log"; not_run "$file does not build"; }
    # in our own store, what older builds left
    [ -z "${docker_is_ours:-}" ] || { docker image prune -f && docker builder prune -f --keep-storage 8GB; } >/dev/null
    echo "image $name: built in $((SECONDS - start)) s"
}

image_to_podman() { # TAG: the same image in podman's store
    local name=dnabert-enhancer:$1 start=$SECONDS
    [ "$(podman image inspect -f '{{.Id}}' "$name" 2>/dev/null)" != "$(docker image inspect -f '{{.Id}}' "$name" | cut -d: -f2)" ] || return 0
    docker save "$name" | podman load -q >/dev/null || not_run "podman could not load the image"
    [ -z "${podman_is_ours:-}" ] || podman image prune -f >/dev/null
    echo "image $name: copied to podman in $((SECONDS - start)) s"
}

tests() { # FOLDER [pytest options]: the tests of a folder; what they wrote stays only where one failed
    local folder=$1 scratch status=0
    shift
    scratch=$(mktemp -d)
    DNABERT_ENHANCER_ENGINES=$state pytest "$root/tests/$folder" -p no:cacheprovider --basetemp "$scratch/run" "$@" || status=$?
    [ "$status" -ne 0 ] || rm -rf "$scratch"
    return "$status"
}
