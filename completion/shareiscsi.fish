# SPDX-License-Identifier: MPL-2.0
# Completion of shareiscsi in fish. The program itself says what may follow; this only carries it.
complete -c shareiscsi -f -a '(shareiscsi completion -- (commandline -opc) (commandline -ct | string collect -a) 2>/dev/null)'
