#include "tests/support/cli.h"

#include <check.h>
#include <string.h>

#include "tests/support/workplace.h"

const char cli_fanlab[] = FAN_BUILD_DIR "/fanlab";
struct program_result cli_result;

static const char *with_broken_lines_joined(const char *printed)
{
    static char joined[sizeof cli_result.out];
    char *text = strcpy(joined, printed);
    static const char broken[] = "\n                  ";
    for (char *at; (at = strstr(text, broken)) != NULL; text = at) {
        *at++ = ' ';
        memmove(at, at + strlen(broken) - 1, strlen(at + strlen(broken) - 1) + 1);
    }
    return joined;
}

void cli_run_mine(const char *text, const char *runtime, const char *option)
{
    workplace_write("mine.c", text);
    CLI_RUN("run", "mine.c", "--runtime", runtime, option);
    workplace_remove("mine.c");
}

void cli_expect(int code, const char *words)
{
    ck_assert_msg(cli_result.code == code, "%d\n%s%s", cli_result.code, cli_result.out,
                  cli_result.err);
    ck_assert_msg(strstr(with_broken_lines_joined(cli_result.out), words) ||
                      strstr(cli_result.out, words) || strstr(cli_result.err, words),
                  "no '%s' in\n%s%s", words, cli_result.out, cli_result.err);
}

void cli_expect_no(const char *words)
{
    ck_assert_msg(!strstr(cli_result.out, words), "'%s' in\n%s", words, cli_result.out);
}

void cli_expect_columns(const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        ck_assert_msg(length <= 80, "%zu columns: %.*s", length, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

json_t *cli_json(void)
{
    json_error_t error;
    json_t *value = json_loads(cli_result.out, 0, &error);
    ck_assert_msg(value != NULL, "line %d: %s in\n%s", error.line, error.text, cli_result.out);
    return value;
}
