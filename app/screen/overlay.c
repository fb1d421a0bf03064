#include "app/screen/overlay.h"

struct fan_pane fan_overlay_open(const struct fan_pane *pane, int rows, int cols, const char *title)
{
    rows = rows < pane->rows ? rows : pane->rows;
    cols = cols < pane->cols ? cols : pane->cols;
    struct fan_pane box =
        fan_grid_part(pane, (pane->rows - rows) / 2, (pane->cols - cols) / 2, rows, cols);
    for (int row = 0; row < box.rows; row++)
        fan_grid_fill(&box, row, 0, box.cols, FAN_STYLE_NORMAL, ' ');
    fan_grid_rule(&box, 0, FAN_STYLE_DIM);
    fan_grid_rule(&box, box.rows - 1, FAN_STYLE_DIM);
    fan_grid_put(&box, 0, 2, FAN_STYLE_TITLE, " ");
    int col = fan_grid_put(&box, 0, 3, FAN_STYLE_TITLE, title);
    fan_grid_put(&box, 0, col, FAN_STYLE_TITLE, " ");
    return fan_grid_part(&box, 1, 0, box.rows - 2, box.cols);
}
