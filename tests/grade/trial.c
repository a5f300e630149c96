/* All trials, from the files that hold them. */
#include "tests/grade/trial.h"

#include <string.h>

#include "tests/grade/trials_basic.h"
#include "tests/grade/trials_client.h"
#include "tests/grade/trials_crowd.h"
#include "tests/grade/trials_datagram.h"
#include "tests/grade/trials_exercise.h"
#include "tests/grade/trials_exercise_crowd.h"
#include "tests/grade/trials_exercise_end.h"
#include "tests/grade/trials_leave.h"
#include "tests/grade/trials_limit.h"
#include "tests/grade/trials_path.h"
#include "tests/grade/trials_rough.h"
#include "tests/grade/trials_row.h"

const struct trial *trial_named(const char *name)
{
	const struct trial *lists[] = {trials_basic,	trials_rough,	       trials_crowd,
				       trials_row,	trials_limit,	       trials_leave,
				       trials_datagram, trials_path,	       trials_client,
				       trials_exercise, trials_exercise_crowd, trials_exercise_end};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (const struct trial *t = lists[i]; t->name != NULL; t++)
			if (strcmp(t->name, name) == 0)
				return t;
	return NULL;
}
