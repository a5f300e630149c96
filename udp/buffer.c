#include "udp/buffer.h"

#include <sys/socket.h>

#include "wrap/error.h"
#include "wrap/options.h"

int set_buffer(int fd, int option)
{
	int granted;
	socklen_t len = sizeof(granted);

	if (opt.buffer_bytes > 0 &&
	    setsockopt(fd, SOL_SOCKET, option, &opt.buffer_bytes, sizeof(opt.buffer_bytes)) == -1)
		perr_exit("setsockopt -B");
	if (getsockopt(fd, SOL_SOCKET, option, &granted, &len) == -1)
		perr_exit("getsockopt -B");
	return granted;
}
