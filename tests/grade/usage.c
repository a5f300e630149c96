/*
 * Numbers are taken from the processes themselves and never from getrusage, because the server may
 * be a grandchild of a shell, and because what counts is now and not in all.
 */
#include "tests/grade/usage.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/talk.h"

static FILE *open_proc(pid_t pid, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/%d/%.64s", pid, name);
	return fopen(path, "r");
}

/* Entries of a folder like /proc/PID/fd; the highest number among them is in HIGHEST. */
static int entries(pid_t pid, const char *name, int *highest)
{
	char path[64];
	int n = 0;

	*highest = -1;
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	DIR *folder = opendir(path);
	struct dirent *entry;
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		n++;
		if (number(entry->d_name) > *highest)
			*highest = number(entry->d_name);
	}
	if (folder != NULL)
		closedir(folder);
	return n;
}

int highest_descriptor(pid_t pid)
{
	int highest;

	entries(pid, "fd", &highest);
	return highest;
}

/* Where the kernel keeps no schedstat: processor time alone, in ticks. */
static long processor_ms(pid_t pid)
{
	char text[1024];
	long user = 0, system = 0;
	FILE *f = open_proc(pid, "stat");
	bool there = f != NULL && fgets(text, sizeof(text), f) != NULL;

	if (f != NULL)
		fclose(f);
	/* The name stands in parentheses and may hold any byte. */
	const char *end = there ? strrchr(text, ')') : NULL;
	if (end == NULL || sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld",
				  &user, &system) != 2)
		return 0;
	return (user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

/* On a busy machine a thread that spins runs little, but is always ready to run. */
static long busy_ms(pid_t pid)
{
	char name[300];
	unsigned long long ran, waited, sum = 0;
	bool known = false;

	snprintf(name, sizeof(name), "/proc/%d/task", pid);
	DIR *tasks = opendir(name);
	struct dirent *entry;
	while (tasks != NULL && (entry = readdir(tasks)) != NULL) {
		snprintf(name, sizeof(name), "task/%.20s/schedstat", entry->d_name);
		FILE *f = entry->d_name[0] == '.' ? NULL : open_proc(pid, name);
		if (f != NULL && fscanf(f, "%llu %llu", &ran, &waited) == 2) {
			sum += ran + waited;
			known = true;
		}
		if (f != NULL)
			fclose(f);
	}
	if (tasks != NULL)
		closedir(tasks);
	return known ? (long)(sum / 1000000) : processor_ms(pid);
}

static long anon_kib(pid_t pid)
{
	char line[256];
	long kib = 0;
	FILE *f = open_proc(pid, "status");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "RssAnon: %ld", &kib) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return kib;
}

static int lines(pid_t pid, const char *name)
{
	FILE *f = open_proc(pid, name);
	int n = 0, c;

	while (f != NULL && (c = getc(f)) != EOF)
		n += c == '\n';
	if (f != NULL)
		fclose(f);
	return n;
}

struct usage usage_of(const struct pids *pids)
{
	struct usage u = {.processes = 0};
	int parent, ignored;
	char state;

	for (int i = 0; i < pids->n; i++) {
		pid_t pid = pids->pid[i];
		if (!process_state(pid, &state, &parent))
			continue;
		if (state == 'Z') {
			u.zombies++;
			continue;
		}
		u.processes++;
		u.threads += entries(pid, "task", &ignored);
		u.descriptors += entries(pid, "fd", &ignored);
		u.mappings += lines(pid, "maps");
		u.busy_ms += busy_ms(pid);
		u.anon_kib += anon_kib(pid);
	}
	return u;
}
