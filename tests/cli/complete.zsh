# SPDX-License-Identifier: MPL-2.0
# What zsh offers for a command line, one candidate a line: types it and a tab into a zsh of its own
# and writes down what its completion system is given.
# usage: zsh -f complete.zsh FOLDER LINE      (FOLDER: with completion functions, before all others)

zmodload zsh/zpty
typeset -x CAPTURE=$(mktemp)
mkdir $CAPTURE.d
zpty z zsh -f -i
zpty -w z "PROMPT= RPROMPT=; unsetopt beep zle_bracketed_paste; fpath=(${(q)1:A} \$fpath)"
zpty -w z "autoload -Uz compinit; compinit -u -d $CAPTURE.d/dump"
zpty -w z 'compadd() {
	local -a hits
	[[ ${@[1,(i)(-|--)]} == *-[OAD]\ * ]] || {
		builtin compadd -A hits "$@"
		print -rl -- $hits >>$CAPTURE
	}
	builtin compadd "$@"
}
bindkey "^I" complete-word
comppostfuncs=(exit)'
zpty -w -n z "$2"$'\t'
while zpty -r z >/dev/null; do :; done
grep . $CAPTURE | sort -u
rm -rf $CAPTURE $CAPTURE.d
