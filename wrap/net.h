/*
 * Opening TCP sockets by name: wrap/net.c has what servers and clients share, and what servers
 * need; wrap/connect.c has the clients' side. tcp/ spells the same calls out.
 */
#ifndef WRAP_NET_H
#define WRAP_NET_H

#include <stdint.h>

/*
 * Both return a TCP socket for HOST, a name or an address, IPv4 or IPv6 (with or without brackets),
 * and PORT; when none of HOST's addresses works they end the program with a line about the last
 * one. The socket has TCP_NODELAY. getaddrinfo(3), tcp(7).
 *
 * tcp_listen takes the first address that can be bound, IPv4 before IPv6; with PORT 0 the kernel
 * picks a free port, and "::" takes IPv4 clients too. The socket has SO_REUSEADDR. ip(7), ipv6(7).
 * tcp_connect tries the addresses in their order, and waits for each one SECONDS at most; with 0 it
 * waits until the kernel gives up, which takes about two minutes. connect(2).
 */
int tcp_listen(const char *host, uint16_t port);
int tcp_connect(const char *host, uint16_t port, double seconds);

/*
 * As tcp_listen, but the socket does not listen yet. REUSE is the option that it has, SO_REUSEADDR
 * or SO_REUSEPORT. With *PORT 0, *PORT becomes the port that the kernel has picked. socket(7).
 */
int tcp_bind(const char *host, uint16_t *port, int reuse);

/*
 * As tcp_connect, but when no address works it prints that line and returns -1. A HOST that has no
 * address still ends the program.
 */
int tcp_try_connect(const char *host, uint16_t port, double seconds);

/*
 * Ends the program when the client socket FD is connected to itself. That happens when it connects
 * to a port of this machine on which nobody listens, and the kernel gives the client just that
 * port.
 */
void check_peer(int fd);

/* From now on no call on FD blocks (O_NONBLOCK). Ends the program when that fails. fcntl(2). */
void set_nonblocking(int fd);

#endif
