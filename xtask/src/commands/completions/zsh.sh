
# The first word after the command that is no option.
__xtask_lesson_given() {
    local word
    for word in "${(@)words[2,CURRENT-1]}"; do
        if [[ $word != -* ]]; then
            print -r -- $word
            return
        fi
    done
}

_xtask_lessons() {
    local -a names
    names=(${(f)"$(__xtask_lessons)"})
    compadd "$@" -a names
}

_xtask_mistakes() {
    local -a names
    names=(${(f)"$(__xtask_mistakes "$(__xtask_lesson_given)")"})
    compadd "$@" -a names
}

_xtask_tests() {
    local -a names
    names=(${(f)"$(__xtask_tests "$(__xtask_lesson_given)")"})
    compadd "$@" -a names
}

_xtask_models() {
    local -a names
    names=(${(f)"$(__xtask_models "$(__xtask_lesson_given)")"})
    compadd "$@" -a names
}

# cargo's own completion calls this for `cargo xtask …`.
_cargo-xtask() { _xtask "$@" }

# Without that, there is at least this.
__xtask_of_cargo() {
    if (( CURRENT > 2 )) && [[ $words[2] == xtask ]]; then
        shift words
        (( CURRENT-- ))
        _xtask "$@"
    elif (( CURRENT == 2 )); then
        compadd xtask
    else
        _default
    fi
}
if (( ! $+_comps[cargo] )); then
    compdef __xtask_of_cargo cargo
fi
