static void produce_fixed(void *argument)
{
    struct request *request = argument;
    fan_chan_close(request->in);
    for (uint64_t item = 0; item < fan_lab_items(request->lab); item++)
        send_item(request, item);
}
