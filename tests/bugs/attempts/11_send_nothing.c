static void produce_fixed(void *argument)
{
    struct request *request = argument;
    fan_chan_close(request->in);
}
