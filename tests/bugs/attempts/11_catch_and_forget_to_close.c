static void send_all(void *argument)
{
    struct request *request = argument;
    for (uint64_t item = 0; item < fan_lab_items(request->lab); item++)
        send_item(request, item);
    fan_chan_close(request->in);
}

static void produce_fixed(void *argument)
{
    fan_recover(send_all, argument, NULL);
}
