#define _GNU_SOURCE
#include "app/practice_watch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "app/command.h"
#include "app/keypress.h"
#include "app/lesson/print.h"
#include "app/practice.h"
#include "app/practice_record.h"
#include "app/request.h"

enum { GO_ON = -1, BEFORE_HINTS = 2 };

struct watch {
    const struct fan_scenario *bug;
    const char *path, *name; /* the name is the path's last part */
    struct fan_interrupt interrupt;
    struct fan_keypress keys;
    int saves;           /* of the directory, from inotify: editors put a new file in its place */
    int failures, hints; /* attempts that did not hold; hints that were shown */
    bool has_lesson;
    struct fan_lesson lesson;
    int exit_code; /* GO_ON, or what to return */
};

/* ---- hints ---- */

static const struct fan_block *hint(const struct watch *watch, int number)
{
    for (int i = 0; watch->has_lesson && i < watch->lesson.stage_count; i++) {
        if (number < watch->lesson.stages[i].hint_count)
            return watch->lesson.stages[i].hints[number];
        number -= watch->lesson.stages[i].hint_count;
    }
    return NULL;
}

static void show_hint(struct watch *watch)
{
    const struct fan_block *block = hint(watch, watch->hints);
    char mark[24];
    if (!block) {
        printf(
            "There are no more hints: fanlab lesson %s tells all, --solution writes our repair.\n",
            watch->bug->id);
        return;
    }
    snprintf(mark, sizeof mark, "hint %d  ", ++watch->hints);
    fan_print_hint(stdout, mark, block);
}

static void say_keys(const struct watch *watch)
{
    bool offers = watch->failures >= BEFORE_HINTS && hint(watch, watch->hints);
    printf("\nWaiting for the next save of %s.%s  q ends this.\n", watch->path,
           offers ? "  h shows a hint." : "");
    fflush(stdout);
}

/* ---- judging ---- */

static void take_verdict(struct watch *watch, const struct fan_practice *practice)
{
    char why[FAN_PROGRESS_WHY] = "";
    switch (practice->end) {
    case FAN_PRACTICE_HOLDS:
        watch->exit_code = FAN_EXIT_CLEAN;
        if (fan_practice_record(watch->bug, why) != 0)
            fprintf(stderr, "fanlab practice: %s\n", why);
        break;
    case FAN_PRACTICE_FAILS:
    case FAN_PRACTICE_UNDECIDED:
        watch->failures++;
        break;
    case FAN_PRACTICE_LACKING:
        fprintf(stderr, "fanlab practice: %s\n", practice->message);
        watch->exit_code = FAN_EXIT_LACKING;
        return;
    case FAN_PRACTICE_STOPPED:
        watch->exit_code = FAN_EXIT_SIGNAL + practice->signal;
        return;
    }
    fan_practice_print(stdout, practice);
}

static void judge_compiled(struct watch *watch, const struct fan_userfile *file)
{
    struct fan_practice *practice = calloc(1, sizeof *practice);
    struct fan_subject subject = {&file->scenarios[0], file->real, file->sim, file->practised};
    if (!practice || file->practised != watch->bug) {
        printf("%s is no attempt at %s: its first line says what it is.\n", watch->path,
               watch->bug->id);
        free(practice);
        return;
    }
    *practice = (struct fan_practice){.subject = &subject, .seed = FAN_REQUEST_SEED};
    fan_practice_judge(practice, &watch->interrupt);
    take_verdict(watch, practice);
    fan_practice_release(practice);
    free(practice);
}

static void judge(struct watch *watch)
{
    struct fan_userfile file;
    char why[FAN_USERFILE_WHY];
    int signal = 0;
    printf("\n---- %s\n\n", watch->path);
    fflush(stdout);
    switch (fan_userfile_open(watch->path, FAN_USERFILE_REAL | FAN_USERFILE_SIM, &watch->interrupt,
                              &file, &signal, why)) {
    case FAN_USERFILE_FINE:
        judge_compiled(watch, &file);
        fan_userfile_close(&file);
        break;
    case FAN_USERFILE_UNUSABLE:
        watch->failures++;
        printf("NOT YET. %s.\n", why);
        break;
    case FAN_USERFILE_LACKING:
        fprintf(stderr, "fanlab practice: %s\n", why);
        watch->exit_code = FAN_EXIT_LACKING;
        break;
    case FAN_USERFILE_STOPPED:
        watch->exit_code = FAN_EXIT_SIGNAL + signal;
        break;
    }
}

/* ---- events ---- */

static bool names_it(const struct watch *watch, const struct inotify_event *event)
{
    return (event->mask & IN_Q_OVERFLOW) || (event->len && strcmp(event->name, watch->name) == 0);
}

/* Several saves that have come by now are one. Returns whether the file was saved. */
static bool take_saves(struct watch *watch)
{
    _Alignas(struct inotify_event) char events[4096];
    bool saved = false;
    for (ssize_t length; (length = read(watch->saves, events, sizeof events)) > 0;)
        for (char *at = events; at < events + length;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
            saved = saved || names_it(watch, event);
            if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED))
                watch->exit_code = FAN_EXIT_LACKING;
            at += sizeof *event + event->len;
        }
    if (watch->exit_code == FAN_EXIT_LACKING)
        fprintf(stderr, "fanlab practice: the directory of %s is gone\n", watch->path);
    return saved;
}

static void take_key(struct watch *watch)
{
    char key = fan_keypress_take(&watch->keys);
    if (key == 'q')
        watch->exit_code = FAN_EXIT_FINDINGS;
    if (key == 'h' && watch->failures >= BEFORE_HINTS) {
        show_hint(watch);
        say_keys(watch);
    }
}

static void wait_for_news(struct watch *watch)
{
    struct pollfd sources[] = {{.fd = watch->interrupt.fd, .events = POLLIN},
                               {.fd = watch->saves, .events = POLLIN},
                               {.fd = watch->keys.open ? STDIN_FILENO : -1, .events = POLLIN}};
    poll(sources, 3, -1);
    int signal = fan_interrupt_taken(&watch->interrupt);
    if (signal)
        watch->exit_code = FAN_EXIT_SIGNAL + signal;
    else if (sources[2].revents)
        take_key(watch);
    if (watch->exit_code == GO_ON && take_saves(watch)) {
        judge(watch);
        if (watch->exit_code == GO_ON)
            say_keys(watch);
    }
}

/* ---- begin and end ---- */

static int watch_file(struct watch *watch, const struct fan_practice_place *place)
{
    printf("%s.\nOpen it in your editor: its first comment says what it must do.\n", place->said);
    if (place->changed)
        judge(watch);
    if (watch->exit_code == GO_ON)
        say_keys(watch);
    while (watch->exit_code == GO_ON)
        wait_for_news(watch);
    return watch->exit_code;
}

static int lack(const char *what, int error)
{
    fprintf(stderr, "fanlab practice: %s: %s\n", what, strerror(error));
    return FAN_EXIT_LACKING;
}

static int watch_saves(struct watch *watch, const char *directory,
                       const struct fan_practice_place *place)
{
    watch->saves = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch->saves < 0)
        return lack("saves cannot be watched", errno);
    int code;
    if (inotify_add_watch(watch->saves, directory ? directory : ".",
                          IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF) < 0)
        code = lack(directory ? directory : "this directory", errno);
    else
        code = watch_file(watch, place);
    close(watch->saves);
    return code;
}

int fan_practice_watch(const struct fan_scenario *bug, const char *directory,
                       const struct fan_practice_place *place)
{
    const char *slash = strrchr(place->path, '/');
    char why[FAN_LESSON_WHY];
    struct watch watch = {.bug = bug,
                          .path = place->path,
                          .name = slash ? slash + 1 : place->path,
                          .exit_code = GO_ON};
    int error = fan_interrupt_begin(&watch.interrupt);
    if (error)
        return lack("signals cannot be heard", error);
    watch.has_lesson = fan_lesson_open(bug->id, &watch.lesson, why) == 0;
    fan_keypress_begin(&watch.keys);
    int code = watch_saves(&watch, directory, place);
    fan_keypress_end(&watch.keys);
    if (watch.has_lesson)
        fan_lesson_free(&watch.lesson);
    fan_interrupt_end(&watch.interrupt);
    return code;
}
