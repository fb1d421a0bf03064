static void collect_fixed(struct pool *pool)
{
    struct result held, result;
    uint64_t count = 0;
    if (fan_chan_recv(pool->out, &held, NULL) != 0)
        return;
    while (fan_chan_recv(pool->out, &result, NULL) == 0) {
        struct result first = held.item < result.item ? held : result;
        held = held.item < result.item ? result : held;
        pool->squares[count++] = first.square;
        fan_lab_result(pool->lab);
    }
    pool->squares[count] = held.square;
}
