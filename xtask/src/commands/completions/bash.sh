
# `_xtask` with the names that are found only when they are asked for.
__xtask_complete() {
    local word given=() i names=
    for ((i = 2; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        [[ $word == -* ]] || given+=("$word")
    done
    case "${COMP_WORDS[1]}:${#given[@]}" in
        @ONE@) names=$(__xtask_lessons) ;;
        @MANY@) names=$(__xtask_lessons) ;;
        break:1) names=$(__xtask_mistakes "${given[0]}") ;;
        test:1) names=$(__xtask_tests "${given[0]}") ;;
        dry-run:1 | explore:1) names=$(__xtask_models "${given[0]}") ;;
    esac
    # The value of an option is no lesson.
    case "$3" in @VALUED@) names= ;; esac
    if [[ -n $names && $2 != -* && $COMP_CWORD -ge 2 ]]; then
        # Not by compgen, which would expand the words as a command line.
        COMPREPLY=()
        while IFS= read -r word; do
            [[ $word == "$2"* ]] && COMPREPLY+=("$word")
        done <<<"$names"
    else
        _xtask "$@"
    fi
}

# `cargo xtask …` as `xtask …`, and anything else as it was completed before.
__xtask_of_cargo() {
    if [[ $COMP_CWORD -ge 2 && ${COMP_WORDS[1]} == xtask ]]; then
        local before=$3
        COMP_WORDS=("${COMP_WORDS[@]:1}")
        COMP_CWORD=$((COMP_CWORD - 1))
        __xtask_complete xtask "$2" "$before"
        return 0
    fi
    if [[ -n $__xtask_cargo_before ]]; then
        "$__xtask_cargo_before" "$@"
    fi
    if [[ $COMP_CWORD -eq 1 && -n $2 && xtask == "$2"* && " ${COMPREPLY[*]} " != *" xtask "* ]]; then
        COMPREPLY+=(xtask)
    fi
}

# What completes cargo otherwise: bash-completion loads it only when it is first asked for, and must do so before.
if declare -F _comp_load >/dev/null; then
    _comp_load cargo 2>/dev/null
elif declare -F _completion_loader >/dev/null; then
    _completion_loader cargo 2>/dev/null
fi
__xtask_found=
if [[ $(complete -p cargo 2>/dev/null) =~ -F\ ([^\ ]+) ]]; then
    __xtask_found=${BASH_REMATCH[1]}
fi
# Sourced a second time, it must not find itself; _minimal, of bash-completion, only names files.
case "$__xtask_found" in
    __xtask_of_cargo) ;;
    _minimal | _comp_complete_minimal) __xtask_cargo_before= ;;
    *) __xtask_cargo_before=$__xtask_found ;;
esac
unset __xtask_found
complete -o bashdefault -o default -F __xtask_complete xtask
complete -o bashdefault -o default -F __xtask_of_cargo cargo
