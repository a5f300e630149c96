/*
 * Error messages. Each is put together in memory and written with one write(2), so that the lines
 * of several threads and processes don't mix. The table of error names is here because not every C
 * library has strerrorname_np.
 */
#include "wrap/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES 512 /* a longer message is cut */

#define NAME(number) [number] = #number
/* clang-format off */
static const char *const names[] = {
	NAME(EPERM), NAME(ENOENT), NAME(ESRCH), NAME(EINTR), NAME(EIO), NAME(ENXIO), NAME(E2BIG),
	NAME(ENOEXEC), NAME(EBADF), NAME(ECHILD), NAME(EAGAIN), NAME(ENOMEM), NAME(EACCES),
	NAME(EFAULT), NAME(ENOTBLK), NAME(EBUSY), NAME(EEXIST), NAME(EXDEV), NAME(ENODEV),
	NAME(ENOTDIR), NAME(EISDIR), NAME(EINVAL), NAME(ENFILE), NAME(EMFILE), NAME(ENOTTY),
	NAME(ETXTBSY), NAME(EFBIG), NAME(ENOSPC), NAME(ESPIPE), NAME(EROFS), NAME(EMLINK),
	NAME(EPIPE), NAME(EDOM), NAME(ERANGE), NAME(EDEADLK), NAME(ENAMETOOLONG), NAME(ENOLCK),
	NAME(ENOSYS), NAME(ENOTEMPTY), NAME(ELOOP), NAME(ENOMSG), NAME(EIDRM), NAME(ECHRNG),
	NAME(EL2NSYNC), NAME(EL3HLT), NAME(EL3RST), NAME(ELNRNG), NAME(EUNATCH), NAME(ENOCSI),
	NAME(EL2HLT), NAME(EBADE), NAME(EBADR), NAME(EXFULL), NAME(ENOANO), NAME(EBADRQC),
	NAME(EBADSLT), NAME(EBFONT), NAME(ENOSTR), NAME(ENODATA), NAME(ETIME), NAME(ENOSR),
	NAME(ENONET), NAME(ENOPKG), NAME(EREMOTE), NAME(ENOLINK), NAME(EADV), NAME(ESRMNT),
	NAME(ECOMM), NAME(EPROTO), NAME(EMULTIHOP), NAME(EDOTDOT), NAME(EBADMSG), NAME(EOVERFLOW),
	NAME(ENOTUNIQ), NAME(EBADFD), NAME(EREMCHG), NAME(ELIBACC), NAME(ELIBBAD), NAME(ELIBSCN),
	NAME(ELIBMAX), NAME(ELIBEXEC), NAME(EILSEQ), NAME(ERESTART), NAME(ESTRPIPE), NAME(EUSERS),
	NAME(ENOTSOCK), NAME(EDESTADDRREQ), NAME(EMSGSIZE), NAME(EPROTOTYPE), NAME(ENOPROTOOPT),
	NAME(EPROTONOSUPPORT), NAME(ESOCKTNOSUPPORT), NAME(EOPNOTSUPP), NAME(EPFNOSUPPORT),
	NAME(EAFNOSUPPORT), NAME(EADDRINUSE), NAME(EADDRNOTAVAIL), NAME(ENETDOWN),
	NAME(ENETUNREACH), NAME(ENETRESET), NAME(ECONNABORTED), NAME(ECONNRESET), NAME(ENOBUFS),
	NAME(EISCONN), NAME(ENOTCONN), NAME(ESHUTDOWN), NAME(ETOOMANYREFS), NAME(ETIMEDOUT),
	NAME(ECONNREFUSED), NAME(EHOSTDOWN), NAME(EHOSTUNREACH), NAME(EALREADY), NAME(EINPROGRESS),
	NAME(ESTALE), NAME(EUCLEAN), NAME(ENOTNAM), NAME(ENAVAIL), NAME(EISNAM), NAME(EREMOTEIO),
	NAME(EDQUOT), NAME(ENOMEDIUM), NAME(EMEDIUMTYPE), NAME(ECANCELED), NAME(ENOKEY),
	NAME(EKEYEXPIRED), NAME(EKEYREVOKED), NAME(EKEYREJECTED), NAME(EOWNERDEAD),
	NAME(ENOTRECOVERABLE), NAME(ERFKILL), NAME(EHWPOISON),
};
/* clang-format on */

const char *program_name(void)
{
	const char *path = program_invocation_name, *name = strrchr(path, '/');

	if (name == NULL)
		return path;
	while (name > path && name[-1] != '/') /* back over the topic's folder */
		name--;
	return name;
}

/* Writes one line, with the text and name of ERR unless that is 0. */
static void print(int err, const char *what, va_list args)
{
	size_t known = sizeof(names) / sizeof(names[0]);
	const char *name = (size_t)err < known && names[err] != NULL ? names[err] : "no name";
	char text[TEXT_BYTES], line[2 * TEXT_BYTES];

	vsnprintf(text, sizeof(text), what, args);
	if (err == 0)
		snprintf(line, sizeof(line), "%s: %s\n", program_name(), text);
	else
		snprintf(line, sizeof(line), "%s: %s: %s (%s)\n", program_name(), text,
			 strerror(err), name);
	if (write(STDERR_FILENO, line, strlen(line)) == -1)
		return; /* there is nowhere left to report that */
}

void complain(const char *what, ...)
{
	va_list args;

	va_start(args, what);
	print(errno, what, args);
	va_end(args);
}

void complain_of(int err, const char *what, ...)
{
	va_list args;

	va_start(args, what);
	print(err, what, args);
	va_end(args);
}

void perr_exit(const char *what, ...)
{
	va_list args;

	va_start(args, what);
	print(errno, what, args);
	va_end(args);
	exit(EXIT_FAILURE);
}

void message(const char *what, ...)
{
	va_list args;

	va_start(args, what);
	print(0, what, args);
	va_end(args);
}

void message_exit(const char *what, ...)
{
	va_list args;

	va_start(args, what);
	print(0, what, args);
	va_end(args);
	exit(EXIT_FAILURE);
}
