#include "udp/buffer.h"

#include <sys/socket.h>

#include "wrap/run.h"
#include "wrap/wrap.h"

int buffer(int fd, int option)
{
	int granted;
	socklen_t len = sizeof(granted);

	if (opt.bytes > 0 &&
	    setsockopt(fd, SOL_SOCKET, option, &opt.bytes, sizeof(opt.bytes)) == -1)
		perr_exit("setsockopt -B");
	if (getsockopt(fd, SOL_SOCKET, option, &granted, &len) == -1)
		perr_exit("getsockopt -B");
	return granted;
}
