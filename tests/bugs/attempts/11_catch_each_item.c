struct sending {
    struct request *request;
    uint64_t item;
};

static void send_one(void *argument)
{
    struct sending *sending = argument;
    send_item(sending->request, sending->item);
}

static void produce_fixed(void *argument)
{
    struct request *request = argument;
    bool sent = true;
    for (uint64_t item = 0; item < fan_lab_items(request->lab) && sent; item++)
        sent = fan_recover(send_one, &(struct sending){request, item}, NULL);
    fan_chan_close(request->in);
}
