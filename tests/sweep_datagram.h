/* The clients of a datagram or group server while one of its calls fails. */
#ifndef TESTS_SWEEP_DATAGRAM_H
#define TESTS_SWEEP_DATAGRAM_H

#include <sys/socket.h>

/*
 * Sends datagrams to SA and awaits their answers there, or at GROUP when that is not -1. At most
 * one answer may be missing, and not the last one. Reports what is wrong.
 */
void datagram_session(const struct sockaddr *sa, socklen_t len, int group);

/*
 * A socket on a port of the kernel's choice, PORT, where all that is sent to the listeners of a
 * group or to the loopback's broadcast address arrives. Others may share the port.
 */
int group_listener(const char *group, int *port);

#endif
