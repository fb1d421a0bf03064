#include "app/screen/form.h"

#include "app/keys.h"
#include "app/request.h"
#include "app/screen/overlay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *label;
    uint64_t least, most;
} fields[FAN_FORM_FIELDS] = {
    [FAN_FORM_SEED] = {"seed", 0, FAN_REQUEST_LAST_SEED},
    [FAN_FORM_WORKERS] = {"workers", 1, FAN_CHILD_WORKERS},
    [FAN_FORM_ITEMS] = {"items", 0, FAN_REQUEST_ITEMS},
};

struct fan_form fan_form_with(const struct fan_form_values *values)
{
    struct fan_form form = {.field = 0};
    snprintf(form.text[FAN_FORM_SEED], sizeof form.text[0], "%" PRIu64, values->seed);
    snprintf(form.text[FAN_FORM_WORKERS], sizeof form.text[0], "%" PRIu64, values->workers);
    snprintf(form.text[FAN_FORM_ITEMS], sizeof form.text[0], "%" PRIu64, values->items);
    return form;
}

void fan_form_type(struct fan_form *form, uint32_t key)
{
    char *text = form->text[form->field];
    size_t length = strlen(text);
    if (key == FAN_KEY_BACKSPACE && length > 0)
        text[length - 1] = '\0';
    if (key >= '0' && key <= '9' && length < FAN_FORM_DIGITS)
        text[length] = (char)key;
}

void fan_form_move(struct fan_form *form, int step)
{
    form->field = (form->field + step + FAN_FORM_FIELDS) % FAN_FORM_FIELDS;
}

/* The text holds digits only, so what can be wrong is the range. */
static bool read_field(const struct fan_form *form, enum fan_form_field field, uint64_t *value)
{
    errno = 0;
    *value = strtoull(form->text[field], NULL, 10);
    return form->text[field][0] && errno == 0 && *value >= fields[field].least &&
           *value <= fields[field].most;
}

bool fan_form_complaint(const struct fan_form *form, enum fan_form_field field, char *text,
                        size_t size)
{
    uint64_t value;
    if (read_field(form, field, &value))
        return false;
    if (form->text[field][0])
        snprintf(text, size, "%" PRIu64 " to %" PRIu64, fields[field].least, fields[field].most);
    else
        snprintf(text, size, "a number is needed");
    return true;
}

bool fan_form_accept(struct fan_form *form, struct fan_form_values *values)
{
    uint64_t read[FAN_FORM_FIELDS];
    for (int field = 0; field < FAN_FORM_FIELDS; field++) {
        if (!read_field(form, field, &read[field])) {
            form->field = field;
            return false;
        }
    }
    *values = (struct fan_form_values){.seed = read[FAN_FORM_SEED],
                                       .workers = read[FAN_FORM_WORKERS],
                                       .items = read[FAN_FORM_ITEMS]};
    return true;
}

static void draw_field(const struct fan_pane *pane, int row, const struct fan_form *form,
                       enum fan_form_field field)
{
    bool current = (int)field == form->field;
    char complaint[64];
    if (current)
        fan_grid_put_glyph(pane, row, 1, FAN_STYLE_KEY, FAN_GLYPH_POINTER);
    fan_grid_put(pane, row, 3, FAN_STYLE_NORMAL, fields[field].label);
    fan_grid_fill(pane, row, 12, FAN_FORM_DIGITS + 1, FAN_STYLE_SELECTED, ' ');
    int col = fan_grid_put(pane, row, 12, FAN_STYLE_SELECTED, form->text[field]);
    if (current)
        fan_grid_put(pane, row, col, FAN_STYLE_SELECTED, "_");
    if (fan_form_complaint(form, field, complaint, sizeof complaint))
        fan_grid_put(pane, row, 35, FAN_STYLE_ERROR, complaint);
}

void fan_form_draw(const struct fan_pane *pane, const struct fan_form *form)
{
    struct fan_pane box = fan_overlay_open(pane, 7, 66, "run with");
    for (int field = 0; field < FAN_FORM_FIELDS; field++)
        draw_field(&box, 1 + field, form, field);
}
