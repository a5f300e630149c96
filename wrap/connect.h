/*
 * The parts of tcp_connect (wrap/net.h), for a program that connects in another way. Those that
 * servers need, too, stand in net.c.
 */
#ifndef WRAP_CONNECT_H
#define WRAP_CONNECT_H

#include <netdb.h>
#include <stdint.h>

/* An attempt is an address and, once it has failed, the call that failed and its errno. */
struct attempt {
	const struct addrinfo *ai;
	const char *call;
	int err;
};

/* Returns HOST's addresses with PORT, for freeaddrinfo(3). Ends the program if there is none. */
struct addrinfo *tcp_addresses(const char *host, uint16_t port);

/*
 * tcp_socket and tcp_start_connect return a new socket with TCP_NODELAY, or -1; the second one
 * makes it non-blocking and starts to connect it. When poll reports POLLOUT, connect_error returns
 * 0 if the socket is connected, otherwise the error.
 */
int tcp_socket(struct attempt *a);
int tcp_start_connect(struct attempt *a);
int connect_error(int fd);

/*
 * attempt_failed closes FD, unless it is -1, notes in A that CALL failed with ERR, and returns -1.
 * complain_about prints that: "connect 127.0.0.1:6666: Connection refused (ECONNREFUSED)".
 */
int attempt_failed(struct attempt *a, int fd, const char *call, int err);
void complain_about(const struct attempt *a);

#endif
