/*
 * Text for people: what the log and the error messages show of addresses and of clients' data.
 * Bytes that a terminal might obey (control characters, escape sequences) never get through.
 */
#include "wrap/text.h"

#include <errno.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

void printable(char *text, size_t size, const char *data, size_t n)
{
	const size_t longest = sizeof("\\xNN") - 1;
	size_t len = 0;

	for (size_t i = 0; i < n && len + longest < size; i++) {
		unsigned char c = (unsigned char)data[i];
		if (c >= ' ' && c <= '~')
			text[len++] = (char)c;
		else
			len += (size_t)sprintf(text + len, "\\x%02x", c);
	}
	text[len] = '\0';
}

/* A path of 108 bytes has no NUL behind it; for a shorter one LEN may count the NUL or not. */
static void path_text(const struct sockaddr_un *sun, size_t len, char text[ADDRESS_TEXT])
{
	const size_t start = offsetof(struct sockaddr_un, sun_path);
	size_t n = len > start ? len - start : 0;

	if (n > sizeof(sun->sun_path))
		n = sizeof(sun->sun_path);
	if (n == 0) {
		strcpy(text, "(unnamed)");
	} else if (sun->sun_path[0] == '\0') { /* an abstract name, which is no file */
		text[0] = '@';
		printable(text + 1, ADDRESS_TEXT - 1, sun->sun_path + 1, n - 1);
	} else {
		printable(text, ADDRESS_TEXT, sun->sun_path, strnlen(sun->sun_path, n));
	}
}

const char *address_text(const struct sockaddr *sa, socklen_t len, char text[ADDRESS_TEXT])
{
	char host[64], port[8]; /* enough for an IPv6 address with its interface */
	int err = errno;

	if (sa->sa_family == AF_UNIX)
		path_text((const struct sockaddr_un *)sa, len, text);
	else if (getnameinfo(sa, len, host, sizeof(host), port, sizeof(port),
			     NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		strcpy(text, "(unknown)");
	else
		snprintf(text, ADDRESS_TEXT, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
	errno = err;
	return text;
}
