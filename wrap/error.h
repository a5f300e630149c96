/*
 * How a program reports what went wrong: one line on stderr, "program: WHAT", where WHAT is a
 * printf format with its arguments. complain and perr_exit are for a system call that failed and
 * add errno's sentence and name; message and message_exit are for the rest and add nothing.
 */
#ifndef WRAP_ERROR_H
#define WRAP_ERROR_H

#define PRINTF_LIKE __attribute__((format(printf, 1, 2))) /* the compiler checks the arguments */

/* The program with its topic, "select/server", from argv[0]. */
const char *program_name(void);

/* Prints "program: WHAT: Connection refused (ECONNREFUSED)". errno(3). */
void complain(const char *what, ...) PRINTF_LIKE;

/* The same for ERR, an error that is not in errno, such as the value of SO_ERROR. socket(7). */
void complain_of(int err, const char *what, ...) __attribute__((format(printf, 2, 3)));

/* As complain, then exit(1). */
void perr_exit(const char *what, ...) PRINTF_LIKE __attribute__((noreturn));

/* Prints "program: WHAT". */
void message(const char *what, ...) PRINTF_LIKE;

/* The same, then exit(1). */
void message_exit(const char *what, ...) PRINTF_LIKE __attribute__((noreturn));

#endif
