/* Opening sockets, and addresses as text. tcp/, udp/ and multicast/ spell the same calls out. */
#ifndef WRAP_NET_H
#define WRAP_NET_H

#include <stdint.h>
#include <sys/socket.h>

/* Bytes that the longest address takes as text: a path of AF_UNIX, every byte shown as \xNN. */
#define ADDRESS_TEXT 448

/*
 * Writes SA as text into TEXT: "127.0.0.1:9527", "[::1]:9527"; for AF_UNIX the path, "@name" for
 * an abstract one, "(unnamed)" for none. getnameinfo(3), unix(7).
 */
void address_text(const struct sockaddr *sa, socklen_t len, char text[ADDRESS_TEXT]);

/*
 * Return a TCP socket that listens on HOST and PORT (0: the kernel picks one), or is connected to
 * them, on the first of HOST's addresses that works; end the program when none does. HOST is a name
 * or literal, IPv4 or IPv6; "::" listens on IPv4 too. TCP_NODELAY is set, and inherited by what is
 * accepted; tcp_listen sets SO_REUSEADDR too. getaddrinfo(3), ip(7), ipv6(7), tcp(7).
 */
int tcp_listen(const char *host, uint16_t port);
int tcp_connect(const char *host, uint16_t port);

#endif
