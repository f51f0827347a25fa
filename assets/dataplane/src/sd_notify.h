/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KB_SD_NOTIFY_H
#define KB_SD_NOTIFY_H

/*
 * Tells the service manager: "READY=1", "STATUS=text", "STOPPING=1", newline between several.
 * Does nothing without NOTIFY_SOCKET. A lost notification is the manager's to time out.
 */
void kb_sd_notify(const char *state);

#endif
