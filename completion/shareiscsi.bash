# SPDX-License-Identifier: MPL-2.0
# shellcheck shell=bash
# Completion of shareiscsi in bash. The program itself says what may follow; this only carries it.

# The words up to the cursor as the shell will see them: COMP_WORDS is also cut at '=' and ':'.
_shareiscsi_words() {
	local rest=${COMP_LINE:0:COMP_POINT} word
	words=()
	for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
		if [[ $rest == [[:blank:]]* || ${#words[@]} -eq 0 ]]; then
			words+=("")
			rest=${rest#"${rest%%[![:blank:]]*}"}
		fi
		words[-1]+=${rest:0:${#word}}
		rest=${rest:${#word}}
	done
}

# What the program $1 has to say of $words, in COMPREPLY behind what is there.
_shareiscsi_reply() {
	local candidate keep=${words[-1]} only=0
	# what stands in front of the last character that cuts words stays as it is
	keep=${keep%"${keep##*["$COMP_WORDBREAKS"]}"}
	while IFS=$'\t' read -r candidate _; do
		candidate=${candidate#"$keep"}
		[[ $candidate != *[!A-Za-z0-9_@%+=:,./-]* ]] || printf -v candidate %q "$candidate"
		COMPREPLY+=("$candidate")
		only=$((only + 1))
	done < <("$1" completion -- "${words[@]}" 2>/dev/null)
	if [[ $only -eq 1 && ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:/] ]]; then
		compopt -o nospace 2>/dev/null
	fi
}

_shareiscsi() {
	local words
	COMPREPLY=()
	_shareiscsi_words
	_shareiscsi_reply "$1"
}

complete -F _shareiscsi shareiscsi
