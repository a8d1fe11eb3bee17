/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A run that is broken off by a signal says so. See interrupt.c.
 */
#ifndef SIS_CLI_INTERRUPT_H
#define SIS_CLI_INTERRUPT_H

/* From now on; a signal that is ignored (nohup) stays so. */
void sis_interrupt_tell(void);

#endif
