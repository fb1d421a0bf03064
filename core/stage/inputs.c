#include "stage/inputs.h"

void fan_inputs_init(struct fan_inputs *inputs, struct fan_chan *const *channels, size_t count)
{
    inputs->count = inputs->open = count;
    inputs->cases[0] = (struct fan_select_case)FAN_RECV(NULL, NULL);
    for (size_t i = 0; i < count; i++)
        inputs->cases[i + 1] = (struct fan_select_case)FAN_RECV(channels[i], NULL);
}

void fan_inputs_receive(struct fan_inputs *inputs, void *element)
{
    for (size_t i = 0; i <= inputs->count; i++)
        inputs->cases[i].element = element;
}

void fan_inputs_shut(struct fan_inputs *inputs, size_t which)
{
    inputs->cases[which].chan = NULL;
    inputs->open--;
}

bool fan_inputs_fit(struct fan_chan *const *channels, size_t count, const struct fan_chan *output)
{
    bool fit = output && (channels || count == 0);
    for (size_t i = 0; i < count && fit; i++)
        fit = channels[i] && fan_chan_element_size(channels[i]) == fan_chan_element_size(output);
    return fit;
}
