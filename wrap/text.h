/* Addresses and data as printable text. */
#ifndef WRAP_TEXT_H
#define WRAP_TEXT_H

#include <stddef.h>
#include <sys/socket.h>

/* The longest address as text: an AF_UNIX path of 108 bytes, each as \xNN. */
#define ADDRESS_TEXT 448

/*
 * Writes the address SA, LEN bytes, into TEXT: "127.0.0.1:9527", "[::1]:9527"; for AF_UNIX the
 * path, "@name" for an abstract name, "(unnamed)" for no name. Returns TEXT; errno stays as it was,
 * so that the call can be part of an error message. getnameinfo(3), unix(7).
 */
const char *address_text(const struct sockaddr *sa, socklen_t len, char text[ADDRESS_TEXT]);

/*
 * Writes the N bytes of DATA into TEXT (SIZE bytes, with the NUL): printable ASCII characters as
 * they are, every other byte, a newline too, as \xNN. What does not fit is left out.
 */
void printable(char *text, size_t size, const char *data, size_t n);

#endif
