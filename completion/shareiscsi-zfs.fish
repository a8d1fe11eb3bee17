# SPDX-License-Identifier: MPL-2.0
# Adds the property shareiscsi to fish's completion of zfs and zpool; nothing of that is replaced.
for program in zfs zpool
    complete -c $program -n 'string match -q "*shareiscsi=*" -- (commandline -ct)' -f
    complete -c $program -a '(shareiscsi completion -- (commandline -opc) (commandline -ct | string collect -a) 2>/dev/null)'
end
