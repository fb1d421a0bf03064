static void collect_fixed(struct pool *pool)
{
    struct result result;
    uint64_t count = 0;
    while (fan_chan_recv(pool->out, &result, NULL) == 0) {
        if (result.item == count)
            pool->squares[count++] = result.square;
        fan_lab_result(pool->lab);
    }
}
