#ifndef FAN_APP_LESSON_FIGURE_H
#define FAN_APP_LESSON_FIGURE_H

/*
 * Figures of a lesson: what a command of this very program prints, asked when the lesson is read.
 * So they are the reader's own, and no text can say what the program does not.
 *
 * A command is a line "fanlab explore 04 --json"; its words are separated by spaces and mean
 * nothing to any shell. A word may hold one figure of another command in braces:
 *
 *     fanlab replay {fanlab explore 04 --json /findings/0/replay}
 */
enum { FAN_FIGURE_WHY = 200 };

/* Runs a command and gives what it wrote to its standard output; the caller frees it. `program` is
 * the path of fanlab, NULL for this program itself. Blocks until the command has ended. Errors,
 * with one line in `why`: EINVAL for what is no command of fanlab or is refused by it (an exit code
 * above 1), ENOMEM, those of posix_spawn(3). */
int fan_figure_run(const char *program, const char *command, char **output,
                   char why[FAN_FIGURE_WHY]);

/* Puts the figure into a command that holds one, and copies any other; the caller frees it. Errors
 * as above. */
int fan_figure_complete(const char *program, const char *command, char **completed,
                        char why[FAN_FIGURE_WHY]);

/* Gives one value out of a command's JSON: the command's last word is its path there, as in
 * /runs/0/schedules. Whole numbers come with their thousands marked, others with one decimal, true
 * and false as yes and no. Errors as above; EINVAL also for a path that leads nowhere. */
int fan_figure_pick(const char *program, const char *command, char **value,
                    char why[FAN_FIGURE_WHY]);

#endif
