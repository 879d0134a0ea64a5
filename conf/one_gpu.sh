# Sourced by a task on a GPU without a scheduler: waits for a free card of this machine, keeps it while the task lives.
#   . one_gpu.sh CARDS        leaves the card's number in CUDA_VISIBLE_DEVICES
# Cards are 0 .. CARDS-1, or those of CUDA_VISIBLE_DEVICES where it is set. Tasks of other runs of the same user wait too.
# A lock ends with the process that holds it, however it ends.
one_gpu_cards=${CUDA_VISIBLE_DEVICES-$(seq -s, 0 $(($1 - 1)))}
[ -n "$one_gpu_cards" ] || { echo "a GPU was asked for, but there is none: --gpus $1, CUDA_VISIBLE_DEVICES '${CUDA_VISIBLE_DEVICES-not set}'" >&2; exit 2; }
one_gpu_fd=
while [ -z "$one_gpu_fd" ]; do
    for one_gpu_card in ${one_gpu_cards//,/ }; do
        exec {one_gpu_fd}>"${XDG_RUNTIME_DIR:-/tmp}/dnabert-enhancer-$(id -u)-gpu-$one_gpu_card.lock"
        flock -n "$one_gpu_fd" && export CUDA_VISIBLE_DEVICES=$one_gpu_card && break
        exec {one_gpu_fd}>&-
        one_gpu_fd=
    done
    [ -n "$one_gpu_fd" ] || sleep 1
done
