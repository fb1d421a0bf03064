/* A child of the controlled scheduler that has a choice beside that of threads. */
#include "lab/child.h"
#include "run/thread.h"
#include "sync/select.h"

struct pair {
    struct fan_chan *left, *right;
};

static void fill(void *argument)
{
    struct pair *pair = argument;
    fan_chan_send(pair->left, &(int){1}, NULL);
    fan_chan_send(pair->right, &(int){2}, NULL);
}

static void take_either(struct fan_lab *lab)
{
    int got;
    size_t chosen;
    struct pair *pair = fan_lab_alloc(lab, sizeof *pair);
    pair->left = fan_lab_chan(lab, "left", sizeof(int), 1);
    pair->right = fan_lab_chan(lab, "right", sizeof(int), 1);
    struct fan_select_case cases[] = {
        {.kind = FAN_CASE_RECV, .chan = pair->left, .element = &got},
        {.kind = FAN_CASE_RECV, .chan = pair->right, .element = &got},
    };
    fan_go("filler", fill, pair);
    fan_select(cases, 2, NULL, &chosen);
}

static const struct fan_scenario selects = {
    .id = "selects",
    .workers = 1,
    .items = 1,
    .variant_count = 1,
    .variants = {{.name = "program", .run = take_either}},
};

int main(int argc, char **argv)
{
    return fan_child_main(argc, argv, (const struct fan_scenario *const[]){&selects}, 1);
}
